"""Who works on a job: taken by one compare-and-set UPDATE, given back at once where that can be, and taken back from
workers that are dead or went silent. Whoever lost a claim can move nothing any more: each has an id of its own."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import F, Q
from django.utils import timezone

from transcode.admission import Admission, needs_of
from transcode.log_fields import logging_about
from transcode.machine import look_around
from transcode.models import Job, JobQuerySet, State, went_silent
from transcode.process import here, is_gone, this_process
from transcode.queue import NAMES, wake

log = logging.getLogger(__name__)

# So many are read at once, and so often, as others may take them before we come to them.
CANDIDATES, ROUNDS = 10, 5
# Each pause is twice the one before, up to so many times RETRY_SECONDS (five minutes): a job that met many faults is
# not to wait for days. A random part keeps failures from marching in step.
LONGEST_PAUSE = 30
# What a job waits for that was put off: the first line of its reason.
DISK_FULL = "A disk is full."
STORAGE_AWAY = "The storage of media does not answer."
WENT_SILENT = "Its worker went silent each time: killed, out of memory, or its machine is away."
WAS_KILLED = "Its worker died each time: killed, or out of memory."
OUR_FAULT = "Something went wrong on our side; please try again, and tell an admin if it happens again."


def lease_end() -> datetime:
    """Until when a claim holds that is renewed now."""
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)


def named_in_log(job: Job) -> dict[str, Any]:
    """What lines about a job are about: besides itself whatever the library has them name."""
    return {**job.recording.hints.get("log", {}), "recording": job.recording.code, "job": job.pk, "step": job.step}


def prefix_of(job: Job, claim: UUID) -> str:
    """Where in the storage a claim puts what it makes."""
    return f"recordings/{job.recording.code}/{claim}"


def claim_job(job_id: int) -> Job | None:
    """Take one job, if it waits or its worker went silent. None when somebody else has it, or it must wait."""
    now = timezone.now()
    free = Job.objects.filter(Q(state=State.QUEUED, not_before__lte=now) | went_silent(now))
    job = free.select_related("recording").filter(pk=job_id).first()
    return _take(job, free) if job else None


def claim_next(queue: str, *, dearest: float | None = None, turn: float | None = None) -> Job | None:
    """Take the job whose turn it is, of those that cost `dearest` at most. None when none waits, or this machine is
    too crowded for it; one for which the disk is too small lets others pass.

    Whoever takes one before its time does so in the `turn` of another, or the queue would seem to have come as far.
    """
    now = timezone.now()
    waiting = Job.objects.waiting(queue, now)
    if dearest is not None:
        waiting = waiting.filter(cost__lte=dearest)
    for _ in range(ROUNDS):
        candidates = list(waiting.select_related("recording")[:CANDIDATES])
        if not candidates:
            return None
        admission = _admission()
        for job in candidates:
            if sentence := admission.lacks_space_for(job):
                _postpone(job, sentence)
            elif admission.is_crowded_for(job):
                return None
            elif taken := _take(job, Job.objects.filter(state=State.QUEUED), turn=turn):
                return taken
    return None


def _admission(*, beside: Job | None = None) -> Admission:
    running_here = Job.objects.running_at(here()).select_related("recording")
    scratch, media, in_bucket = Path(settings.SCRATCH_ROOT), Path(settings.MEDIA_ROOT), bool(settings.S3_BUCKET)
    scratch.mkdir(parents=True, exist_ok=True)
    # It may be a disk of its own; it is made with the first file.
    folders = [scratch] if in_bucket or not media.exists() else [scratch, media]
    others = [job for job in running_here if job != beside]
    return Admission(look_around(*folders), others, fetched=in_bucket)


def filled_the_disk(job: Job, wrote: int) -> bool:
    """Whether a job that met a full disk is itself to blame: it wrote more bytes than such a job needs, and now that
    they are gone there is room for one. Else others took the room, and it is no fault of the job's."""
    admission = _admission(beside=job)
    return wrote > needs_of(job, fetched=admission.fetched).disk and not admission.lacks_space_for(job)


def _postpone(job: Job, sentence: str) -> None:
    with logging_about(**named_in_log(job)):
        log.warning("%s of recording %s waits: %s", job.step, job.recording_id, sentence)
    times = job.times_put_off + 1
    not_before = timezone.now() + timedelta(seconds=pause_before(times))
    waiting = Job.objects.filter(pk=job.pk, state=State.QUEUED)
    waiting.update(not_before=not_before, reason=sentence, times_put_off=times)


