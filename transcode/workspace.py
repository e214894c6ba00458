"""The room a job works in: its scratch folder, its heartbeat, its prefix in the storage, and how it ends.

Every task may run twice: only the holder of the claim can move the job on, outputs lie under a prefix of that claim,
and rows are switched last, in the transaction that ends the job.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import cast
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import Error as DatabaseTrouble
from django.db import connection, transaction

from transcode.claim import (
    DISK_FULL,
    OUR_FAULT,
    STORAGE_AWAY,
    claim_job,
    claim_next,
    discard,
    filled_the_disk,
    give_back,
    lease_end,
    named_in_log,
    pause_before,
    prefix_of,
    put_off,
    take_back_from_the_silent,
)
from transcode.log_fields import logging_about
from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.models import REASON_LIMIT, Job, Recording, State
from transcode.process import is_ending
from transcode.queue import wake

log = logging.getLogger(__name__)

TOO_LARGE = "There is too little room to work on this recording; ask an admin to make some on the disk, then try again."
MB = 1024**2
SECONDS_BETWEEN_BEATS = 1.0
# How soon a worker notices that it was told to end: `make run` kills it after 8.
WATCH_SECONDS = 0.5
# A step that says nothing of its progress for so long hangs: its lease is renewed no more, and another worker tries.
HANGS_AFTER = 3600.0
# A worker that lost its lease may go on in its folder until it notices: so many leases are enough for that.
LEASES_UNTIL_STRAY = 10

Do = Callable[["Work"], None]


class LeaseLost(Exception):  # noqa: N818 (not an error: the job is no longer ours)
    """This worker was away too long, or gave its job back; nothing it made counts any more."""


class Work:
    """One claimed job and what it needs. Made by `_run`, never by hand."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.claim = cast(UUID, job.claim)
        self.folder = Path(settings.SCRATCH_ROOT) / str(self.claim)
        self.recording: Recording = job.recording
        self.prefix = prefix_of(job, self.claim)
        # What may be done between two parts of a long step; it is told how far the step is (0 to 1).
        self.meanwhile: Callable[[Work, float], None] | None = None
        # Of that: how much of other jobs was done (their cost), and when to look for more.
        self.given_away = self.look_again_at = 0.0
        # The long job that this one passes: it hangs no more than this one does.
        self.within: Work | None = None
        self._percent = 0
        self.last_beat = self.last_progress = time.monotonic()

    @property
    def facts(self) -> MediaFacts:
        """What the inspection saw."""
        return MediaFacts.from_json(self.recording.facts)

    def source(self) -> Path:
        """The original as a local file: itself where it is local, else fetched into the scratch folder."""
        return self.fetch(self.recording.original_key)

    def fetch(self, key: str) -> Path:
        """Any stored file as a local one, likewise."""
        return cast(Path, default_storage.fetch(key, self.folder))  # type: ignore[attr-defined]

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
        self.last_progress = time.monotonic()
        if self.within:
            self.within.last_progress = self.last_progress
        self.give_back_when_told()
        if time.monotonic() - self.last_beat >= SECONDS_BETWEEN_BEATS:
            self.try_to_beat()
        if self.meanwhile:
            self.meanwhile(self, fraction)

    def give_back_when_told(self) -> None:
        """Where this worker was told to end, its job is another's at once; LeaseLost then."""
        if is_ending():
            give_back(self.job, self.claim)
            raise LeaseLost(str(self.job))

    def try_to_beat(self) -> None:
        """Renew the lease, unless the database is away just now: the work goes on, and the lease lasts a while."""
        try:
            self.beat()
        except DatabaseTrouble as error:
            log.warning("the lease of %s could not be renewed, and is tried again: %s", self.job, error)
            connection.close_if_unusable_or_obsolete()

    def beat(self) -> None:
        """Renew the lease; LeaseLost when it is no longer ours. In a transaction: it is ours until that ends."""
        self.last_beat = time.monotonic()
        if not self.job.held(self.claim).update(lease_until=lease_end(), percent=self._percent):
            raise LeaseLost(str(self.job))

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """The transaction that ends the job: what is written inside counts only if the job was still ours."""
        with transaction.atomic():
            # First, for it takes the row's lock: of two that would finish, one learns here that it came too late,
            # before it has written anything that the other waits for.
            self.beat()
            yield
            if not self.job.end(State.DONE, claim=self.claim, percent=100, error="", reason=""):
                raise LeaseLost(str(self.job))


def run_job(job_id: int, do: Do) -> bool:
    """Claim the job, do it, and write down how it ended. False when there was nothing to claim."""
    job = claim_job(job_id)
    if job is None:
        return False
    _run(Work(job), do)
    return True


def run_queue(queue: str, do: Do, meanwhile: Callable[[Work, float], None]) -> int:
    """Do the jobs of a queue, each as its turn comes, until none waits or this worker is told to end. How many."""
    done = 0
    while not is_ending() and (job := _look_for_work(queue)):
        # Whoever is idle gets to know that there may be more; it costs a message a job, and nobody counts workers.
        wake(queue)
        work = Work(job)
        work.meanwhile = meanwhile
        _run(work, do)
        done += 1
    return done


def _look_for_work(queue: str) -> Job | None:
    # Here as well as in the sweep: whoever sweeps may itself be dead, or frozen.
    take_back_from_the_silent(queue)
    return claim_next(queue)


