"""What can be put right where rows contradict each other, and what can be thrown away because nobody can reach it."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from transcode import actions as pipeline
from transcode.models import Recording, Step
from videolib.clips.actions import index_clips, publish_clips_of, unpin_unlisted
from videolib.clips.models import Clip
from videolib.community.actions import recount_ratings
from videolib.lib.storage import media_storage
from videolib.operations.faults import Fault, Kind


@transaction.atomic
def mend(fault: Fault) -> bool:
    """Put it right, where that loses nothing: counted anew, indexed anew, worked on anew. Returns whether it was."""
    deed = MENDS.get(fault.kind)
    if deed is None:
        return False
    deed(fault)
    return True


def remove(fault: Fault) -> bool:
    """Throw away for good what nobody can reach. Returns whether it was."""
    if fault.kind == Kind.ORPHAN:
        media_storage().delete(fault.thing)
        return True
    return fault.kind == Kind.UNUSED and _remove_unused(fault.pk)


@transaction.atomic
def _remove_unused(recording_id: int) -> bool:
    # Locked before it is asked who uses it: somebody may be about to share it.
    recording = pipeline.lock_recording(recording_id)
    if recording is None or Clip.objects.filter(recording=recording).exists():
        return False
    pipeline.delete_recording(recording)
    return True


def may_remove() -> bool:
    """Whether files that no row names may be thrown away at all: where there is no recording, it is the wrong database,
    or an import is under way, and all files would seem to be nobody's."""
    return Recording.objects.exists()


def _recount(fault: Fault) -> None:
    for clip in Clip.objects.filter(pk=fault.pk):
        recount_ratings(clip)


def _unpin(fault: Fault) -> None:
    for clip in Clip.objects.filter(pk=fault.pk):
        unpin_unlisted(clip)


def _publish(fault: Fault) -> None:
    for recording_id in Clip.objects.filter(pk=fault.pk).values_list("recording_id", flat=True):
        publish_clips_of(recording_id)


def _index(fault: Fault) -> None:
    # Also one that search knows and that is gone: it may have been brought back since it was found.
    index_clips([fault.pk])


def _start(step: Step) -> Callable[[Fault], None]:
    def start(fault: Fault) -> None:
        for recording in Recording.objects.filter(pk=fault.pk):
            pipeline.start_again(recording, step)

    return start


MENDS: dict[Kind, Callable[[Fault], None]] = {
    Kind.RATING: _recount,
    Kind.PIN: _unpin,
    Kind.UNPUBLISHED: _publish,
    Kind.UNFINDABLE: _index,
    Kind.GHOST: _index,
    Kind.STUCK: _start(Step.INSPECT),
    Kind.NOT_PLAYABLE: _start(Step.MAKE_PLAYABLE),
    Kind.HALF_HEARD: _start(Step.TRANSCRIBE),
}
