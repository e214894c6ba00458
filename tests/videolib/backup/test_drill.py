"""The restore drill: a filled library moves from SQLite and a disk into PostgreSQL and a bucket, and back, by commands
in processes of their own, each killed half way and run again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests import postgres
from tests.videolib.backup.conftest import exported_rows
from tests.videolib.room import Room

KILLED = -9
pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def drill(room: Room, name: str, *args: object, status: int = 0) -> str:
    """A function of drill.py, in that library."""
    return room.call("backup.drill", name, *args, status=status)


def told(room: Room) -> Any:
    """What this library holds."""
    return json.loads(drill(room, "told").splitlines()[-1])


@pytest.fixture(scope="module")
def bucket_server(moto: str) -> dict[str, str]:
    """The settings of an S3 protocol on a loopback socket."""
    return {
        "S3_ENDPOINT_URL": moto,
        "S3_PUBLIC_ENDPOINT_URL": "none",
        "S3_ACCESS_KEY_ID": "key",
        "S3_SECRET_ACCESS_KEY": "secret",
    }


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory, screen_file: Path) -> Room:
    """On SQLite and a disk: a library with everything in it."""
    room = Room(tmp_path_factory.mktemp("old"))
    room.manage("migrate", "--verbosity", 0)
    drill(room, "filled", screen_file)
    return room


@pytest.fixture
def new(tmp_path: Path, bucket_server: dict[str, str], needs: Callable[[str, bool], None]) -> Room:
    """On PostgreSQL and a bucket: empty."""
    needs("PostgreSQL", postgres.find_binaries() is not None)
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=bucket_server["S3_ENDPOINT_URL"], **keys)
    for name in ("media", "backup"):
        client.create_bucket(Bucket=name)
    room = Room(tmp_path / "new", {"DATABASE_URL": postgres.start(), "S3_BUCKET": "media", **bucket_server})
    room.manage("migrate", "--verbosity", 0)
    return room


@pytest.mark.long
def test_a_library_moves_there_and_back_killed_half_way_each_time(old: Room, new: Room, tmp_path: Path) -> None:
    before = told(old)
    assert before["faults"] == [] and before["originals_read"] == 6
    assert [before["played"][name] for name in ("signed in", "pages")] == [302, [200, 200, 200]]
    assert all(status == 206 for status, _ in before["played"]["renditions"].values())
    assert len(before["search"]["origin"]) == 1

    place = tmp_path / "export"
    drill(old, "killed", "export_library", "export", "take", 10, place, status=KILLED)
    assert "is not complete: it was cut off" in new.manage("import_library", place, status=1)
    copied = len([path for path in (place / "objects").rglob("*") if path.is_file()])
    assert 1 <= copied < len(before["files"])
    assert f"{len(before['files']) - copied} of them copied now" in old.manage("export_library", place)
    _cut_off(old, place)
    _move(place, new, before)

    # And back, by way of the bucket.
    address = "s3://backup/nightly/library"
    drill(new, "killed", "export_library", "export", "take", 10, address, status=KILLED)
    new.manage("export_library", address)
    _cut_off(new, address)
    back = Room(tmp_path / "back")
    back.manage("migrate", "--verbosity", 0)
    back.settings = {f"AWS_{name[3:]}": new.settings[name] for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")}
    back.settings["AWS_ENDPOINT_URL"] = new.settings["S3_ENDPOINT_URL"]
    _move(address, back, before)
    assert len(list(back.data.glob("media/**/*.mp4"))) == len(list(old.data.glob("media/**/*.mp4")))


def _cut_off(room: Room, place: object) -> None:
    """Exports to the same place that come to nothing: the one before must stay whole."""
    for name, calls in (("write_rows", 5), ("row_file", 5), ("digest_of_local", 1)):
        drill(room, "killed", "export_library", "export", name, calls, place, status=KILLED)


def _move(place: object, room: Room, before: Any) -> None:
    """Into that room, killed among the files, among the rows and among the clips for search."""
    for name, calls in (("take", 10), ("_fill", 7), ("index_clips", 1)):
        drill(room, "killed", "import_library", "restore", name, calls, place, status=KILLED)
    assert "0 of them copied now" in room.manage("import_library", place)
    after = told(room)
    for what in before:
        assert after[what] == before[what], what


def test_nobody_who_writes_waits_for_an_export_and_it_is_as_of_one_moment(old: Room, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(old.data, data)
    drill(Room(data), "written_meanwhile", tmp_path / "export")
    assert "written meanwhile" not in (exported_rows(tmp_path / "export") / "videolib.tag.jsonl").read_text()


def test_a_damaged_export_is_named_and_leaves_the_library_empty(old: Room, tmp_path: Path) -> None:
    place = tmp_path / "export"
    old.manage("export_library", place)
    original = next((place / "objects" / "originals").iterdir())
    original.write_bytes(b"x" + original.read_bytes()[1:])
    room = Room(tmp_path / "new")
    room.manage("migrate", "--verbosity", 0)
    assert f"originals/{original.name}" in room.manage("import_library", place, status=1)
    room.manage("create_user", "ada@example.com", "--role", "admin")
    assert "This library is not empty" in room.manage("import_library", place, status=1)
