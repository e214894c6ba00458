"""The room a job works in: its claim with lease and heartbeat, its scratch folder, its prefix in the storage.

Every task may run twice: only the holder of the claim can move the job on, outputs lie under a prefix of that claim,
and rows are switched last, in the transaction that ends the job.
"""

from __future__ import annotations

import logging
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, models, transaction
from django.utils import timezone

from transcode.log_fields import logging_about
from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.models import REASON_LIMIT, Job, Recording, State, went_silent
from transcode.queue import send_job

if TYPE_CHECKING:
    from django.db.models.query import QuerySet

log = logging.getLogger(__name__)

# The first wait before another attempt; it doubles with each, and a random part keeps failures from marching in step.
BACK_OFF = timedelta(seconds=10)
SECONDS_BETWEEN_BEATS = 1.0
# A worker that lost its lease may go on in its folder until it notices: so many leases are enough for that.
LEASES_UNTIL_STRAY = 10
WENT_SILENT = "Its worker went silent each time: killed, out of memory, or its machine is away."
OUR_FAULT = "Something went wrong on our side; please try again, and tell an admin if it happens again."


class LeaseLost(Exception):  # noqa: N818 (not an error: somebody else has the job now)
    """This worker was away too long, and the job went to another; nothing it made counts any more."""


class Work:
    """One claimed job and what it needs. Made by `claimed`, never by hand."""

    def __init__(self, job: Job, claim: UUID, folder: Path) -> None:
        self.job = job
        self.claim = claim
        self.folder = folder
        self.recording: Recording = job.recording
        self.prefix = f"recordings/{self.recording.code}/{claim}"
        self._percent = 0
        self._last_beat = time.monotonic()

    @property
    def facts(self) -> MediaFacts:
        """What the inspection saw."""
        return MediaFacts.from_json(self.recording.facts)

    def source(self) -> Path:
        """The original as a local file: itself where it is local, else fetched into the scratch folder."""
        return cast(Path, default_storage.fetch(self.recording.original_key, self.folder))  # type: ignore[attr-defined]

    def new_folder(self, name: str) -> Path:
        """A folder of its own within the scratch folder."""
        folder = self.folder / name
        folder.mkdir()
        return folder

    def store(self, file: Path) -> str:
        """Move a made file into the storage under this claim's prefix; its key. Outside any transaction."""
        key = f"{self.prefix}/{file.name}"
        default_storage.adopt(file, key)  # type: ignore[attr-defined]
        return key

    def progress(self, fraction: float) -> None:
        """Say how far the step is (0 to 1) and renew the lease; LeaseLost when it is no longer ours."""
        self._percent = max(self._percent, min(99, int(fraction * 100)))
        if time.monotonic() - self._last_beat >= SECONDS_BETWEEN_BEATS:
            self.beat()

    def beat(self) -> None:
        """Renew the lease."""
        self._last_beat = time.monotonic()
        held = Job.objects.filter(pk=self.job.pk, state=State.RUNNING, claim=self.claim)
        if not held.update(lease_until=_lease_end(), percent=self._percent):
            raise LeaseLost(str(self.job))

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """The transaction that ends the job: what is written inside counts only if the job was still ours."""
        with transaction.atomic():
            yield
            if not self.job.move_to(State.DONE, claim=self.claim, percent=100, error="", reason="", lease_until=None):
                raise LeaseLost(str(self.job))


def run_job(job_id: int, do: Callable[[Work], None]) -> bool:
    """Claim the job, do it, and write down how it ended. False when there was nothing to claim."""
    job = claim_job(job_id)
    if job is None:
        return False
    with logging_about(recording=job.recording.code, job=job.pk, step=job.step):
        _run(job, do)
    return True


