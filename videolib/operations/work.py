"""Jobs that somebody should look at: stuck ones, failed ones, and why. Finished work is nobody's worry here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet

from transcode.models import Job, State, went_silent
from videolib.accounts.models import User
from videolib.clips.models import Clip

# A queue is long on a day of many uploads; who waits longer than this should be looked at.
LONG_WAIT = timedelta(hours=1)
MOST_SHOWN = 50

OF_THE_RECORDING = (
    "Trying again cannot help: it is the recording itself. Its owner reads the same sentence, and can upload another."
)
OF_OURS = "Try it again. If it fails in the same way, the reason below and the log say more."
MAKE_ROOM = "Make room on the disk, or see to the storage; then it goes on by itself, and at once when you try again."
SEE_WORKERS = "If it stays so, see above whether workers and broker are well; then try again, which sends it anew."


@dataclass(frozen=True)
class Explanation:
    """Why a job stands as it does, and what can be done; each a sentence or two, `deed` empty where nothing need be."""

    job: Job
    what: str
    deed: str = ""


@dataclass(frozen=True)
class Row:
    """A job with the clip it is for, as an admin may come across it."""

    explanation: Explanation
    clip: Clip
    title: str
    since: datetime | None

    @property
    def job(self) -> Job:
        """The job itself."""
        return self.explanation.job


def stuck_rows(user: User, now: datetime) -> list[Row]:
    """Jobs whose worker went silent, and those that wait very long or for room; the one that waits longest first."""
    waiting = Q(state=State.QUEUED) & (Q(not_before__lt=now - LONG_WAIT) | Q(times_put_off__gt=0))
    return _rows(_for(user).filter(went_silent(now) | waiting).order_by("not_before", "pk"), user, now)


def failed_rows(user: User, now: datetime) -> list[Row]:
    """Jobs that failed, the last one first."""
    return _rows(_for(user).filter(state=State.FAILED).order_by("-ended_at", "-pk"), user, now)


def explanations_of(clip: Clip, now: datetime) -> list[Explanation]:
    """All work on a clip, in the order it is done."""
    return [explain(job, now) for job in clip.recording.jobs.order_by("pk")] if clip.recording else []


def _for(user: User) -> QuerySet[Job]:
    """Of clips in the trash nobody minds the work; a recording without any clip is about to go."""
    clips = Clip.objects.visible_to(user)
    shown = Prefetch(
        "recording__clips", clips.select_related("owner").defer("description", "answers_text").order_by("pk")
    )
    jobs = Job.objects.filter(recording__in=clips.values("recording"))
    return jobs.select_related("recording").defer("recording__facts", "recording__hints").prefetch_related(shown)


def _rows(jobs: QuerySet[Job], user: User, now: datetime) -> list[Row]:
    found = [(job, list(job.recording.clips.all())) for job in jobs[:MOST_SHOWN]]
    # A clip that was taken away between the two queries is not shown.
    return [_row(job, clips[0], user, now) for job, clips in found if clips]


def _row(job: Job, clip: Clip, user: User, now: datetime) -> Row:
    # Coming across it in a list is no look that is written down, so a private title is not read here.
    private = clip.visibility == "private" and clip.owner_id != user.pk
    title = f"A private clip of {clip.owner.display_name}" if private else clip.title
    since = {State.FAILED: job.ended_at, State.RUNNING: job.started_at}.get(State(job.state), job.not_before)
    return Row(explain(job, now), clip, title, since)


def explain(job: Job, now: datetime) -> Explanation:
    """Pure: from the row and the hour alone."""
    if job.state == State.FAILED:
        return Explanation(job, job.error or "It failed.", OF_OURS if job.may_retry else OF_THE_RECORDING)
    if job.state == State.RUNNING:
        return _explain_running(job, now)
    if job.state == State.QUEUED:
        return _explain_waiting(job, now)
    return Explanation(job, job.error or ("It is done." if job.state == State.DONE else "It is not wanted here."))


def _explain_running(job: Job, now: datetime) -> Explanation:
    if job.lease_until is None or job.lease_until >= now:
        return Explanation(job, f"A worker is at it: {job.percent} %.")
    what = (
        f"Its worker has said nothing for {settings.LEASE_SECONDS} seconds and more: it was killed, or its machine is "
        f"away. Another takes it over within {settings.SWEEP_SECONDS} seconds, or it fails, after "
        f"{settings.JOB_ATTEMPTS} tries."
    )
    return Explanation(job, what, SEE_WORKERS)


def _explain_waiting(job: Job, now: datetime) -> Explanation:
    if job.is_put_off:
        waits_for = job.reason.partition("\n")[0]
        return Explanation(job, f"It is put off, and no try counts for that. {waits_for}", MAKE_ROOM)
    if job.not_before > now:
        what = f"Try {job.attempt} of {settings.JOB_ATTEMPTS} did not work; it pauses, and is tried again by itself."
        return Explanation(job, what, "Trying again spares it the pause.")
    is_late = now - job.not_before > LONG_WAIT
    what = f"It waits for a worker of the queue {job.queue}; what is urgent goes first, then turns are fair."
    return Explanation(job, what, SEE_WORKERS if is_late else "")
