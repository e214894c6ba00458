"""Recordings taken in from folders: found, and stored as clips. `following.py` waits for them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from transcode.actions import try_again
from transcode.claim import OUR_FAULT
from transcode.media.checksum import sha256_of
from transcode.models import Recording, State
from videolib.accounts.models import User
from videolib.clips.models import Clip
from videolib.uploads.actions import UploadRefused, shown_name, spaced, take_file
from videolib.uploads.following import Outcome, look

log = logging.getLogger(__name__)

LONGEST_ERROR = 300


@dataclass(frozen=True)
class Wish:
    """Whose the imported clips are, and how they are filed."""

    owner: User
    visibility: str = "private"
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """Something to import: the name to print, where it is, and what was in the way when it could not be looked at."""

    shown: str
    path: Path
    problem: OSError | None = None


def find_files(paths: Iterable[str]) -> Iterator[Found]:
    """Every file to import: files as given, folders walked in name order; a folder that cannot be read is named once.

    Within a folder only regular files count, whatever they are called; a link might lead anywhere and is left alone.
    """
    # A stack, not recursion: folders may lie deeper in each other than functions may.
    waiting = [Found(given, Path(given)) for given in paths][::-1]
    while waiting:
        found = waiting.pop()
        try:
            if found.path.is_dir():
                waiting += reversed(_inside(found))
                continue
        except OSError as error:
            found = replace(found, problem=error)
        yield found


def _inside(folder: Found) -> list[Found]:
    with os.scandir(folder.path) as entries:
        kept = [
            entry for entry in entries if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)
        ]
    kept.sort(key=lambda entry: entry.name)
    # Joined as text: what was given as "./x" stays "./x".
    return [Found(os.path.join(folder.shown, entry.name), Path(entry.path)) for entry in kept]  # noqa: PTH118


def import_file(found: Found, wish: Wish) -> Outcome:
    """Take one file in. Bad ones end as a sentence, never as an exception; the same bytes again find their clip."""
    try:
        if found.problem:
            raise found.problem
        return _take_in(found.shown, found.path, wish)
    except (UploadRefused, OSError) as error:
        return Outcome(found.shown, state="failed", error=_sentence(error))
    except Exception:
        log.exception("%r was not imported", found.shown)
        return Outcome(found.shown, state="failed", error=OUR_FAULT)


def _take_in(shown: str, file: Path, wish: Wish) -> Outcome:
    if not file.is_file():
        return Outcome(shown, state="failed", error=_why_no_file(file))
    sha256 = sha256_of(file)
    # What lies in the trash is not looked at: who imports it again wants a clip, and gets a new one of the same bytes.
    standing = Clip.objects.select_related("recording").filter(owner=wish.owner, trashed_at=None)
    known = standing.filter(recording__sha256=sha256).order_by("pk").first()
    if known and known.recording:
        _give_another_chance(known.recording)
        return look(Outcome(shown, code=str(known.code), duplicate_of=str(known.code)))
    clip = take_file(
        file, by=wish.owner, title=title_of(file), visibility=wish.visibility, tags=wish.tags, sha256=sha256
    )
    return Outcome(shown, code=str(clip.code))


def _give_another_chance(recording: Recording) -> None:
    """What failed on our side may work today: importing the same file again is how people say "try again"."""
    if recording.playable_at is None and recording.jobs.filter(state=State.FAILED, may_retry=True).exists():
        try_again(recording)


def title_of(file: Path) -> str:
    """A title from a file's name: no extension, `_` and `-` as spaces."""
    return spaced(Path(shown_name(file)).stem)[:200] or "Untitled"


def _why_no_file(file: Path) -> str:
    return "There is no such file." if not file.exists() else "This is not a regular file."


def _sentence(error: Exception) -> str:
    text = f"It cannot be read: {error.strerror}." if isinstance(error, OSError) and error.strerror else str(error)
    return text[:LONGEST_ERROR]