def run_next(within: Work, do: Do, *, dearest: float) -> float:
    """Do, in the midst of another job, the next of its queue that costs no more than `dearest`. Returns its cost, 0
    where there was none."""
    job = claim_next(within.job.queue, dearest=dearest, turn=within.job.turn)
    if job is None:
        return 0.0
    work = Work(job)
    work.within = within
    _run(work, do)
    return job.cost


def _run(work: Work, do: Do) -> None:
    job, began = work.job, time.monotonic()
    with logging_about(**named_in_log(job)):
        try:
            work.folder.mkdir(parents=True)
            with _heartbeat(work):
                do(work)
            log.info("%s of recording %s took %.1f s", job.step, job.recording_id, time.monotonic() - began)
        except LeaseLost:
            log.warning("%s of recording %s is another worker's now", job.step, job.recording_id)
            discard(job, work.claim)
        except MediaError as error:
            _give_up(work, error.message, reason_of(error), permanent=error.permanent)
        except Exception as error:
            log.exception("%s of recording %s failed", job.step, job.recording_id)
            _went_wrong(work, error)
        except BaseException:
            # Ctrl-C in a command that does the work itself.
            give_back(job, work.claim)
            raise
        finally:
            shutil.rmtree(work.folder, ignore_errors=True)


def remove_stray_folders() -> int:
    """Remove scratch folders that killed workers left behind on this machine. Returns how many."""
    before = time.time() - LEASES_UNTIL_STRAY * settings.LEASE_SECONDS
    old = [folder for folder in Path(settings.SCRATCH_ROOT).glob("*/") if _changed_at(folder) < before]
    if not old:
        return 0
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


def _went_wrong(work: Work, error: Exception) -> None:
    """Put the job off where it was no fault of its own: in an outage each job would use up its attempts. Who fills a
    disk by itself would do so for ever: that counts."""
    why, reason = _was_no_time_for(error), reason_of(error)
    if why == DISK_FULL:
        wrote = _bytes_in(work.folder)
        shutil.rmtree(work.folder, ignore_errors=True)
        if filled_the_disk(work.job, wrote):
            _give_up(work, TOO_LARGE, f"It had written {wrote // MB} MB when it had filled the disk.\n{reason}")
            return
    if why:
        connection.close_if_unusable_or_obsolete()
        put_off(work.job, work.claim, f"{why}\n{reason}"[:REASON_LIMIT], left=work.claim)
    else:
        _give_up(work, OUR_FAULT, reason)


def _bytes_in(folder: Path) -> int:
    return sum((Path(inside) / name).stat().st_size for inside, _, names in os.walk(folder) for name in names)


def _give_up(work: Work, sentence: str, reason: str, *, permanent: bool = False) -> None:
    """End the job, or queue it for another attempt after a pause; what it had stored goes."""
    # What went wrong may be the connection itself.
    connection.close_if_unusable_or_obsolete()
    was_ours = _end_attempt(work, sentence, reason[:REASON_LIMIT], permanent=permanent)
    # It may have been done after all, where only the answer to the commit got lost: then people see what is there.
    if was_ours or not Job.objects.filter(pk=work.job.pk, state=State.DONE).exists():
        discard(work.job, work.claim)


def reason_of(error: BaseException) -> str:
    """An error and what led to it, one a line, for whoever looks into it."""
    lines = [f"{type(each).__name__}: {each}".replace("\0", "") for each in _chain(error)]
    return "\n".join(lines)


def _was_no_time_for(error: BaseException) -> str:
    """What the job would have needed and others had, in a sentence; empty where it was another error."""
    for each in _chain(error):
        if isinstance(each, OSError) and each.errno in (errno.ENOSPC, errno.EDQUOT):
            return DISK_FULL
        if default_storage.is_away(each):  # type: ignore[attr-defined]
            return STORAGE_AWAY
    return ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _end_attempt(work: Work, sentence: str, reason: str, *, permanent: bool) -> bool:
    job = work.job
    log.warning("%s of recording %s: %s (attempt %s)", job.step, job.recording_id, sentence, job.attempt)
    if permanent or job.attempt >= settings.JOB_ATTEMPTS:
        return job.end(State.FAILED, claim=work.claim, error=sentence, reason=reason, may_retry=not permanent)
    return bool(job.held(work.claim).queue_again(after=pause_before(job.attempt), claim=None, reason=reason))


@contextmanager
def _heartbeat(work: Work) -> Iterator[None]:
    """Renew the lease while the step says nothing of its progress (a model loads, a file is fetched), and give the job
    back as soon as this worker is told to end."""
    over = threading.Event()

    def watch() -> None:
        try:
            while not over.wait(WATCH_SECONDS):
                _look_after(work)
        except LeaseLost:
            return
        finally:
            connection.close()

    thread = threading.Thread(
        target=copy_context().run, args=(watch,), name=f"heartbeat of job {work.job.pk}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _look_after(work: Work) -> None:
    now = time.monotonic()
    try:
        work.give_back_when_told()
    except DatabaseTrouble as error:
        log.warning("%s could not be given back, and is tried again: %s", work.job, error)
        connection.close()
    if now - work.last_progress < HANGS_AFTER and now - work.last_beat >= settings.LEASE_SECONDS / 3:
        work.try_to_beat()
        connection.close()
