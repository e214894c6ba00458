"""What search is told of a clip."""

from __future__ import annotations

from collections.abc import Sequence

from transcode.models import Cue
from videolib.clips.cues import SpokenCue, overlay
from videolib.clips.models import Clip
from videolib.clips.screen_text import screen_text_of
from videolib.search.types import Line, SearchDocument


def cues_of(clip: Clip, *, with_silenced: bool = False) -> list[SpokenCue]:
    """What is said in the clip, corrections laid over (two queries)."""
    if clip.recording_id is None:
        return []
    heard = Cue.objects.filter(transcript__recording_id=clip.recording_id)
    return overlay(list(heard), list(clip.cue_edits.all()), with_silenced=with_silenced)


def document_for(clip: Clip) -> SearchDocument:
    """Everything that can be found of a clip, each piece with its time."""
    return SearchDocument(
        clip.pk,
        {
            "title": [Line(clip.title)],
            "tags": [Line(tag.name) for tag in clip.tags.all()],
            "description": _paragraphs(clip.description),
            "screen": [Line(text, start) for start, text in screen_text_of(clip)],
            "speech": [Line(cue.text.replace("\n", " "), cue.start) for cue in cues_of(clip)],
        },
    )


def _paragraphs(text: str) -> Sequence[Line]:
    return [Line(line.strip()) for line in text.splitlines() if line.strip()]
