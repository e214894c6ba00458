"""What became of clips, followed to the end of their work; what no worker does is claimed and done here."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.db import DatabaseError

from transcode.models import Job, Recording, State, Step
from transcode.nudge import queues_served
from transcode.tasks import RUN
from videolib.clips.models import Clip

log = logging.getLogger(__name__)

# How often jobs are looked at, and how often workers are asked for, while waiting: seconds.
LOOK = 0.5
ASK_WORKERS = 15.0
# So many clips are asked about in one query.
AT_ONCE = 500
RECORDING_GONE = "Its recording is not there: the import was cut off, or the clip was deleted. Import it again."


@dataclass(frozen=True)
class Outcome:
    """What became of one file; the fields of a line of `--json`."""

    path: str
    code: str | None = None
    state: str = "queued"
    error: str | None = None
    warnings: tuple[str, ...] = ()
    duplicate_of: str | None = None
    seconds_to_playable: float | None = None
    seconds_to_ready: float | None = None

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        return {**asdict(self), "warnings": list(self.warnings)}

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self.state in ("ready", "failed")


def look(outcome: Outcome) -> Outcome:
    """The outcome as the rows have it now."""
    if outcome.code is None:
        return outcome
    clip = Clip.objects.select_related("recording").filter(code=outcome.code).first()
    if clip is None or clip.recording is None:
        return replace(outcome, state="failed", error=RECORDING_GONE)
    recording = clip.recording
    jobs = list(recording.jobs.all())
    state = _state(recording, jobs)
    failed = [job.error for job in jobs if job.state == State.FAILED]
    ended = [job.ended_at for job in jobs if job.ended_at]
    return replace(
        outcome,
        state=state,
        error=failed[0] if state == "failed" and failed else None,
        warnings=tuple(failed) if recording.playable_at else (),
        seconds_to_playable=_seconds(clip, recording.playable_at),
        seconds_to_ready=_seconds(clip, max(ended)) if state == "ready" and ended else None,
    )


def _state(recording: Recording, jobs: Sequence[Job]) -> str:
    if any(job.is_open for job in jobs):
        return "running" if any(job.state == State.RUNNING or job.attempt for job in jobs) else "queued"
    return "ready" if recording.playable_at else "failed"


class Workers:
    """The queues that workers serve: asked now and then, as each answer takes a second."""

    def __init__(self) -> None:
        self._served = frozenset[str]()
        self._asked = float("-inf")

    def served(self) -> frozenset[str]:
        """The queues, as of ASK_WORKERS seconds ago at most."""
        if time.monotonic() - self._asked > ASK_WORKERS:
            self._served, self._asked = queues_served(), time.monotonic()
        return self._served

    def do_it_all(self) -> bool:
        """Whether there is nothing for this process to do."""
        return self.served() >= {"media", "speech"}


def follow(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Each outcome as its work ends: all at once where workers do it, else one after the other, claimed and run here.

    `outcomes` is read as the work goes on: with workers the next file is taken in while they are at those before it,
    without them when the one before it ended.
    """
    workers, waiting, looked = Workers(), list[Outcome](), time.monotonic()
    # Asked before the first file is taken in: where no broker answers, nothing more is sent.
    workers.served()
    for outcome in outcomes:
        if outcome.is_over:
            yield outcome
        else:
            waiting.append(outcome)
        if not workers.do_it_all():
            yield from _to_their_end(waiting, workers)
            waiting = []
        elif time.monotonic() - looked > LOOK:
            ended, waiting = _parted(waiting)
            looked = time.monotonic()
            yield from ended
    yield from _to_their_end(waiting, workers)


def _to_their_end(waiting: list[Outcome], workers: Workers) -> Iterator[Outcome]:
    while waiting:
        ended, waiting = _parted(waiting)
        yield from ended
        if waiting and not _run_one(waiting, workers.served()):
            time.sleep(LOOK)


def _parted(outcomes: list[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
    """Those that are over, as the rows have them now, and those whose work goes on."""
    at_work = _at_work([outcome.code for outcome in outcomes if outcome.code])
    looked = [outcome if outcome.code in at_work else look(outcome) for outcome in outcomes]
    return [each for each in looked if each.is_over], [each for each in looked if not each.is_over]


def _at_work(codes: Sequence[str]) -> set[str]:
    """The clips for which a job is still to come or under way: one question for many, however many wait."""
    clips = Clip.objects.filter(recording__jobs__in=Job.objects.open())
    groups = [codes[start : start + AT_ONCE] for start in range(0, len(codes), AT_ONCE)]
    return {str(code) for group in groups for code in clips.filter(code__in=group).values_list("code", flat=True)}


def _run_one(outcomes: Sequence[Outcome], served: frozenset[str]) -> bool:
    """Claim and run one job of these that no worker will take; False where there is none to run now."""
    codes = [outcome.code for outcome in outcomes[:AT_ONCE] if outcome.code]
    jobs = Job.objects.open().filter(recording__clips__code__in=codes).exclude(queue__in=served)
    try:
        return any(RUN[Step(job.step)](job.pk) for job in jobs.order_by("priority", "pk"))
    except DatabaseError:
        # Somebody writes for a long time: the jobs stand, and are tried again after a pause.
        log.exception("jobs of an import could not be claimed")
        return False


def _seconds(clip: Clip, moment: datetime | None) -> float | None:
    """From the moment the bytes were stored; None where they were here before the clip was made, in another one.

    It may lie in the trash: then this clip is a new one of an old recording, and what that took says nothing about it.
    """
    if moment is None or clip.recording is None or clip.recording.created_at < clip.created_at:
        return None
    return round(max((moment - clip.recording.created_at).total_seconds(), 0.0), 3)
