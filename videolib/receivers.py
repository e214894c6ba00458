"""News of the pipeline, heard in this one file."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from transcode.models import State, Step
from transcode.signals import recording_changed
from videolib.clips import actions, failures

WRITES_TEXT = (Step.TRANSCRIBE, Step.READ_SCREEN)


@receiver(recording_changed)
def hear(*, recording_id: int, step: Step, state: State, **_: Any) -> None:
    """Looked at: were the bytes here before? Playable: show the clips. New words, the first of many and those before a
    failure too: index them. Failed for good: people are told, unless the clip is complete without it.

    What is written here counts once, with the mark that it was heard (transcode/signals.py).
    """
    if step == Step.INSPECT and state == State.DONE:
        actions.unite_same_bytes(recording_id)
    if step == Step.MAKE_PLAYABLE and state == State.DONE:
        actions.publish_clips_of(recording_id)
    if step in WRITES_TEXT:
        actions.index_clips_of(recording_id)
    if state == State.FAILED and step != Step.READ_SCREEN:
        failures.note_failure(recording_id)