def _take(job: Job, free: JobQuerySet, *, turn: float | None = None) -> Job | None:
    before = job.claim
    taken = free.filter(pk=job.pk, claim=before).update(
        state=State.RUNNING,
        claim=uuid4(),
        lease_until=lease_end(),
        worker=this_process(),
        attempt=F("attempt") + 1,
        started_at=timezone.now(),
        percent=0,
        turn=job.turn if turn is None else min(job.turn, turn),
        # Why the last try failed is kept until it works; that this was no time for it is over.
        reason="" if job.is_put_off else job.reason,
    )
    if not taken:
        return None
    taken_job = Job.objects.select_related("recording").get(pk=job.pk)
    # Nothing of it can count any more, and its worker may have been killed while it stored.
    if before and taken_job.claim and not discard(job, before):
        put_off(taken_job, taken_job.claim, STORAGE_AWAY, left=before)
        return None
    return taken_job


def discard(job: Job, claim: UUID) -> bool:
    """Remove what a claim stored that came to nothing. Whether that could be done; else check_library finds it, unless
    the row still names the claim."""
    try:
        default_storage.delete_folder(prefix_of(job, claim))  # type: ignore[attr-defined]
    except Exception:
        log.exception("what was stored for recording %s could not be removed", job.recording_id)
        return False
    return True


def put_off(job: Job, claim: UUID, why: str, *, left: UUID) -> bool:
    """Put a job back for which this is no time, as nothing can be stored: the attempt does not count, however long that
    lasts, but the pauses grow. What the claim `left` may have stored is removed by whoever takes the job next."""
    times = job.times_put_off + 1
    columns = {"attempt": F("attempt") - 1, "claim": left, "reason": why, "times_put_off": times}
    return bool(job.held(claim).queue_again(after=pause_before(times), **columns))


def pause_before(times: int) -> float:
    """Seconds before a job is tried so many times anew, or looked at."""
    doubled = min(2 ** (times - 1), LONGEST_PAUSE)
    return float(settings.RETRY_SECONDS * doubled * random.uniform(1, 1.5))


def give_back(job: Job, claim: UUID) -> bool:
    """Put a job back that its worker cannot finish, through no fault of the job: the attempt does not count."""
    if not job.held(claim).queue_again(attempt=F("attempt") - 1):
        return False
    wake(job.queue)
    return True


def take_back(job: Job, why: str) -> bool:
    """Take a job from a worker that is dead or silent: it waits again, or has failed when its attempts are used up.

    With its lease as it was read: who renewed it meanwhile is not dead.
    """
    with logging_about(**named_in_log(job)):
        return _take_back(job, why)


def _take_back(job: Job, why: str) -> bool:
    if job.attempt >= settings.JOB_ATTEMPTS:
        claim = job.claim
        said = {"error": OUR_FAULT, "reason": why, "may_retry": True}
        failed = job.end(State.FAILED, claim=claim, unless_renewed=True, **said)
        if failed and claim:
            discard(job, claim)
        return failed
    if not job.held(job.claim).filter(lease_until=job.lease_until).queue_again(reason=why):
        return False
    wake(job.queue)
    return True


def take_back_from_the_dead() -> int:
    """Jobs of processes that ran on this machine and do no more: nobody need wait for their leases. How many."""
    held = Job.objects.running_at(here()).select_related("recording")
    return _take_all_back((job for job in held if is_gone(job.worker)), WAS_KILLED)


def take_back_from_the_silent(queue: str = "") -> int:
    """Jobs whose leases are over, of one queue or of all. How many."""
    silent = Job.objects.filter(went_silent(timezone.now())).select_related("recording")
    return _take_all_back(silent.filter(queue=queue) if queue else silent, WENT_SILENT)


def sweep() -> int:
    """Take back what silent workers hold, and nudge each queue in which work waits: messages may have got lost.

    Costs the same however many jobs are finished, or wait. Returns how many jobs and queues that concerned.
    """
    return take_back_from_the_silent() + take_back_from_the_dead() + wake_all()


def wake_all() -> int:
    """Nudge each queue in which work waits. Returns how many."""
    now = timezone.now()
    queues = [queue for queue in NAMES if Job.objects.waiting(queue, now).exists()]
    for queue in queues:
        # The next sweep sends another.
        wake(queue, expires=settings.SWEEP_SECONDS)
    return len(queues)


def _take_all_back(jobs: Iterable[Job], why: str) -> int:
    return sum(take_back(job, why) for job in jobs)
