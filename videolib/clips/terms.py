"""The curators' page of the team's vocabulary: names that speech engines are told before they hear a clip."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from transcode.models import Job, Step
from videolib.accounts.access import curator_required, person_of
from videolib.clips import actions
from videolib.clips.forms import TermForm, TermsForm
from videolib.clips.models import Clip, Term, fold_term
from videolib.clips.status import cannot_hear
from videolib.clips.vocabulary import team_words

MOST_SUGGESTED = 40
MOST_CLIPS = 6


@require_safe
@curator_required
def vocabulary(request: HttpRequest) -> HttpResponse:
    """The list, what tags and corrections would add to it, and clips to hear again (`q` finds them by title)."""
    return _page(request, TermsForm())


@require_http_methods(["GET", "HEAD", "POST"])
@curator_required
def add(request: HttpRequest) -> HttpResponse:
    """Put terms on the list: one, or many, one a line or parted by commas."""
    if request.method != "POST":
        return redirect("vocabulary")
    form = TermsForm(request.POST)
    if not form.is_valid() or not form.save(by=person_of(request)):
        return _page(request, form, status=422)
    messages.success(request, form.said)
    return redirect("vocabulary")


@require_POST
@curator_required
def remove(request: HttpRequest) -> HttpResponse:
    """Take a term off the list; the message that follows can undo it."""
    form = TermForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That term is gone already.")
        return redirect("vocabulary")
    text = form.cleaned_data["term"].text
    actions.remove_term(form.cleaned_data["term"], by=person_of(request))
    undo = render_to_string("clips/_term_removed.html", {"text": text}, request)
    messages.success(request, mark_safe(undo))  # our own template, which escapes the text
    return redirect("vocabulary")


def _page(request: HttpRequest, form: TermsForm, status: int = 200) -> HttpResponse:
    team, terms = team_words(), list(Term.objects.all())
    listed = {term.folded for term in terms}
    corrected = [(name, times) for name, times in team.corrected if fold_term(name) not in listed]
    context = {
        "form": form,
        "terms": terms,
        "tags": [name for name in team.tags if fold_term(name) not in listed][:MOST_SUGGESTED],
        "corrected": corrected[:MOST_SUGGESTED],
        **_clips(request),
    }
    return render(request, "clips/vocabulary.html", context, status=status)


def _clips(request: HttpRequest) -> dict[str, Any]:
    """The newest clips this curator may have heard again."""
    title = request.GET.get("q", "").replace("\0", "").strip()[:200]
    clips = Clip.objects.editable_by(request.user).filter(recording__has_sound=True, published_at__isnull=False)
    listening = Job.objects.open().filter(recording=OuterRef("recording"), step=Step.TRANSCRIBE)
    clips = clips.filter(title__icontains=title).annotate(is_being_heard=Exists(listening)).newest_first()
    shown = [clip for clip in clips.select_related("recording")[:MOST_CLIPS] if not cannot_hear(clip)]
    return {"title_filter": title, "clips": shown}
