"""Which picture shows a second of a clip: a tile of its storyboard, or the poster where there is none."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from transcode.media.storyboard import tile_at
from videolib.clips.models import Clip


class Picture(NamedTuple):
    """The address of a picture, and the rectangle of it to show in pixels; all of it where there is none."""

    address: str
    left: int | None = None
    top: int | None = None
    width: int | None = None
    height: int | None = None
    whole_width: int | None = None
    whole_height: int | None = None


def picture_at(clip: Clip, seconds: float) -> Picture | None:
    """What is seen in that second. No query, for a clip with its recording and storyboard (ClipQuerySet.with_card)."""
    recording = clip.recording
    board = getattr(recording, "storyboard", None)
    if board:
        tile = tile_at(board.plan, seconds)
        sheet = reverse("clip_sheet", kwargs={"code": clip.code, "number": tile.sheet})
        width, height = board.tile_width, board.tile_height
        return Picture(sheet, tile.left, tile.top, width, height, board.columns * width, board.rows * height)
    if recording and recording.poster_key:
        return Picture(reverse("clip_poster", kwargs={"code": clip.code}))
    return None
