"""A library taken in from an export: `manage.py import_library`.

Files first, each by its hash, then all rows in one transaction, then search. Whatever ends it, the same command goes
on: files that are there and right are not copied again, and there are no rows until there are all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, transaction

from transcode.actions import let_go_of_all
from videolib.accounts.models import Invitation
from videolib.backup.export import AT_ONCE, FORMAT, OTHER_FORMAT, PIECE, Tell, library_id, migrations, say_nothing
from videolib.backup.place import (
    MANIFEST,
    OBJECTS,
    BackupError,
    Place,
    digest,
    digest_of_local,
    object_list,
    row_file,
    take,
)
from videolib.backup.tables import Table, carried_tables, count_on, read_rows, rows_of
from videolib.clips.actions import index_clips
from videolib.clips.models import Clip
from videolib.lib.rows import insert_rows
from videolib.lib.storage import MediaStorage, media_storage
from videolib.search.backends import get_backend

NO_EXPORT = "{} holds no export of a library: there is no manifest.json."
INCOMPLETE = (
    "The export at {} is not complete: it was cut off. Run export_library with the same place again; it goes on."
)
NEWER = "The export was made by a newer videolib: this one does not know {}. Install that one here, then import."
OLDER = (
    "The export was made by an older videolib: it lacks {}. Check out the version it was made by, import there, and "
    "upgrade then as usual; or export again from the library, upgraded."
)
NOT_EMPTY = (
    "This library is not empty ({}). An export goes into a new one: name an empty VIDEOLIB_DATA, or an empty database."
)
DAMAGED = (
    "Nothing was imported: at {} are files that are damaged or missing. Copy them there anew, or export again.\n{}"
)
ROWS_DAMAGED = "Nothing was imported: {} is not what was exported. Export again."
REFUSED = "Nothing was imported: the database refuses rows of {} ({})."
# So many are named.
MOST_NAMED = 50
# So many clips a transaction: nobody else waits, as beside `reindex`, and each holds a lock.
CLIPS_AT_ONCE = 100

Bring = Callable[[Place, MediaStorage, dict[str, Any]], bool | None]


@dataclass
class Imported:
    """What was taken in. `missing` are keys of files that the library did not have when it was exported."""

    as_of: str
    rows: int = 0
    files: int = 0
    copied: int = 0
    missing: list[str] = field(default_factory=list)


def import_library(place: Place, *, tell: Tell = say_nothing) -> Imported:
    """Take in the export at `place`, into an empty library. BackupError when it cannot be: then no row was written."""
    manifest = read_manifest(place)
    tables = carried_tables()
    rows = sum(each["rows"] for each in manifest["tables"].values())
    result = Imported(as_of=manifest["begun_at"], missing=manifest["missing"], rows=rows)
    if not _is_in(manifest, tables):
        refuse_unless_empty(tables)
        _bring_files(place, manifest, result, tell)
        _write_rows(place, manifest, tables, tell)
    _index(tell)
    return result


def read_manifest(place: Place) -> dict[str, Any]:
    """What the export says of itself. BackupError where it cannot be taken in here."""
    manifest: dict[str, Any] | None = place.read_json(MANIFEST)
    if manifest is None:
        raise BackupError(NO_EXPORT.format(place.address))
    if manifest["format"] != FORMAT:
        raise BackupError(OTHER_FORMAT.format(place.address))
    if not manifest["complete"]:
        raise BackupError(INCOMPLETE.format(place.address))
    theirs, ours = (
        {(app, name) for app in each for name in each[app]} for each in (manifest["migrations"], migrations())
    )
    if unknown := theirs - ours:
        raise BackupError(NEWER.format(_named(unknown)))
    if lacking := ours - theirs:
        raise BackupError(OLDER.format(_named(lacking)))
    return manifest


def _named(migrations: set[tuple[str, str]]) -> str:
    return ", ".join(f"{app} {name}" for app, name in sorted(migrations)[:3])


def refuse_unless_empty(tables: list[Table]) -> None:
    """BackupError where anybody has used the library. The link to its first administrator is no use of it."""
    for table in tables:
        rows = table._base_manager.all()
        if table is Invitation:
            rows = rows.exclude(created_by=None)
        if number := rows.count():
            raise BackupError(NOT_EMPTY.format(f"{number} rows of {table._meta.label}"))


def _is_in(manifest: dict[str, Any], tables: list[Table]) -> bool:
    """Whether an import of this very export got as far as its rows: then search is what is left to do."""
    if not manifest["library"] or manifest["library"] != library_id():
        return False
    return all(rows_of(table).count() == manifest["tables"][table._meta.label]["rows"] for table in tables)


@contextmanager
def _whole(place: Place, name: str, sha256: str) -> Iterator[Path]:
    """A file at the place as a local one, where it is what was exported."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(place.opened(name))
        except FileNotFoundError as error:
            raise BackupError(ROWS_DAMAGED.format(name)) from error
        if digest_of_local(file) != sha256:
            raise BackupError(ROWS_DAMAGED.format(name))
        yield file


