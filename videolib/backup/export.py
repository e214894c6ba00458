"""A library written down elsewhere while people use it: `manage.py export_library`.

First the rows, all as of one moment; then every file that those rows name; the manifest last, and only then goes what
it does not name. Files never change once stored, so what is at the place already is not copied again: an export that
was cut off goes on where it was, and leaves the one before as whole as it was.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from transcode.stored import stored_files
from videolib.accounts.models import User
from videolib.backup.place import (
    MANIFEST,
    OBJECTS,
    ROWS,
    SCRATCH,
    BackupError,
    Place,
    digest,
    digest_of_local,
    object_list,
    row_file,
    take,
)
from videolib.backup.tables import carried_tables, one_moment, rows_under_way, write_rows
from videolib.lib.storage import MediaStorage, media_storage

FORMAT = 2
# Files on their way at a time: what holds a bucket up is the way there and back, not the bytes.
AT_ONCE = 8
PIECE = 200
# A rendition that is replaced while it waits to be copied is gone: then the rows are read once more.
PASSES = 3
# So many are named in the manifest.
MOST_NAMED = 1000

NOT_OURS = "{} is not empty, and holds no export of this library; name an empty place, or remove what is there."
OTHER_FORMAT = (
    "The export at {} was made by another version of videolib: only that one takes it in. Export to an empty place."
)
ANOTHERS = "{} holds the export of another library; name another place, or remove what is there."
WARNING = "In it are hashes of passwords and everybody's private clips: keep it as the library itself."

# Called with what is being done, how much of it is done, and how much there is.
Tell = Callable[[str, int, int], None]


def say_nothing(_what: str, _done: int, _all: int) -> None:
    """For whoever waits silently."""


@dataclass
class Exported:
    """What was carried. `missing` and `damaged` are keys of files: not in the library, or no more what came."""

    rows: int = 0
    files: int = 0
    size_bytes: int = 0
    copied: int = 0
    under_way: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


# `wanted`: what rows name, with the SHA-256 of originals. `there`: what lies at the place. `known`: what the list of an
# earlier export says of it. `done`: what is there now, and is right.
_LISTS = """
PRAGMA journal_mode = OFF;
CREATE TABLE wanted (key TEXT PRIMARY KEY, size INTEGER, sha256 TEXT) WITHOUT ROWID;
CREATE TABLE there (key TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID;
CREATE TABLE known (key TEXT PRIMARY KEY, size INTEGER, sha256 TEXT) WITHOUT ROWID;
CREATE TABLE done (key TEXT PRIMARY KEY, size INTEGER, sha256 TEXT) WITHOUT ROWID;
"""
_TRUST = """
INSERT OR IGNORE INTO done SELECT key, known.size, known.sha256
FROM known JOIN there USING (key, size) JOIN wanted USING (key) WHERE known.sha256 != ''
"""
_TO_DO = """
SELECT key, coalesce(nullif(wanted.sha256, ''), known.sha256, ''), there.size
FROM wanted LEFT JOIN there USING (key) LEFT JOIN known USING (key) WHERE key NOT IN (SELECT key FROM done)
"""
_CARRIED = "SELECT key, done.size, done.sha256 FROM done JOIN wanted USING (key) ORDER BY key"
_NAMED = "SELECT key, size, sha256 FROM wanted ORDER BY key"
_DAMAGED = "SELECT key FROM done JOIN wanted USING (key) WHERE wanted.sha256 NOT IN ('', done.sha256) ORDER BY key"
_STALE = "SELECT key FROM there WHERE key NOT IN (SELECT key FROM wanted)"


def export_library(
    place: Place, *, with_files: bool = True, verify: bool = False, tell: Tell = say_nothing
) -> Exported:
    """Write the library down at `place`, or bring up to date what is there. BackupError when it cannot be.

    With `verify` what is there already is read and hashed again. Without files the export is good for a library that
    keeps its storage.
    """
    before, folder, begun_at = _refuse_others(place), f"{ROWS}/{uuid4().hex}", timezone.now().isoformat()
    begun = {"format": FORMAT, "complete": False, "library": library_id(), "begun_at": begun_at, "folder": folder}
    if not (before and before["complete"]):
        place.switch(begun)
    _remove_rows(place, but_for=before["folder"] if before else "")
    with closing(sqlite3.connect("", isolation_level=None)) as lists:
        lists.executescript(_LISTS)
        export = _Export(place, folder, lists, tell, with_files=with_files)
        export.look(before, verify=verify)
        export.write()
        place.switch(begun | export.manifest())
        export.remove_stale()
    _remove_rows(place, but_for=folder)
    return export.result


def library_id() -> str:
    """What one library is known by, wherever it moves: its first person. Empty in an empty one."""
    code = User.objects.order_by("pk").values_list("code", flat=True).first()
    return str(code) if code else ""


def migrations() -> dict[str, list[str]]:
    """What has been applied, by app: rows fit a library of the very same."""
    apps = {table._meta.app_label for table in carried_tables()}
    applied = sorted(MigrationRecorder(connection).applied_migrations())
    return {app: [name for of, name in applied if of == app] for app in sorted(apps)}


def _refuse_others(place: Place) -> dict[str, Any] | None:
    """What the place says of the export in it, ours; None where it is empty."""
    manifest: dict[str, Any] | None = place.read_json(MANIFEST)
    if manifest is None:
        if next((each for each in place.storage.list_objects() if not each.name.startswith(SCRATCH)), None):
            raise BackupError(NOT_OURS.format(place.address))
    elif manifest.get("format") != FORMAT:
        raise BackupError(OTHER_FORMAT.format(place.address))
    elif manifest["library"] not in ("", library_id()):
        raise BackupError(ANOTHERS.format(place.address))
    return manifest


def _remove_rows(place: Place, *, but_for: str) -> None:
    """Those of earlier exports, and of what was cut off."""
    folders = {"/".join(each.name.split("/")[:2]) for each in place.storage.list_objects(ROWS)}
    for folder in folders - {but_for}:
        place.storage.delete_folder(folder)


class _Export:
    """One run: what is wanted and what is there, in the two lists, and what came of it."""

    def __init__(self, place: Place, folder: str, lists: sqlite3.Connection, tell: Tell, *, with_files: bool) -> None:
        self.place, self.folder, self.lists, self.tell, self.with_files = place, folder, lists, tell, with_files
        self.tables: dict[str, dict[str, Any]] = {}
        self.list_sha256 = ""
        self.verify = False
        self.result = Exported()

    def look(self, before: dict[str, Any] | None, *, verify: bool) -> None:
        """What is there already, and what the export before knew of it."""
        self.verify = verify
        if not self.with_files:
            return
        listed = ((each.name.partition("/")[2], each.size) for each in self.place.storage.list_objects(OBJECTS))
        self.lists.executemany("INSERT INTO there VALUES (?, ?)", listed)
        if not before:
            return
        known = object_list(before["folder"])
        with suppress(FileNotFoundError), self.place.opened(known) as file, file.open("rb") as lines:
            rows = (json.loads(line) for line in lines)
            self.lists.executemany("INSERT INTO known VALUES (:key, :size, :sha256)", rows)

    def write(self) -> None:
        """Rows, then files; rows once more where files went while they were copied."""
        missing: list[str] = []
        for _ in range(PASSES):
            self._write_rows()
            before, missing = missing, self._copy_files() if self.with_files else []
            if missing in ([], before):
                break
        self.result.missing = missing
        self.result.damaged = [key for (key,) in self.lists.execute(_DAMAGED)]
        self._write_list()

    def _write_rows(self) -> None:
        tables, files = carried_tables(), {}
        with one_moment():
            for number, table in enumerate(tables):
                self.tell("tables", number, len(tables))
                label, file = table._meta.label, self.place.scratch / uuid4().hex
                self.tables[label], files[label] = write_rows(table, file), file
            self.result.under_way = rows_under_way()["videolib.Upload"]
            self.lists.execute("DELETE FROM wanted")
            wanted = ((each.key, each.size, each.sha256) for each in stored_files())
            self.lists.executemany("INSERT OR IGNORE INTO wanted VALUES (?, ?, ?)", wanted)
        self.tell("tables", len(tables), len(tables))
        # Bytes move outside the transaction.
        for label, file in files.items():
            self.place.storage.adopt(file, row_file(self.folder, label))
        self.result.rows = sum(table["rows"] for table in self.tables.values())

    def _copy_files(self) -> list[str]:
        """Those that are not there yet. Returns the keys of what the library itself does not have."""
        if not self.verify:
            self.lists.execute(_TRUST)
        total, done = (self.lists.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("wanted", "done"))
        missing: list[str] = []
        for copied in self._copies():
            if copied.sha256:
                self.lists.execute("INSERT INTO done VALUES (?, ?, ?)", (copied.key, copied.size, copied.sha256))
                self.result.copied += copied.moved
            else:
                missing.append(copied.key)
            done += 1
            self.tell("files", done, total)
        return missing

    def _copies(self) -> Iterator[_Copied]:
        copy = partial(_copy, media_storage(), self.place)
        to_do = self.lists.execute(_TO_DO)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            while piece := to_do.fetchmany(PIECE):
                yield from threads.map(copy, *zip(*piece, strict=True))

    def _write_list(self) -> None:
        file = self.place.scratch / uuid4().hex
        with file.open("w") as lines:
            for key, size, sha256 in self.lists.execute(_CARRIED if self.with_files else _NAMED):
                lines.write(json.dumps({"key": key, "size": size, "sha256": sha256}, ensure_ascii=False) + "\n")
                self.result.files += 1
                self.result.size_bytes += size or 0
        self.list_sha256 = digest_of_local(file)
        self.place.storage.adopt(file, object_list(self.folder))

    def manifest(self) -> dict[str, Any]:
        """What is said once all is there."""
        result = self.result
        return {
            "complete": True,
            "ended_at": timezone.now().isoformat(),
            "warning": WARNING,
            "site": settings.SITE_URL,
            "with_files": self.with_files,
            "files": {"number": result.files, "size_bytes": result.size_bytes, "sha256": self.list_sha256},
            "missing": result.missing[:MOST_NAMED],
            "damaged": result.damaged[:MOST_NAMED],
            "uploads_under_way": result.under_way,
            "tables": self.tables,
            "migrations": migrations(),
        }

    def remove_stale(self) -> None:
        """Files of an earlier export that no row names any more: who deleted a clip wants it gone here, too."""
        for (key,) in self.lists.execute(_STALE).fetchall():
            self.place.storage.delete(f"{OBJECTS}/{key}")


@dataclass(frozen=True)
class _Copied:
    """A file at the place. Without `sha256` the library does not have it; `moved` says that it was not there before."""

    key: str
    size: int = 0
    sha256: str = ""
    moved: bool = False


def _copy(storage: MediaStorage, place: Place, key: str, expected: str, there: int | None) -> _Copied:
    """What is there stays when its hash is the one expected, or it has the size and no hash is known: also where the
    library itself has lost it, or half of it."""
    name = f"{OBJECTS}/{key}"
    try:
        if there is not None and (expected or there == storage.size(key)):
            size, sha256 = digest(place.storage, name)
            if expected in ("", sha256):
                return _Copied(key, size, sha256)
        file, size, sha256 = take(storage, key, place.scratch)
    except FileNotFoundError:
        return _Copied(key)
    place.storage.adopt(file, name)
    return _Copied(key, size, sha256, moved=True)
