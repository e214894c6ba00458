"""Whether there is room for one more job here and now: what it needs, against what the machine has. Pure.

Memory and processors are only a reason to wait while another job of ours runs here, so that nothing ever stands still
because something else fills the machine. A disk that is too small is a reason in any case: the job would fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transcode.machine import Room
from transcode.models import Job, Step

MB = 1024**2
# docs/performance.md: the worker's 70 MB and its largest child's; speech at its densest moment, with base weights.
MEMORY = {
    Step.INSPECT: 230 * MB,
    Step.MAKE_PLAYABLE: 140 * MB,
    Step.MAKE_RENDITIONS: 140 * MB,
    Step.TRANSCRIBE: 550 * MB,
    Step.READ_SCREEN: 750 * MB,
}
USUAL_MEMORY = 230 * MB
# Two dozen frames of 1.5 bytes in decoder, filters and look-ahead, and the smaller renditions as much again.
MEMORY_PER_PIXEL = 70
DRAWN = (Step.MAKE_PLAYABLE, Step.MAKE_RENDITIONS)
# With so many processes that want each processor one more only makes all of them slower.
FULL_LOAD = 16.0
# What is made takes 1.5 times the original's bytes in the mean.
TIMES_ORIGINAL = 2
LEAST_DISK = 64 * MB
SAMPLES_PER_SECOND = 64_000  # bytes of sound as speech engines want it
# So much of the disk is never planned with: database and broker write there too.
KEPT_FREE = 256 * MB


@dataclass(frozen=True)
class Needs:
    """Bytes of memory and of scratch space."""

    memory: int
    disk: int


@dataclass(frozen=True)
class Admission:
    """The room there is, the jobs that run here already, and whether originals are `fetched` from a bucket first."""

    room: Room
    running_here: Sequence[Job]
    fetched: bool

    def is_crowded_for(self, job: Job) -> bool:
        """Whether a job should wait until one of those that run here has ended."""
        is_full = self.room.memory < needs_of(job, fetched=self.fetched).memory or self.room.load > FULL_LOAD
        return is_full and bool(self.running_here)

    def lacks_space_for(self, job: Job) -> str:
        """Why a job cannot be done on this disk now, in a sentence; empty where it can."""
        promised = sum(needs_of(other, fetched=self.fetched).disk for other in self.running_here)
        needed, free = needs_of(job, fetched=self.fetched).disk, self.room.disk - KEPT_FREE - promised
        if needed <= free:
            return ""
        missing = (needed - free) // MB + 1
        return f"There is too little space to work in: {missing} MB more are needed where VIDEOLIB_DATA lies."


def needs_of(job: Job, *, fetched: bool) -> Needs:
    """What a job will take, as far as its recording is known."""
    step, recording = Step(job.step), job.recording
    is_drawn = step in DRAWN
    pixels = (recording.width or 0) * (recording.height or 0) if is_drawn else 0
    memory = MEMORY.get(step, USUAL_MEMORY) + pixels * MEMORY_PER_PIXEL
    copies = fetched + (TIMES_ORIGINAL if is_drawn else 0)
    samples = int(SAMPLES_PER_SECOND * (recording.duration or 0)) if step == Step.TRANSCRIBE else 0
    return Needs(memory, copies * recording.size_bytes + samples + LEAST_DISK)
