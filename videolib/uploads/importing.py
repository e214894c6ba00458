"""Recordings taken in from folders: found, stored, followed to their end. `manage.py import_clips` prints it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from transcode.media.checksum import sha256_of
from transcode.models import Job, Recording, State, Step
from transcode.tasks import RUN
from videolib.accounts.models import User
from videolib.clips.models import Clip
from videolib.lib.queue import queues_served
from videolib.uploads.actions import UploadRefused, shown_name, spaced, take_file

# How often jobs are looked at, and how often workers, while waiting: seconds.
LOOK = 0.2
ASK_WORKERS = 15.0
LONGEST_ERROR = 300


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


@dataclass(frozen=True)
class Wish:
    """Whose the imported clips are, and how they are filed."""

    owner: User
    visibility: str = "private"
    tags: tuple[str, ...] = ()


def find_files(paths: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Every file to import as (name to print, path): files as given, folders walked in name order.

    Within a folder only regular files count, whatever they are called; a link might lead anywhere and is left alone.
    """
    for given in paths:
        path = Path(given)
        if path.is_dir():
            yield from _walk(given, path)
        else:
            yield given, path


def _walk(shown: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = os.path.join(shown, entry.name)  # noqa: PTH118 (as given: "./x" stays "./x")
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(name, Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield name, Path(entry.path)


def import_file(shown: str, file: Path, wish: Wish) -> Outcome:
    """Take one file in. Bad ones end as a sentence, never as an exception; the same bytes again find their clip."""
    try:
        if not file.is_file():
            return Outcome(shown, state="failed", error=_why_no_file(file))
        sha256 = sha256_of(file)
        known = Clip.objects.filter(owner=wish.owner, trashed_at=None, recording__sha256=sha256).order_by("pk").first()
        if known:
            return look(Outcome(shown, code=str(known.code), duplicate_of=str(known.code)))
        clip = take_file(
            file, by=wish.owner, title=title_of(file), visibility=wish.visibility, tags=wish.tags, sha256=sha256
        )
    except (UploadRefused, OSError) as error:
        return Outcome(shown, state="failed", error=_sentence(error))
    return Outcome(shown, code=str(clip.code))


def title_of(file: Path) -> str:
    """A title from a file's name: no extension, `_` and `-` as spaces."""
    return spaced(Path(shown_name(file)).stem)[:200] or "Untitled"


def look(outcome: Outcome) -> Outcome:
    """The outcome as the rows have it now."""
    recording = Recording.objects.filter(clips__code=outcome.code).first() if outcome.code else None
    if recording is None:
        return outcome
    jobs = {job.step: job for job in recording.jobs.all()}
    state = _state(recording, list(jobs.values()))
    failed = [job for job in jobs.values() if job.state == State.FAILED]
    ended = [job.ended_at for job in jobs.values() if job.ended_at]
    since = recording.created_at
    playable = (recording.playable_at - since).total_seconds() if recording.playable_at else None
    ready = (max(ended) - since).total_seconds() if state == "ready" and ended else None
    return replace(
        outcome,
        state=state,
        error=failed[0].error if state == "failed" and failed else None,
        warnings=tuple(job.error for job in failed) if recording.playable_at else (),
        seconds_to_playable=_rounded(playable),
        seconds_to_ready=_rounded(ready),
    )


def _state(recording: Recording, jobs: Sequence[Job]) -> str:
    if any(job.is_open for job in jobs):
        return "running" if any(job.state == State.RUNNING or job.attempt for job in jobs) else "queued"
    return "ready" if recording.playable_at else "failed"


def follow(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Each outcome as its work ends: all at once where workers do it, else one after the other, claimed and run here.

    `outcomes` is read as the work goes on: where this process does it, a file is taken in when the one before ended.
    """
    if {"media", "speech"} <= queues_served():
        yield from _as_they_end(list(outcomes))
    else:
        for outcome in outcomes:
            yield from _as_they_end([outcome])


def _as_they_end(outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    yield from (outcome for outcome in outcomes if outcome.is_over)
    waiting = [outcome for outcome in outcomes if not outcome.is_over]
    served, asked = frozenset[str](), float("-inf")
    while waiting:
        if time.monotonic() - asked > ASK_WORKERS:
            served, asked = queues_served(), time.monotonic()
        looked = [look(outcome) for outcome in waiting]
        yield from (outcome for outcome in looked if outcome.is_over)
        waiting = [outcome for outcome in looked if not outcome.is_over]
        if waiting and not _run_one(waiting, served):
            time.sleep(LOOK)


def _run_one(outcomes: Sequence[Outcome], served: frozenset[str]) -> bool:
    """Claim and run one job of these that no worker will take; False where there is none to run now."""
    codes = [outcome.code for outcome in outcomes if outcome.code]
    jobs = Job.objects.open().filter(recording__clips__code__in=codes).exclude(queue__in=served)
    return any(RUN[Step(job.step)](job.pk) for job in jobs.order_by("priority", "pk"))


def _why_no_file(file: Path) -> str:
    return "There is no such file." if not file.exists() else "This is not a regular file."


def _sentence(error: Exception) -> str:
    text = f"It cannot be read: {error.strerror}." if isinstance(error, OSError) and error.strerror else str(error)
    return text[:LONGEST_ERROR]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(seconds, 0.0), 3)
