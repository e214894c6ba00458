"""A filled library, and what to compare of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.videolib import filled_library
from transcode.models import Job, State
from videolib.backup.tables import carried_tables, rows_of
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage

# What an import changes on purpose: nobody runs a job any more.
LET_GO = {"state": State.QUEUED, "claim": None, "lease_until": None, "worker": ""}


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row that is carried, by table."""
    return {table._meta.label: list(rows_of(table).values()) for table in carried_tables()}


def rows_let_go() -> dict[str, list[dict[str, Any]]]:
    """`rows`, as they are to be after an import."""
    found = rows()
    for job in found["transcode.Job"]:
        if job["state"] == State.RUNNING:
            job |= LET_GO
    return found


def without_waits(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """`rows` without the moment from which a job waits, which is that of the import."""
    jobs = [{**job, "not_before": None} if job["state"] == State.QUEUED else job for job in found["transcode.Job"]]
    return {**found, "transcode.Job": jobs}


def files() -> dict[str, str]:
    """The SHA-256 of every file in the storage."""
    storage = media_storage()
    return {each.name: digest_of(storage, each.name, each.size) for each in storage.list_objects()}


def digest_of(storage: Any, name: str, size: int) -> str:
    """Of one file."""
    return hashlib.sha256(b"".join(storage.read_range(name, 0, size))).hexdigest()


@pytest.fixture
def library(transactional_db: None, data_folder: Path) -> dict[str, Clip]:
    """A filled library."""
    return filled_library.fill()


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the export goes: no folder yet."""
    return tmp_path_factory.mktemp("backup") / "library"


@pytest.fixture
def empty(library: dict[str, Clip], data_folder: Path, settings: Any) -> Callable[[], None]:
    """`empty()`: from now on this is a new library, with a storage of its own."""

    def begin_anew() -> None:
        call_command("flush", interactive=False, verbosity=0)
        assert not Job.objects.exists()
        default = settings.STORAGES["default"]
        options = {**default["OPTIONS"], "location": str(data_folder / "new-media")}
        settings.MEDIA_ROOT = data_folder / "new-media"
        settings.STORAGES = {**settings.STORAGES, "default": {**default, "OPTIONS": options}}
        assert files() == {}

    return begin_anew


def manifest(place: Path) -> Any:
    """What the export at the place says of itself."""
    return json.loads((place / "manifest.json").read_text())


def exported_rows(place: Path) -> Path:
    """The folder with the rows of the export at the place."""
    return place / str(manifest(place)["folder"])


def run(command: str, *args: object) -> tuple[str, int]:
    """What a command prints, and its exit status. CommandError is raised."""
    out = StringIO()
    try:
        call_command(command, *map(str, args), stdout=out)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0
