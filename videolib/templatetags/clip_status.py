"""`{% load clip_status %}`: what clips/_status.html shows, wherever it is included with a `clip`."""

from __future__ import annotations

from django import template

from videolib.accounts.models import User
from videolib.clips.models import Clip
from videolib.clips.status import ClipStatus, look_again_after, status_of

register = template.Library()

register.simple_tag(status_of)


@register.simple_tag
def number_failed(person: User) -> int:
    """Of how many clips that this person may change a step failed for good."""
    return Clip.objects.failed_for(person).count()


@register.simple_tag
def seconds_to_next_look(status: ClipStatus, looks: int | str) -> int | None:
    """When the page asks again; None when nothing will change."""
    return look_again_after(status, int(looks or 0))
