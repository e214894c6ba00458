"""The page where a clip is watched: composes the picture, what is said, what people say of it, and what they may do."""

from __future__ import annotations

import math
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from transcode.models import Storyboard, Transcript
from videolib.accounts.access import person_of
from videolib.accounts.models import User
from videolib.browse.search import clips_like
from videolib.clips.access import get_clip_for, may_do, tags_part
from videolib.clips.documents import cues_of
from videolib.clips.models import Clip
from videolib.clips.screen_text import lines_on_screen
from videolib.clips.status import cannot_hear
from videolib.community.access import rating_part

# What htmx asks for by `?part=`: each works alone and asks again for itself while work is under way.
PARTS = {
    "stage": "browse/_stage.html",
    "transcript": "browse/_transcript.html",
    "screen": "browse/_screen.html",
    "progress": "browse/_progress.html",
}


@require_safe
@login_required
def watch(request: HttpRequest, code: UUID) -> HttpResponse:
    """Watch a clip; `t` is the second to start at."""
    person = person_of(request)
    clip = get_clip_for(person, code)
    context = {"clip": clip, **_picture(clip, request.GET.get("t", "")), **_rights(person, clip)}
    # Asked for by the template that shows them, so that parts without words read none.
    context["cues"] = partial(cues_of, clip, with_silenced=context["may_edit"])
    context["on_screen"] = partial(list, lines_on_screen(clip))
    part = request.GET.get("part", "")
    if part in PARTS:
        return render(request, PARTS[part], context)
    context |= {**rating_part(person, clip), **tags_part(person, clip), "days": settings.TRASH_DAYS}
    return render(request, "browse/watch.html", context)


@require_safe
@login_required
def like(request: HttpRequest, code: UUID) -> HttpResponse:
    """Clips like this one: to htmx the part below the player alone, a page of its own without it."""
    clip = get_clip_for(request.user, code)
    clips = clips_like(clip, Clip.objects.listed_for(request.user).with_card())
    part = "HX-Request" in request.headers
    return render(request, "browse/_like.html" if part else "browse/like.html", {"clip": clip, "clips": clips})


def start_of(asked: str, duration: float | None) -> float:
    """The second a link names: 83, 83.5, 1:23; 0 for anything else. Never behind the end."""
    try:
        seconds = 0.0
        for piece in asked.strip().removesuffix("s").split(":"):
            seconds = seconds * 60 + float(piece)
    except ValueError:
        return 0.0
    return min(seconds, duration or seconds) if math.isfinite(seconds) and seconds > 0 else 0.0


def _picture(clip: Clip, asked: str) -> dict[str, Any]:
    recording = clip.recording
    if recording is None:
        return {"jobs": {}, "is_playable": False}
    return {
        "jobs": {job.step: job for job in recording.jobs.all()},
        "is_playable": recording.playable_at is not None,
        "start": start_of(asked, recording.duration),
        "renditions": list(recording.renditions.all()),
        "has_storyboard": Storyboard.objects.filter(recording=recording).exists(),
        "language": Transcript.objects.filter(recording=recording).values_list("language", flat=True).first(),
    }


def _rights(person: User, clip: Clip) -> dict[str, bool]:
    may_edit = may_do(person, clip, "edit")
    return {
        "may_edit": may_edit,
        "may_curate": may_edit and person.is_curator,
        "may_hear_again": may_edit and not cannot_hear(clip),
        "may_download": clip.recording is not None and may_do(person, clip, "download"),
    }
