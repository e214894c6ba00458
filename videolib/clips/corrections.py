"""Correcting what the engine heard, in place. Without JavaScript on a page of its own; htmx swaps single cues."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from videolib.accounts.access import person_of
from videolib.clips import actions
from videolib.clips.access import get_clip_for
from videolib.clips.cues import SpokenCue
from videolib.clips.documents import cues_of
from videolib.clips.forms import CueForm, StretchForm
from videolib.clips.models import Clip


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@vary_on_headers("HX-Request")
def cue(request: HttpRequest, code: UUID) -> HttpResponse:
    """The form for one stretch of speech (GET, or the cue as it stands with `cancel`); the correction (POST)."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="edit")
    if request.method == "POST":
        correction = CueForm(request.POST)
        saved = correction.is_valid() and correction.save(clip, by=person)
        return _cues(request, clip, correction) if saved else _problem(request, clip, correction)
    stretch = StretchForm(request.GET)
    if not stretch.is_valid():
        return _problem(request, clip, stretch)
    return _cues(request, clip, stretch) if "cancel" in request.GET else _ask(request, clip, stretch)


@require_POST
@login_required
def cue_undo(request: HttpRequest, code: UUID) -> HttpResponse:
    """Go back to what the engine heard there."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="edit")
    form = StretchForm(request.POST)
    if not form.is_valid():
        return _problem(request, clip, form)
    actions.undo_correction(clip, by=person, **form.cleaned_data)
    return _cues(request, clip, form)


def _ask(request: HttpRequest, clip: Clip, form: StretchForm) -> HttpResponse:
    cues = _cues_within(clip, form)
    template = "clips/_cue_form.html" if _is_htmx(request) else "clips/cue.html"
    # Times as they were sent: they find the same stretch again when the form comes back.
    context = {"clip": clip, "start": request.GET["start"], "end": request.GET["end"]}
    context |= {"text": "\n".join(cue.text for cue in cues), "is_corrected": any(cue.corrected for cue in cues)}
    return render(request, template, {**context, "heard_at": form.cleaned_data["start"]})


def _problem(request: HttpRequest, clip: Clip, form: StretchForm) -> HttpResponse:
    sentences = [sentence for of_field in form.errors.values() for sentence in of_field]
    error = " ".join(dict.fromkeys(str(sentence) for sentence in sentences))
    template = "clips/_cue_form.html" if _is_htmx(request) else "clips/cue.html"
    sent = {name: request.POST.get(name, request.GET.get(name, "")) for name in ("start", "end", "text")}
    # htmx swaps only what went well, and it must show the sentence.
    status = 200 if _is_htmx(request) else 422
    return render(request, template, {"clip": clip, "cue_error": error, **sent}, status=status)


def _cues(request: HttpRequest, clip: Clip, form: StretchForm) -> HttpResponse:
    if _is_htmx(request):
        return render(request, "clips/_cues.html", {"clip": clip, "cues": _cues_within(clip, form), "may_edit": True})
    messages.success(request, "The words are changed; search finds them as they are now.")
    return redirect(f"{clip.get_absolute_url()}?t={form.cleaned_data['start']:.1f}")


def _cues_within(clip: Clip, form: StretchForm) -> list[SpokenCue]:
    """The cues that begin in the stretch: one, unless a later run cut elsewhere."""
    start, end = form.cleaned_data["start"], form.cleaned_data["end"]
    # The page writes times with milliseconds.
    return [cue for cue in cues_of(clip, with_silenced=True) if start - 0.001 <= cue.start < end - 0.001]


def _is_htmx(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request"))
