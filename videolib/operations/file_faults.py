"""Files against rows: what is not there, is not what it was, or belongs to nobody.

Both lists may be longer than memory, so they are laid side by side in a temporary database of SQLite's own. The storage
is listed before the rows are read, and what looks wrong is asked for once more: people go on working meanwhile.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Q

from transcode.models import Recording
from transcode.stored import FOLDERS, StoredFile, folders_at_work, stored_files
from videolib.lib.storage import MediaStorage
from videolib.operations.faults import Fault, Kind
from videolib.uploads.models import Upload

# A file is stored before its row is written, by a step that may take hours: one that nobody names is only then an
# orphan when it is older.
GRACE = timedelta(days=1)
PIECE = 500
# What was made of the recording of that code.
MADE = re.compile(r"recordings/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")

_TABLES = """
PRAGMA journal_mode = OFF;
CREATE TABLE listed (key TEXT PRIMARY KEY, size INTEGER, changed_at REAL) WITHOUT ROWID;
CREATE TABLE named (key TEXT PRIMARY KEY, recording INTEGER, size INTEGER) WITHOUT ROWID;
"""
_WRONG = """
SELECT key, recording FROM named LEFT JOIN listed USING (key) WHERE listed.key IS NULL OR listed.size != named.size
"""
_NOBODYS = "SELECT key, listed.size FROM listed LEFT JOIN named USING (key) WHERE named.key IS NULL AND changed_at < ?"


@contextmanager
def side_by_side(storage: MediaStorage) -> Iterator[sqlite3.Connection]:
    """The two lists. An empty name is a database in a temporary file, which goes with the connection."""
    lists = sqlite3.connect("", isolation_level=None)
    try:
        lists.executescript(_TABLES)
        found = ((_as_text(each.name), each.size, each.changed_at.timestamp()) for each in storage.list_objects())
        lists.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?)", found)
        named = ((file.key, file.recording_id, file.size) for file in stored_files())
        lists.executemany("INSERT OR IGNORE INTO named VALUES (?, ?, ?)", named)
        yield lists
    finally:
        lists.close()


def _as_text(name: str) -> str:
    """A name on a disk may hold bytes that are no text; none of the library's own does."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def totals(lists: sqlite3.Connection) -> tuple[int, int]:
    """How many files the storage has, and how many bytes that is."""
    number, size = lists.execute("SELECT count(*), coalesce(sum(size), 0) FROM listed").fetchone()
    return number, size


def faults_in_files(
    lists: sqlite3.Connection, storage: MediaStorage, now: datetime, *, grace: timedelta = GRACE
) -> Iterator[Fault]:
    """Rows without their file, and files without a row that were put there longer than `grace` ago."""
    wrong = lists.execute(_WRONG)
    while rows := wrong.fetchmany(PIECE):
        yield from _look_again(storage, dict(rows))
    # Before it is asked once more what rows name: whoever ends in between stands in one of the two.
    held, at_work = _held(), folders_at_work()
    nobodys = lists.execute(_NOBODYS, [(now - grace).timestamp()])
    while piece := nobodys.fetchmany(PIECE):
        named = _named_now(key for key, _ in piece)
        for key, size in piece:
            is_coming = key in held or key.startswith(at_work)
            if not is_coming and key not in named and _is_there(storage, key):
                yield _nobodys(key, size)


def _look_again(storage: MediaStorage, rows: dict[str, int]) -> Iterator[Fault]:
    """A file may have been replaced since it was listed: what rows name now counts."""
    for file in stored_files(Recording.objects.filter(pk__in=set(rows.values()))):
        if file.key in rows:
            yield from _fault_of(storage, file)


def _fault_of(storage: MediaStorage, file: StoredFile) -> Iterator[Fault]:
    size = _size_of(storage, file.key)
    if size is None:
        yield Fault(Kind.MISSING, file.key, "A row names this file, and it is not there.", file.recording_id)
    elif file.size not in (None, size):
        what = f"It has {size} bytes, and had {file.size} when it came."
        yield Fault(Kind.OTHER_SIZE, file.key, what, file.recording_id)


def _size_of(storage: MediaStorage, key: str) -> int | None:
    try:
        return storage.size(key)
    except FileNotFoundError:
        return None


def _is_there(storage: MediaStorage, key: str) -> bool:
    """Strange ones are not asked for: only told, and maybe under a name that had to be written otherwise."""
    return not key.startswith(FOLDERS) or _size_of(storage, key) is not None


def _held() -> set[str]:
    """What an upload stored whose rows are still to be written."""
    return {upload.storage_key for upload in Upload.objects.open().only("code")}


def _named_now(keys: Iterable[str]) -> set[str]:
    """What rows name of these by now, whole recordings at a time: rows may have been written since they were read."""
    keys = list(keys)
    codes = {match[1] for match in map(MADE.match, keys) if match}
    of_them = Recording.objects.filter(Q(original_key__in=keys) | Q(code__in=codes))
    return {file.key for file in stored_files(of_them)}


def _nobodys(key: str, size: int) -> Fault:
    if key.startswith(FOLDERS):
        return Fault(Kind.ORPHAN, key, f"No row names this file ({size} bytes).")
    return Fault(Kind.STRANGE, key, f"It lies where the library keeps nothing ({size} bytes).")


def damaged_originals(
    storage: MediaStorage, *, after: int = 0, seconds: float | None = None
) -> Iterator[tuple[int, Fault | None]]:
    """Read originals from recording number `after` on, for so many seconds: each number, and what is wrong with it.

    One that is not there is not told: the list of files says so.
    """
    end = None if seconds is None else time.monotonic() + seconds
    originals = Recording.objects.filter(pk__gt=after).exclude(sha256="").order_by("pk")
    for pk, key, size, sha256 in originals.values_list("pk", "original_key", "size_bytes", "sha256").iterator(PIECE):
        yield pk, _damage(storage, StoredFile(key, pk, size, sha256))
        if end is not None and time.monotonic() > end:
            return


def _damage(storage: MediaStorage, file: StoredFile) -> Fault | None:
    hasher = hashlib.sha256()
    try:
        for piece in storage.read_range(file.key, 0, file.size or 0):
            hasher.update(piece)
    except FileNotFoundError:
        return None
    if hasher.hexdigest() == file.sha256:
        return None
    return Fault(
        Kind.DAMAGED, file.key, "Its bytes are not those that came; restore it from a backup.", file.recording_id
    )
