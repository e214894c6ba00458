"""What people read while a clip is made: its Job rows, put into sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from transcode.models import Job, State, Step
from transcode.waiting import Wait, wait_for
from videolib.clips.models import Clip

ClipState = Literal["uploading", "waiting", "working", "ready", "failed"]

# What stands between the bytes and a clip that plays.
TO_PLAY = (Step.INSPECT, Step.MAKE_PLAYABLE)
# How much of the whole work each step is, roughly; the bar must move, not be exact.
SHARE = {
    Step.INSPECT: 5,
    Step.MAKE_PLAYABLE: 35,
    Step.TRANSCRIBE: 30,
    Step.MAKE_RENDITIONS: 30,
    Step.READ_SCREEN: 20,
}
# What is still to come for a clip that plays already, in the middle of a sentence.
STILL_TO_COME = {
    Step.TRANSCRIBE: "the words",
    Step.MAKE_RENDITIONS: "smaller versions",
    Step.READ_SCREEN: "the text on the screen",
}
WENT_WRONG = "This recording could not be made playable. Ask an admin to look at it."


@dataclass(frozen=True)
class StepStatus:
    """One step of the work. `error` is a sentence for the contributor; `percent` is of this step alone."""

    step: str
    label: str
    state: str
    percent: int = 0
    error: str = ""

    @property
    def is_open(self) -> bool:
        """Still to come, or under way."""
        return self.state in ("to come", State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class ClipStatus:
    """How far a clip is. `percent` is of all the work; `position` counts from 1 among what waits in the same queue."""

    code: UUID
    state: ClipState
    sentence: str
    percent: int = 0
    current: StepStatus | None = None
    position: int | None = None
    steps: tuple[StepStatus, ...] = ()
    warnings: tuple[str, ...] = ()
    may_retry: bool = False

    @property
    def trouble(self) -> str:
        """What failed for good, in sentences for people; empty where nothing did."""
        return self.sentence if self.state == "failed" else " ".join(self.warnings)

    @property
    def is_final(self) -> bool:
        """Nothing will change any more unless somebody does something."""
        return self.state in ("ready", "failed") and not any(step.is_open for step in self.steps)


def status_of(clip: Clip) -> ClipStatus:
    """How far `clip` is, with its place in the queue (five queries at most; none for a draft)."""
    jobs = list(clip.recording.jobs.all()) if clip.recording else []
    current = _current(jobs)
    waits = current is not None and current.state == State.QUEUED
    return compose(clip, jobs, wait=wait_for(current, timezone.now()) if current and waits else None)


def statuses_of(clips: Iterable[Clip]) -> dict[int, ClipStatus]:
    """How far each is, by pk, without places in queues: one query for any number of clips with their recordings."""
    clips = list(clips)
    jobs: dict[int, list[Job]] = defaultdict(list)
    for job in Job.objects.filter(recording__in={clip.recording_id for clip in clips if clip.recording_id}):
        jobs[job.recording_id].append(job)
    return {clip.pk: compose(clip, jobs[clip.recording_id or 0]) for clip in clips}


def cannot_hear(clip: Clip) -> str:
    """Why nobody can write down the words of `clip`, in a sentence; empty where somebody can."""
    if settings.SPEECH_ENGINE == "none" or settings.WHISPER_MODEL == "none":
        return "Speech is not written down in this library."
    if clip.recording is None or clip.recording.playable_at is None:
        return "This clip cannot be heard before it can be played."
    return "" if clip.recording.has_sound else "There is no sound in this recording."


def look_again_after(status: ClipStatus, looks: int) -> int | None:
    """In how many seconds a page should ask again that asked `looks` times already; None when nothing will change."""
    if status.is_final:
        return None
    if looks > 300:
        return 15
    eager = 1 if status.state in ("working", "waiting") else 2
    return eager if looks < 60 else 4 * eager


def compose(clip: Clip, jobs: Sequence[Job], *, wait: Wait | None = None) -> ClipStatus:
    """The status as these rows give it: pure. `wait` is how long the current job waits, where that was asked."""
    if clip.recording is None:
        return ClipStatus(clip.code, "uploading", "The recording is still on its way.")
    playable = clip.recording.playable_at is not None
    current = _current(jobs)
    steps = _steps(jobs)
    failed = [job for job in jobs if job.state == State.FAILED]
    state = _state(jobs, current, playable=playable)
    return ClipStatus(
        clip.code,
        state,
        _sentence(state, steps, jobs, current, wait),
        percent=_percent(steps, is_over=state == "ready" and not any(step.is_open for step in steps)),
        current=_step(current) if current else None,
        position=wait.ahead + 1 if wait else None,
        steps=steps,
        warnings=tuple(f"{job.get_step_display()} did not work. {job.error}".strip() for job in failed if playable),
        may_retry=any(job.may_retry for job in failed),
    )


def _current(jobs: Sequence[Job]) -> Job | None:
    """The job that the clip waits for: one that runs before one that waits, what makes it play before the rest."""
    order = list(Step)
    open_jobs = [job for job in jobs if job.is_open]
    return min(
        open_jobs,
        key=lambda job: (job.step not in TO_PLAY, job.state != State.RUNNING, order.index(Step(job.step))),
        default=None,
    )


def _state(jobs: Sequence[Job], current: Job | None, *, playable: bool) -> ClipState:
    if playable:
        return "ready"
    if current is None or any(job.step in TO_PLAY and job.state == State.FAILED for job in jobs):
        # Between two steps nothing is open for a moment: what went before is done, and no row says otherwise.
        return "failed" if _is_over(jobs) else "working"
    return "working" if current.state == State.RUNNING else "waiting"


def _is_over(jobs: Sequence[Job]) -> bool:
    states = {job.step: job.state for job in jobs}
    lost = any(states.get(step) in (State.FAILED, State.SKIPPED) for step in TO_PLAY)
    return lost or states.get(Step.MAKE_PLAYABLE) == State.DONE


def _steps(jobs: Sequence[Job]) -> tuple[StepStatus, ...]:
    known = {job.step: job for job in jobs}
    stopped = any(job.state == State.FAILED and job.step in TO_PLAY for job in jobs)
    steps = []
    for step in Step:
        if job := known.get(step):
            steps.append(_step(job))
        elif not stopped and not _was_passed_over(step, known):
            steps.append(StepStatus(step, str(step.label), "to come"))
    return tuple(steps)


def _was_passed_over(step: Step, known: dict[str, Job]) -> bool:
    """No row, though the step before it has ended: it is not wanted for this recording."""
    if step in TO_PLAY:
        return False
    before = known.get(Step.MAKE_PLAYABLE if step == Step.MAKE_RENDITIONS else Step.INSPECT)
    return before is not None and not before.is_open


def _step(job: Job) -> StepStatus:
    percent = 100 if job.state in (State.DONE, State.SKIPPED) else job.percent
    return StepStatus(job.step, job.get_step_display(), job.state, percent, job.error)


def _percent(steps: Sequence[StepStatus], *, is_over: bool) -> int:
    if is_over:
        return 100
    shares = [SHARE[Step(step.step)] for step in steps]
    done = sum(share * (step.percent if step.is_open else 100) for share, step in zip(shares, steps, strict=True))
    return min(99, round(done / sum(shares))) if steps else 0


def _sentence(
    state: ClipState, steps: Sequence[StepStatus], jobs: Sequence[Job], current: Job | None, wait: Wait | None
) -> str:
    if state == "failed":
        return next((job.error for job in jobs if job.state == State.FAILED and job.error), WENT_WRONG)
    if state == "ready":
        return _ready(steps)
    if state == "working" or current is None:
        return f"{current.get_step_display()}." if current else "One moment."
    return _waiting(current, wait)


def _waiting(job: Job, wait: Wait | None) -> str:
    if job.is_put_off:
        return "The library cannot store anything just now; admins see why. Then it goes on by itself."
    if job.attempt:
        return "It did not work at once, and is tried again soon."
    if wait is None:
        return "Waiting for its turn."
    place = f"Waiting for its turn: {wait.ahead} ahead of it" if wait.ahead else "Next in line"
    return f"{place}." if wait.seconds is None else f"{place}, {in_words(wait.seconds)}."


def in_words(seconds: float) -> str:
    """A guess, no more exact than it is."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes == 1:
        return "about a minute"
    if minutes > 90:
        return f"about {round(minutes / 60)} hours"
    step = 1 if minutes < 10 else 5 if minutes < 30 else 10
    return f"about {step * round(minutes / step)} minutes"


def _ready(steps: Sequence[StepStatus]) -> str:
    missing = [STILL_TO_COME.get(Step(step.step), step.label.lower()) for step in steps if step.is_open]
    if missing:
        return f"You can watch it now. Still to come: {' and '.join(missing)}."
    if any(step.state == State.FAILED for step in steps):
        return "You can watch it, but not everything worked."
    return "You can watch it now."
