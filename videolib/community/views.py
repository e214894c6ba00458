"""Stars and pins. Without JavaScript the person comes back to the clip; htmx gets the part that changed."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from videolib.accounts.access import person_of
from videolib.clips.access import get_clip_for
from videolib.clips.models import Clip
from videolib.community import actions
from videolib.community.access import rating_part
from videolib.community.forms import RatingForm


@require_POST
@login_required
def rate(request: HttpRequest, code: UUID) -> HttpResponse:
    """Give stars, or take them back (`stars=0`)."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="rate")
    form = RatingForm(request.POST)
    error = "" if form.is_valid() else str(form.errors["stars"][0])
    if not error:
        try:
            form.rate(clip, by=person)
        except actions.RatingError as refusal:
            error = str(refusal)
    if request.headers.get("HX-Request"):
        return render(request, "community/_rating.html", {**rating_part(person, clip, error)})
    if error:
        messages.error(request, error)
    return redirect(clip)


@require_POST
@login_required
def pin(request: HttpRequest, code: UUID) -> HttpResponse:
    """Put a clip first for everybody."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="curate")
    try:
        actions.pin_clip(clip, by=person)
    except actions.PinError as refusal:
        return _pin_part(request, clip, str(refusal))
    return _pin_part(request, clip)


@require_POST
@login_required
def unpin(request: HttpRequest, code: UUID) -> HttpResponse:
    """Take a clip from its place in front."""
    person = person_of(request)
    clip = get_clip_for(person, code, to="curate")
    actions.unpin_clip(clip, by=person)
    return _pin_part(request, clip)


def _pin_part(request: HttpRequest, clip: Clip, error: str = "") -> HttpResponse:
    if request.headers.get("HX-Request"):
        return render(request, "community/_pin.html", {"clip": clip, "pin_error": error})
    if error:
        messages.error(request, error)
    else:
        messages.success(request, "The clip is pinned." if clip.pinned_at else "The clip is not pinned any more.")
    return redirect(clip)
