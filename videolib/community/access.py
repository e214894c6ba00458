"""What a person has said of a clip, and whether they may."""

from __future__ import annotations

from typing import TypedDict

from videolib.accounts.models import User
from videolib.clips.models import Clip
from videolib.community.models import Rating


class RatingPart(TypedDict):
    """What `community/_rating.html` is drawn from."""

    clip: Clip
    may_rate: bool
    my_stars: int
    rating_error: str


def rating_part(user: User, clip: Clip, error: str = "") -> RatingPart:
    """The stars of a clip as `user` sees them (one query). `my_stars` is 0 for none."""
    mine = Rating.objects.filter(clip=clip, by=user).values_list("stars", flat=True).first()
    return {"clip": clip, "may_rate": clip.published_at is not None, "my_stars": mine or 0, "rating_error": error}
