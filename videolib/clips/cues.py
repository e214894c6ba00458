"""Corrections laid over what the engine heard: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# A heard cue gives way to a correction that covers more than this part of it. Later runs cut cues a little elsewhere.
COVERED = 0.5


class TimedText(Protocol):
    """Anything spoken, with its times in seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class SpokenCue:
    """A cue as people see it; `corrected` where somebody changed it."""

    start: float
    end: float
    text: str
    corrected: bool = False


def overlay(heard: Sequence[TimedText], edits: Sequence[TimedText], *, with_silenced: bool = False) -> list[SpokenCue]:
    """The cues people see: corrections in place of what they cover, in the order of time, never overlapping.

    A correction without text says that nothing is spoken there; `with_silenced` keeps it, as a cue without text, for
    whoever may undo it. Corrections do not overlap each other (`correct_cue` sees to that).
    """
    edits = sorted(edits, key=lambda edit: edit.start)
    kept = [_beside(edits, cue) for cue in heard if not _covered(edits, cue)]
    said = [SpokenCue(e.start, e.end, e.text.strip(), corrected=True) for e in edits if with_silenced or e.text.strip()]
    return _untangle(sorted(kept + said, key=lambda cue: (cue.start, cue.end)))


def _covered(edits: Sequence[TimedText], cue: TimedText) -> bool:
    length = cue.end - cue.start
    if length <= 0:
        return any(edit.start <= cue.start < edit.end for edit in edits)
    shared = sum(max(0.0, min(edit.end, cue.end) - max(edit.start, cue.start)) for edit in edits)
    return shared > COVERED * length


def _beside(edits: Sequence[TimedText], cue: TimedText) -> SpokenCue:
    """The heard cue in the longest stretch of its time that no correction takes: a correction never gives way."""
    pieces, at = [], cue.start
    for edit in edits:
        if edit.start < cue.end and edit.end > cue.start:
            pieces.append((at, max(at, edit.start)))
            at = edit.end
    start, end = max([*pieces, (at, max(at, cue.end))], key=lambda piece: piece[1] - piece[0])
    return SpokenCue(start, end, cue.text)


def _untangle(cues: list[SpokenCue]) -> list[SpokenCue]:
    untangled = []
    for cue, following in zip(cues, [*cues, None][1:], strict=True):
        end = min(cue.end, following.start) if following else cue.end
        untangled.append(SpokenCue(cue.start, max(end, cue.start), cue.text, cue.corrected))
    return untangled
