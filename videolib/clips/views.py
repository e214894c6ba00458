"""What people do to clips. Without JavaScript they come back to a page; htmx gets the part that changed."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from transcode.actions import try_again
from transcode.models import Step
from videolib.accounts.access import curator_required, person_of
from videolib.clips import actions
from videolib.clips.access import get_clip_for, get_tagging_for, known_as, may_do, tags_part
from videolib.clips.forms import EditForm, TagForm
from videolib.clips.models import Clip
from videolib.clips.status import cannot_hear, statuses_of

A_PAGE = 25
HEARD_AGAIN = "It is listened to again. The new words take the place of the old ones by themselves."


@require_safe
@login_required
def my_clips(request: HttpRequest) -> HttpResponse:
    """All clips of the person, drafts and failed ones, too; `q` filters by title."""
    person = person_of(request)
    title = request.GET.get("q", "").replace("\0", "").strip()[:200]
    clips = Clip.objects.owned_by(person).select_related("recording", "recording__storyboard")
    if title:
        clips = clips.filter(title__icontains=title)
    page = Paginator(clips, A_PAGE).get_page(request.GET.get("page"))
    statuses, copies = statuses_of(page), known_as(person, page)
    rows = [(clip, statuses[clip.pk], copies.get(clip.pk)) for clip in page]
    return render(request, "clips/mine.html", {"page": page, "rows": rows, "title_filter": title})


@require_safe
@login_required
def trash(request: HttpRequest) -> HttpResponse:
    """Deleted clips the person may bring back, the last one first."""
    clips = Clip.objects.in_trash_of(request.user).select_related("owner", "recording").order_by("-trashed_at", "-pk")
    page = Paginator(clips, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "clips/trash.html", {"page": page, "days": settings.TRASH_DAYS})


@require_safe
@curator_required
def hidden(request: HttpRequest) -> HttpResponse:
    """What curators took off the team's lists, the last one first, each to be shown again."""
    clips = Clip.objects.hidden_for(request.user).with_card().order_by("-hidden_at", "-pk")
    return render(request, "clips/hidden.html", {"page": Paginator(clips, A_PAGE).get_page(request.GET.get("page"))})


@require_safe
@curator_required
def failed(request: HttpRequest) -> HttpResponse:
    """Clips of which a step failed for good, the last one first, each to be tried again where that may help."""
    clips = Clip.objects.failed_for(request.user).select_related("owner", "recording", "recording__storyboard")
    page = Paginator(clips, A_PAGE).get_page(request.GET.get("page"))
    statuses = statuses_of(page)
    return render(request, "clips/failed.html", {"page": page, "rows": [(clip, statuses[clip.pk]) for clip in page]})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, code: UUID) -> HttpResponse:
    """Words, tags, licence, who may see it. A script gets 204, or 422 with a sentence for each field."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="edit")
    form = EditForm(clip, request.POST if request.method == "POST" else None)
    saved = form.is_valid() and form.save(by=person)
    if request.method == "POST" and _is_script(request):
        return HttpResponse(status=204) if saved else JsonResponse({"errors": form.errors}, status=422)
    if saved:
        messages.success(request, "Saved.")
        # A curator who makes somebody's clip private does not see it any more.
        return redirect(clip if may_do(person, clip, "see") else "home")
    return render(request, "clips/edit.html", {"clip": clip, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete(request: HttpRequest, code: UUID) -> HttpResponse:
    """Ask, then move the clip to the trash; the message that follows can undo it."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="edit")
    if request.method != "POST":
        return render(request, "clips/delete.html", {"clip": clip, "days": settings.TRASH_DAYS})
    actions.trash_clip(clip, by=person)
    undo = render_to_string("clips/_deleted.html", {"clip": clip}, request)
    messages.success(request, mark_safe(undo))  # our own template, which escapes the title
    return redirect("my_clips" if clip.owner_id == person.pk else "home")


@require_POST
@login_required
def restore(request: HttpRequest, code: UUID) -> HttpResponse:
    """Bring a clip back from the trash."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="restore")
    actions.restore_clip(clip, by=person)
    messages.success(request, f"“{clip.title}” is back.")
    return redirect(clip)


@require_POST
@login_required
def hide(request: HttpRequest, code: UUID) -> HttpResponse:
    """Take a clip off the team's lists."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="curate")
    actions.hide_clip(clip, by=person)
    messages.success(request, "The clip is hidden: only its owner and curators see it.")
    return redirect(clip)


@require_POST
@login_required
def unhide(request: HttpRequest, code: UUID) -> HttpResponse:
    """Put a clip back on the team's lists."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="curate")
    actions.unhide_clip(clip, by=person)
    messages.success(request, "The clip is shown again.")
    return redirect(clip)


@require_POST
@login_required
def tag(request: HttpRequest, code: UUID) -> HttpResponse:
    """Put tags on a clip: anybody who may watch it."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="tag")
    form = TagForm(request.POST)
    error = form.save(clip, by=person) if form.is_valid() else str(form.errors["name"][0])
    return _tags(request, clip, error)


@require_POST
@login_required
def untag(request: HttpRequest, code: UUID) -> HttpResponse:
    """Take a tag off a clip."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="tag")
    tagging = get_tagging_for(person, clip, request.POST.get("name", ""))
    actions.untag_clip(clip, tagging.tag, by=person)
    return _tags(request, clip)


@require_safe
@never_cache
@login_required
def status(request: HttpRequest, code: UUID) -> HttpResponse:
    """How far the clip is, as a part that asks again by itself; `looks` counts how often it did."""
    clip = get_clip_for(request.user, code)
    looks = request.GET.get("looks", "")
    return _status(request, clip, int(looks) if looks.isdecimal() and len(looks) < 7 else 0)


@require_POST
@login_required
def retry(request: HttpRequest, code: UUID) -> HttpResponse:
    """Queue once more what failed."""
    clip = get_clip_for(request.user, code, to="edit")
    if clip.recording:
        try_again(clip.recording)
    if request.headers.get("HX-Request"):
        return _status(request, clip, 0)
    messages.success(request, "It is tried again.")
    return redirect(clip)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hear_again(request: HttpRequest, code: UUID) -> HttpResponse:
    """Ask, then have the words written down anew with the vocabulary of today."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="edit")
    if request.method != "POST":
        job = clip.recording and clip.recording.jobs.filter(step=Step.TRANSCRIBE).first()
        context = {"clip": clip, "reason": cannot_hear(clip), "job": job, "corrections": clip.cue_edits.count()}
        return render(request, "clips/hear_again.html", context)
    try:
        started = actions.hear_again(clip, by=person)
    except actions.HearingError as refusal:
        messages.error(request, str(refusal))
        return redirect(clip)
    messages.success(request, HEARD_AGAIN if started else "It is being listened to already.")
    return redirect(clip)


def _status(request: HttpRequest, clip: Clip, looks: int) -> HttpResponse:
    person = person_of(request)
    context = {"clip": clip, "looks": looks, "may_edit": may_do(person, clip, "edit")}
    if clip.owner_id == person.pk:
        context["known_as"] = known_as(person, [clip]).get(clip.pk)
    return render(request, "clips/_status.html", context)


def _tags(request: HttpRequest, clip: Clip, error: str = "") -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "clips/_tags.html", {**tags_part(request.user, clip, error)})
    if error:
        messages.error(request, error)
    return redirect(clip)


def _is_script(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) or "application/json" in request.headers.get("Accept", "")
