"""The text that can be read on the screen of a clip: for its page, for the API, and for search."""

from __future__ import annotations

from django.db.models import QuerySet

from transcode.models import ScreenText
from videolib.clips.models import Clip


def screen_text_of(clip: Clip) -> list[tuple[float, str]]:
    """Every line that stood on the screen, with the second it came: (start, text), in the order of time, then from top
    to bottom. A line that went and came again is there each time. Empty until it has been read."""
    return list(lines_on_screen(clip).values_list("start", "text"))


def lines_on_screen(clip: Clip) -> QuerySet[ScreenText]:
    """The same as rows, with their ends and boxes."""
    if clip.recording_id is None:
        return ScreenText.objects.none()
    return ScreenText.objects.filter(recording=clip.recording_id).order_by("start", "top", "left", "pk")
