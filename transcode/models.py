"""Tables of the pipeline: one Recording a media file, the Jobs that work on it, and everything made from it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Min, Q
from django.utils import timezone

from transcode.media.storyboard import StoryboardPlan
from transcode.signals import announce

# Of an error and what led to it; the log has the rest.
REASON_LIMIT = 1000


class Step(models.TextChoices):
    """One kind of work on one recording; each has a queue (transcode/tasks.py) and runs once."""

    INSPECT = "inspect", "Looking at the file"
    MAKE_PLAYABLE = "make_playable", "Making it playable"
    TRANSCRIBE = "transcribe", "Writing down the words"
    MAKE_RENDITIONS = "make_renditions", "Making smaller versions"
    READ_SCREEN = "read_screen", "Reading the screen"


class State(models.TextChoices):
    """Where a job stands. Done, failed and skipped are final, until somebody says "try again"."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


class Recording(models.Model):
    """A media file and all that was made from it. It never changes after arrival: "replace" makes a new one."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    original_key = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    # What the library tells the pipeline: vocabulary, language, limits. The pipeline asks nothing back.
    hints = models.JSONField(default=dict, blank=True)
    # MediaFacts.to_json(), empty until inspected.
    facts = models.JSONField(default=dict, blank=True)
    duration = models.FloatField(null=True, help_text="seconds")
    width = models.PositiveIntegerField(null=True, help_text="pixels as displayed")
    height = models.PositiveIntegerField(null=True, help_text="pixels as displayed")
    has_sound = models.BooleanField(default=False)
    loudness = models.FloatField(null=True, help_text="of all its sound, LUFS; measured before the first encode")
    poster_key = models.CharField(max_length=200, blank=True)
    playable_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.code)


def went_silent(now: datetime) -> Q:
    """Running jobs whose lease is over: their worker was killed, or is frozen, or its machine is away."""
    return Q(state=State.RUNNING, lease_until__lt=now)


class JobQuerySet(models.QuerySet["Job"]):
    """Reads over jobs."""

    def open(self) -> JobQuerySet:
        """Jobs that are not at an end."""
        return self.filter(state__in=(State.QUEUED, State.RUNNING))

    def waiting(self, queue: str, now: datetime) -> JobQuerySet:
        """Jobs of a queue that could be taken now, in the order of their turns."""
        return self.filter(queue=queue, state=State.QUEUED, not_before__lte=now).order_by("priority", "turn", "pk")

    def untold(self) -> JobQuerySet:
        """Ended jobs of which whoever listens has not heard yet, the first to end first."""
        return self.filter(is_told=False, ended_at__isnull=False).order_by("ended_at", "pk")

    def ahead_of(self, job: Job) -> JobQuerySet:
        """Waiting jobs of the same queue whose turn comes before this one's."""
        before = Q(priority__lt=job.priority) | Q(turn__lt=job.turn) | Q(turn=job.turn, pk__lt=job.pk)
        # The priority once more, by itself: a range of the index, which SQLite does not see in the alternatives.
        return self.filter(before, queue=job.queue, state=State.QUEUED, priority__lte=job.priority)

    def running_at(self, place: str) -> JobQuerySet:
        """Jobs that processes of one machine or container hold (process.here); none where it has no name."""
        return self.filter(state=State.RUNNING, worker__startswith=f"{place}/") if place else self.none()

    def queue_again(self, *, after: float = 0.0, **columns: Any) -> int:
        """Running jobs wait again, and may be taken `after` so many seconds. Returns how many.

        Their claim stays written, unless `columns` say otherwise: what it stored is removed by whoever is next.
        """
        free = {"lease_until": None, "worker": "", "times_put_off": 0}
        not_before = timezone.now() + timedelta(seconds=after)
        return self.update(state=State.QUEUED, not_before=not_before, **{**free, **columns})

    def longest_wait(self, now: datetime) -> float | None:
        """For how many seconds the job that waits longest could have been taken; None when none waits.

        One that is paused after a failure waits from the end of its pause on.
        """
        since = self.filter(state=State.QUEUED, not_before__lte=now).aggregate(since=Min("not_before"))["since"]
        return (now - since).total_seconds() if since else None


