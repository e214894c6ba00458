"""How the library hands work to the pipeline and takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from transcode.claim import WENT_SILENT, take_back
from transcode.leftovers import let_go
from transcode.models import Job, Recording, State, Step, went_silent
from transcode.queue import QUEUES, place_in_queue, wake


def store_original(file: Path, key: str = "") -> tuple[str, int]:
    """Move a finished upload into the storage; its key and its size in bytes. Outside any transaction: bytes move.

    Whoever must find the bytes again after a crash names the `key`.
    """
    key, size = key or f"originals/{uuid4()}", file.stat().st_size
    default_storage.adopt(file, key)  # type: ignore[attr-defined]
    return key, size


@transaction.atomic
def accept_recording(
    key: str, size: int, *, sha256: str = "", lane: str = "", hints: Mapping[str, Any] | None = None
) -> Recording:
    """A stored file becomes a Recording whose first job is on its way (sent on commit)."""
    recording = Recording.objects.create(original_key=key, size_bytes=size, sha256=sha256, hints=dict(hints or {}))
    start_step(recording, Step.INSPECT, lane=lane)
    return recording


def start_step(recording: Recording, step: Step, *, lane: str = "") -> Job:
    """The job of that step, made and sent where there is none yet."""
    if job := recording.jobs.filter(step=step).first():
        return job
    place = place_in_queue(recording, step, lane)
    job, made = Job.objects.get_or_create(recording=recording, step=step, defaults=place)
    if made:
        wake(job.queue)
    return job


def skip_step(recording: Recording, step: Step, reason: str = "") -> Job:
    """Write down that a step is not wanted, so that nobody waits for it."""
    queue, priority = QUEUES[step]
    ended = {"state": State.SKIPPED, "error": reason, "ended_at": timezone.now()}
    return Job.objects.update_or_create(
        recording=recording, step=step, defaults={"queue": queue, "priority": priority, **ended}
    )[0]


@transaction.atomic
def try_again(recording: Recording) -> int:
    """Queue every failed step once more, with a fresh budget. Returns how many."""
    failed = list(recording.jobs.filter(state=State.FAILED))
    for job in failed:
        _queue_again(job, State.FAILED)
    return len(failed)


def send_again(recording: Recording) -> int:
    """Let what pauses wait no longer, take back what a silent worker holds, and nudge for both. Returns how many."""
    now = timezone.now()
    for job in recording.jobs.filter(went_silent(now)).select_related("recording"):
        take_back(job, WENT_SILENT)
    waiting = recording.jobs.filter(state=State.QUEUED)
    waiting.filter(not_before__gt=now).update(not_before=now)
    queues = list(waiting.values_list("queue", flat=True))
    for queue in set(queues):
        wake(queue)
    return len(queues)


@transaction.atomic
def start_again(recording: Recording, step: Step, *, lane: str = "") -> bool:
    """Do a step anew, however it ended; what it made stays until the new is there.

    Returns False, and does nothing, while the step is still to come or under way.
    """
    job = recording.jobs.filter(step=step).first()
    if job is None:
        start_step(recording, step, lane=lane)
        return True
    return _queue_again(job, State.DONE, State.FAILED, State.SKIPPED)


def _queue_again(job: Job, *ended: State) -> bool:
    """Queue a job that ended so, with a fresh budget: one UPDATE, so that of two who press at once one wins."""
    counts = {"attempt": 0, "times_put_off": 0, "percent": 0}
    fresh = {"state": State.QUEUED, **counts, "error": "", "reason": "", "ended_at": None, "may_retry": False}
    place = place_in_queue(job.recording, Step(job.step), job.lane)
    held = Job.objects.filter(pk=job.pk, state__in=ended)
    if not held.update(**fresh, **place, not_before=timezone.now()):
        return False
    wake(job.queue)
    return True


def give_hints(hints: Mapping[int, Mapping[str, Any]]) -> None:
    """Write down what the library tells the pipeline, by recording id; other hints of theirs stay.

    A step reads them when it starts, so what is written while it waits still counts.
    """
    with transaction.atomic():
        # In one order, whoever locks them: two that wait for each other would both be ended.
        recordings = Recording.objects.select_for_update().filter(pk__in=hints).order_by("pk").only("hints")
        changed = [each for each in recordings if each.hints != {**each.hints, **hints[each.pk]}]
        for recording in changed:
            recording.hints = {**recording.hints, **hints[recording.pk]}
        Recording.objects.bulk_update(changed, ["hints"], batch_size=100)


def lock_same_bytes(sha256: str, size: int, *, older_than: Recording | None = None) -> Recording | None:
    """The oldest recording of these very bytes that plays or still may, for whoever is about to share it.

    It is locked until the transaction ends, as `delete_recording` does: nobody shares what is just going.
    """
    to_play = Job.objects.open().filter(recording=OuterRef("pk"), step__in=(Step.INSPECT, Step.MAKE_PLAYABLE))
    standing = Recording.objects.filter(Q(playable_at__isnull=False) | Exists(to_play))
    if older_than:
        standing = standing.filter(pk__lt=older_than.pk)
    return standing.select_for_update().filter(sha256=sha256, size_bytes=size).order_by("pk").first()


def lock_recording(recording_id: int) -> Recording | None:
    """The recording, locked until the transaction ends: only then is it certain who uses it. None when it is gone."""
    return Recording.objects.select_for_update().filter(pk=recording_id).first()


def let_go_of_all() -> int:
    """Whoever ran a job is not here any more, as after a move to other machines: it waits again. Returns how many."""
    return Job.objects.filter(state=State.RUNNING).queue_again(claim=None)


def delete_recording(recording: Recording) -> None:
    """Remove a recording nobody uses, which the caller has locked: rows first, then files once that is committed.

    So a crash between leaves no row without bytes, and bytes only until the next sweep.
    """
    let_go([recording.original_key, f"recordings/{recording.code}/"])
    recording.delete()