# --- Files ----------------------------------------------------------------------------------------------------------


def _bring_files(place: Place, manifest: dict[str, Any], result: Imported, tell: Tell) -> None:
    bad: list[str] = []
    with _whole(place, object_list(manifest["folder"]), manifest["files"]["sha256"]) as file:
        for key, was_copied in _brought(place, file, _bring if manifest["with_files"] else _find):
            result.files += 1
            result.copied += was_copied is True
            bad += [key] if was_copied is None else []
            tell("files", result.files, manifest["files"]["number"])
    if bad:
        raise BackupError(DAMAGED.format(place.address, "\n".join(bad[:MOST_NAMED])))


def _brought(place: Place, file: Path, bring: Bring) -> Iterator[tuple[str, bool | None]]:
    """Each file of the list: its key, and what `bring` says of it."""
    with ThreadPoolExecutor(AT_ONCE) as threads, file.open("rb") as lines:
        while piece := [json.loads(line) for line in islice(lines, PIECE)]:
            came = threads.map(partial(bring, place, media_storage()), piece)
            yield from zip((each["key"] for each in piece), came, strict=True)


def _bring(place: Place, storage: MediaStorage, listed: dict[str, Any]) -> bool | None:
    """A file into the storage: whether it had to be copied; None where it is not what was exported."""
    key, wanted = listed["key"], (listed["size"], listed["sha256"])
    if _is_there(storage, key, wanted):
        return False
    try:
        file, *found = take(place.storage, f"{OBJECTS}/{key}", place.scratch)
    except FileNotFoundError:
        return None
    if tuple(found) != wanted:
        file.unlink()
        return None
    storage.adopt(file, key)
    return True


def _is_there(storage: MediaStorage, key: str, wanted: tuple[int, str]) -> bool:
    try:
        return storage.size(key) == wanted[0] and digest(storage, key) == wanted
    except FileNotFoundError:
        return False


def _find(_place: Place, storage: MediaStorage, listed: dict[str, Any]) -> bool | None:
    """An export without files: whether the file stands in the storage, as it is to stay there."""
    try:
        size = storage.size(listed["key"])
    except FileNotFoundError:
        return None
    return False if listed["size"] in (None, size) else None


# --- Rows -----------------------------------------------------------------------------------------------------------


def _write_rows(place: Place, manifest: dict[str, Any], tables: list[Table], tell: Tell) -> None:
    with transaction.atomic():
        # Again: this transaction is all or nothing.
        refuse_unless_empty(tables)
        Invitation.objects.from_nobody().delete()
        for number, table in enumerate(tables):
            tell("tables", number, len(tables))
            _fill(place, table, manifest)
        let_go_of_all()
        count_on(tables)
        connection.check_constraints()
    tell("tables", len(tables), len(tables))


def _fill(place: Place, table: Table, manifest: dict[str, Any]) -> None:
    label = table._meta.label
    with _whole(place, row_file(manifest["folder"], label), manifest["tables"][label]["sha256"]) as file:
        try:
            insert_rows(table, table._meta.concrete_fields, read_rows(table, file))
        except DatabaseError as error:
            raise BackupError(REFUSED.format(label, str(error).strip())) from error


def _index(tell: Tell) -> None:
    """Make every clip findable, in transactions of a few: one of all would hold a lock a clip."""
    wanted = set(Clip.objects.filter(trashed_at=None).values_list("pk", flat=True)) - get_backend().known_ids()
    waiting = iter(sorted(wanted))
    done = 0
    while piece := list(islice(waiting, CLIPS_AT_ONCE)):
        index_clips(piece)
        done += len(piece)
        tell("clips for search", done, len(wanted))