class Job(models.Model):
    """One step of work on one recording. The row is the truth; the message to a worker is only a nudge."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="jobs")
    step = models.CharField(max_length=20, choices=Step.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    queue = models.CharField(max_length=10)
    # 0 is taken first: what makes a clip playable goes before what makes it better.
    priority = models.PositiveSmallIntegerField(default=3)
    # Fairness between people travels as an opaque word; the pipeline knows no person.
    lane = models.CharField(max_length=40, blank=True)
    cost = models.FloatField(default=0, help_text="seconds of recording, and some for the job itself")
    turn = models.FloatField(default=0, help_text="lowest is taken first among those of one priority")
    attempt = models.PositiveSmallIntegerField(default=0)
    # Kept while it waits again: what that claim left in the storage is removed by the next.
    claim = models.UUIDField(null=True, help_text="whoever holds the lease, or held it last")
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, blank=True, help_text="the process that holds it (process.this_process)")
    not_before = models.DateTimeField(default=timezone.now, help_text="waits until then after a failure")
    # Through no fault of its own: no attempt counts for that.
    times_put_off = models.PositiveIntegerField(
        default=0, help_text="in a row, for lack of room on a disk, or of the storage"
    )
    percent = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, help_text="one sentence for the contributor")
    reason = models.CharField(max_length=REASON_LIMIT, blank=True, help_text="why the last try failed, for admins")
    may_retry = models.BooleanField(default=False, help_text="trying again may help")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_told = models.BooleanField(default=True, help_text="whoever listens has heard how it ended (signals.tell)")

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recording", "step"], name="one_job_a_step")]
        indexes = [
            # Whose turn it is, what is ahead of a job, and which turn was the last to be taken.
            models.Index(fields=["state", "queue", "priority", "turn", "id"], name="turns"),
            # Which turn a lane has already.
            models.Index(fields=["lane", "state", "queue", "priority", "turn"], name="turns_of_a_lane"),
            # No conditional ones: SQLite uses none where the states are parameters, as Django sends them, and every
            # sweep read all jobs there ever were. With the end, what ended last is read without a sort.
            models.Index(fields=["state", "ended_at"], name="jobs_by_state"),
            # Conditional all the same: a flag is asked for without a parameter.
            models.Index(fields=["ended_at", "id"], name="untold", condition=Q(is_told=False)),
        ]

    def __str__(self) -> str:
        return f"{self.step} of {self.recording_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether work on it is still to come or under way."""
        return self.state in (State.QUEUED, State.RUNNING)

    @property
    def is_put_off(self) -> bool:
        """Whether it waits for room on a disk, or for the storage; the first line of `reason` says which."""
        return self.state == State.QUEUED and self.times_put_off > 0

    def held(self, claim: uuid.UUID | None) -> JobQuerySet:
        """Its row while it runs under that claim, so that only who holds it moves it."""
        return Job.objects.filter(pk=self.pk, state=State.RUNNING, claim=claim)

    def end(self, state: State, *, claim: uuid.UUID | None, unless_renewed: bool = False, **columns: Any) -> bool:
        """End it by compare-and-set: only who runs it under `claim` can. Announces on commit.

        Returns whether this call won; with `unless_renewed` the lease must be the one that was read. `columns` are
        written in the same UPDATE.
        """
        ended = {"ended_at": timezone.now(), "claim": None, "lease_until": None, "worker": "", "is_told": False}
        held = self.held(claim)
        if unless_renewed:
            held = held.filter(lease_until=self.lease_until)
        if not held.update(state=state, **ended, **columns):
            return False
        self.refresh_from_db()
        announce(self)
        return True


class Rendition(models.Model):
    """One playable version: one fragmented MP4, and the byte-range playlist over it."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="renditions")
    name = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    playlist = models.TextField(help_text="media playlist (RFC 8216); its segment address is only <name>.mp4")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fps = models.FloatField()
    bandwidth = models.PositiveIntegerField(help_text="peak, bits a second")
    average_bandwidth = models.PositiveIntegerField()
    codecs = models.CharField(max_length=80)
    size_bytes = models.BigIntegerField()

    class Meta:
        ordering = [F("height").desc()]
        constraints = [models.UniqueConstraint(fields=["recording", "name"], name="one_rendition_a_name")]

    def __str__(self) -> str:
        return self.name


class Storyboard(models.Model):
    """Scrub previews: sheets of tiles, one tile every `interval` seconds."""

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, related_name="storyboard")
    sheet_keys = models.JSONField(default=list)
    interval = models.FloatField(help_text="seconds between tiles")
    columns = models.PositiveSmallIntegerField()
    rows = models.PositiveSmallIntegerField()
    tile_width = models.PositiveSmallIntegerField()
    tile_height = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.count} tiles"

    @property
    def plan(self) -> StoryboardPlan:
        """How its tiles lie."""
        shape = (self.columns, self.rows, self.tile_width, self.tile_height)
        return StoryboardPlan(self.interval, *shape, self.count)


class Screen(models.Model):
    """A frame kept until the text on it has been read."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="screens")
    at = models.FloatField(help_text="seconds")
    key = models.CharField(max_length=200)

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.at} s"


class ScreenText(models.Model):
    """Text that stood on the screen for a while, exactly as read; its box in parts of the picture, 0 to 1."""

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="screen_texts")
    start = models.FloatField(help_text="seconds")
    end = models.FloatField(help_text="seconds")
    left = models.FloatField()
    top = models.FloatField()
    width = models.FloatField()
    height = models.FloatField()
    text = models.TextField()
    confidence = models.FloatField(help_text="0 to 1, as the engine sees it")

    class Meta:
        ordering = ["start", "id"]

    def __str__(self) -> str:
        return self.text


class Leftover(models.Model):
    """A stored file, or a folder (its key ends in a slash), that its row let go of: written down in the same
    transaction, until it is removed."""

    key = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key


class Transcript(models.Model):
    """All cues of one recording by one engine; while `complete` is false, those heard so far."""

    recording = models.OneToOneField(Recording, on_delete=models.CASCADE, related_name="transcript")
    engine = models.CharField(max_length=30)
    model = models.CharField(max_length=200)
    language = models.CharField(max_length=8, blank=True)
    complete = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.engine} ({self.language})"


class Cue(models.Model):
    """Timed spoken text of caption length, as the engine heard it."""

    transcript = models.ForeignKey(Transcript, on_delete=models.CASCADE, related_name="cues")
    start = models.FloatField(help_text="seconds")
    end = models.FloatField(help_text="seconds")
    text = models.TextField()

    class Meta:
        ordering = ["start", "id"]

    def __str__(self) -> str:
        return self.text