def _run(job: Job, do: Callable[[Work], None]) -> None:
    folder = Path(settings.SCRATCH_ROOT) / str(job.claim)
    work = Work(job, cast(UUID, job.claim), folder)
    try:
        folder.mkdir(parents=True)
        with _heartbeat(work):
            do(work)
    except LeaseLost:
        log.warning("%s of recording %s went to another worker", job.step, job.recording_id)
        default_storage.delete_folder(work.prefix)  # type: ignore[attr-defined]
    except MediaError as error:
        _give_up(work, error.message, error, permanent=error.permanent)
    except Exception as error:
        log.exception("%s of recording %s failed", job.step, job.recording_id)
        _give_up(work, OUR_FAULT, error, permanent=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def claim_job(job_id: int) -> Job | None:
    """Take a waiting job, or one whose worker went silent: one UPDATE, so only one worker wins."""
    now, claim = timezone.now(), uuid4()
    waiting = models.Q(state=State.QUEUED, not_before__lte=now) | went_silent(now)
    taken = Job.objects.filter(waiting, pk=job_id).update(
        state=State.RUNNING,
        claim=claim,
        lease_until=_lease_end(),
        attempt=models.F("attempt") + 1,
        started_at=now,
        percent=0,
    )
    return Job.objects.select_related("recording").get(pk=job_id) if taken else None


def sweep() -> int:
    """Send again what was lost: jobs nobody was told of, and jobs whose worker went silent. Returns how many."""
    now = timezone.now()
    lost: QuerySet[Job] = Job.objects.lost(now, now - timedelta(seconds=4 * settings.SWEEP_SECONDS))
    jobs = [job for job in lost.order_by("sent_at")[:1000] if _is_due(job, now)]
    for job in jobs:
        if job.state == State.RUNNING and job.attempt >= settings.JOB_ATTEMPTS:
            job.move_to(State.FAILED, claim=job.claim, error=OUR_FAULT, reason=WENT_SILENT, may_retry=True)
        else:
            send_job(job)
    return len(jobs)


def remove_stray_folders() -> int:
    """Remove scratch folders that killed workers left behind. Returns how many."""
    before = time.time() - LEASES_UNTIL_STRAY * settings.LEASE_SECONDS
    old = [folder for folder in Path(settings.SCRATCH_ROOT).glob("*/") if _changed_at(folder) < before]
    # Asked afterwards: a folder is made by whoever holds the claim, so none of these belongs to a claim still to come.
    claims = {str(claim) for claim in Job.objects.filter(state=State.RUNNING).values_list("claim", flat=True)}
    stray = [folder for folder in old if folder.name not in claims]
    for folder in stray:
        log.warning("scratch folder %s belongs to no running job and goes", folder.name)
        shutil.rmtree(folder, ignore_errors=True)
    return len(stray)


def _changed_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        # Its job ended just now.
        return float("inf")


def _is_due(job: Job, now: datetime) -> bool:
    """Whether to send a job again. One that merely waits in a long queue is sent ever more rarely, not every time."""
    if job.state == State.RUNNING or job.sent_at is None:
        return True
    return 2 * (now - job.sent_at) >= now - job.created_at


def _give_up(work: Work, sentence: str, error: Exception, *, permanent: bool) -> None:
    """End the job, or queue it for another attempt after a pause; what it had stored goes, if it was still ours."""
    if _end_attempt(work, sentence, reason_of(error), permanent=permanent):
        default_storage.delete_folder(work.prefix)  # type: ignore[attr-defined]


def reason_of(error: BaseException | None) -> str:
    """An error and what led to it, one a line, for whoever looks into it."""
    lines = []
    while error is not None:
        lines.append(f"{type(error).__name__}: {error}".replace("\0", ""))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(lines)[:REASON_LIMIT]


def _end_attempt(work: Work, sentence: str, reason: str, *, permanent: bool) -> bool:
    job = work.job
    log.warning("%s of recording %s: %s (attempt %s)", job.step, job.recording_id, sentence, job.attempt)
    if permanent or job.attempt >= settings.JOB_ATTEMPTS:
        ended = {"error": sentence, "reason": reason, "may_retry": not permanent, "lease_until": None}
        return job.move_to(State.FAILED, claim=work.claim, **ended)
    pause = BACK_OFF * 2 ** (job.attempt - 1) * random.uniform(1, 1.5)
    held = Job.objects.filter(pk=job.pk, claim=work.claim)
    later = timezone.now() + pause
    paused = {"claim": None, "lease_until": None, "not_before": later, "sent_at": None}
    return bool(held.update(state=State.QUEUED, reason=reason, **paused))


@contextmanager
def _heartbeat(work: Work) -> Iterator[None]:
    """Renew the lease while the step says nothing of its progress (a model loads, a file is fetched)."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(settings.LEASE_SECONDS / 3):
            try:
                work.beat()
            except LeaseLost:
                return
            finally:
                connection.close()

    thread = threading.Thread(
        target=copy_context().run, args=(beat,), name=f"heartbeat of job {work.job.pk}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
