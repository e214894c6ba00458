"""One contract for every place media can be kept: a folder, a real S3 protocol, a service that checks signatures."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from django.core.exceptions import SuspiciousFileOperation

from stack.swift import Swift
from videolib.lib.storage import PIECE, DiskStorage, MediaStorage

BYTES = bytes(range(256)) * 3000  # three pieces
ROOT = Path(__file__).resolve().parents[3]
# How much more memory a process took at most than before: to put a large file into the bucket, and to read it.
UP_AND_DOWN = """
import json, resource, sys
from pathlib import Path
from django.conf import settings
settings.configure()
from videolib.lib.bucket import BucketStorage
bucket, file, service = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
storage = BucketStorage(bucket_name=bucket, region_name="us-east-1", addressing_style="path", **service)
storage.trouble()
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
storage.adopt(file, "large")
after_up = peak()
read = sum(len(piece) for piece in storage.read_range("large", 1, 160 * 1024**2))
assert read == 160 * 1024**2 - 1
print(json.dumps({"up": after_up - before, "down": peak() - after_up}))
"""


class StorageContract:
    """What the library asks of a storage. Subclasses give a fixture `storage` that is empty."""

    @pytest.fixture
    def put(self, storage: MediaStorage, tmp_path: Path) -> Any:
        """`put("a/b.mp4", b"…")`: stored by adopting a local file."""

        def make(name: str, content: bytes = BYTES) -> Path:
            file = tmp_path / f"local-{uuid4()}"
            file.write_bytes(content)
            storage.adopt(file, name)
            return file

        return make

    def test_an_adopted_file_is_stored_whole_and_gone_locally(self, storage: MediaStorage, put: Any) -> None:
        local = put("recordings/one/720.mp4")
        assert storage.size("recordings/one/720.mp4") == len(BYTES)
        assert b"".join(storage.read_range("recordings/one/720.mp4", 0, len(BYTES))) == BYTES
        assert not local.exists()

    def test_adopting_again_replaces_what_was_there(self, storage: MediaStorage, put: Any) -> None:
        put("a", b"old")
        put("a", b"newer")
        assert b"".join(storage.read_range("a", 0, 100)) == b"newer"

    def test_a_missing_local_file_is_not_adopted(self, storage: MediaStorage, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            storage.adopt(tmp_path / "nothing", "a")
        with pytest.raises(FileNotFoundError):
            storage.size("a")

    def test_a_storage_that_is_well_says_nothing(self, storage: MediaStorage) -> None:
        assert storage.trouble() == ""

    @pytest.mark.parametrize(
        ("start", "length"),
        [(0, 1), (0, 10), (5, 10), (PIECE - 1, 2), (PIECE, PIECE + 1), (len(BYTES) - 1, 1), (1, len(BYTES) - 1)],
    )
    def test_a_range_is_exactly_those_bytes(self, storage: MediaStorage, put: Any, start: int, length: int) -> None:
        put("a")
        pieces = list(storage.read_range("a", start, length))
        assert b"".join(pieces) == BYTES[start : start + length]
        assert max(map(len, pieces)) <= PIECE

    @pytest.mark.parametrize(("start", "length"), [(10, 0), (3, 100), (100, 5)])
    def test_a_range_ends_where_the_file_ends(self, storage: MediaStorage, put: Any, start: int, length: int) -> None:
        put("a", b"0123456789")
        assert b"".join(storage.read_range("a", start, length)) == b"0123456789"[start : start + length]

    def test_an_empty_file_has_no_bytes(self, storage: MediaStorage, put: Any) -> None:
        put("empty", b"")
        assert storage.size("empty") == 0
        assert list(storage.read_range("empty", 0, 10)) == []

    def test_a_missing_file_is_said_before_the_first_byte(self, storage: MediaStorage, tmp_path: Path) -> None:
        for ask in (
            lambda: storage.read_range("none", 0, 10),
            lambda: storage.read_range("none", 0, 0),
            lambda: storage.size("none"),
            lambda: storage.fetch("none", tmp_path),
        ):
            with pytest.raises(FileNotFoundError):
                ask()

    def test_a_reader_that_leaves_half_way_hinders_nobody(self, storage: MediaStorage, put: Any) -> None:
        put("a")
        for _ in range(30):  # more than a connection pool holds
            storage.read_range("a", 0, len(BYTES)).close()  # type: ignore[attr-defined]
            reader = iter(storage.read_range("a", 0, len(BYTES)))
            next(reader)
            reader.close()  # type: ignore[attr-defined]
        assert b"".join(storage.read_range("a", 0, 4)) == BYTES[:4]

    def test_a_fetched_file_is_local(self, storage: MediaStorage, put: Any, tmp_path: Path) -> None:
        put("recordings/one/original")
        assert storage.fetch("recordings/one/original", tmp_path).read_bytes() == BYTES

    def test_deleting_is_done_once_and_may_be_asked_twice(self, storage: MediaStorage, put: Any) -> None:
        put("a")
        storage.delete("a")
        storage.delete("a")
        with pytest.raises(FileNotFoundError):
            storage.size("a")

    def test_a_folder_goes_with_all_in_it_and_nothing_beside_it(self, storage: MediaStorage, put: Any) -> None:
        for name in ("recordings/1/a.mp4", "recordings/1/b/c.jpg", "recordings/11/a.mp4", "recordings/1.txt"):
            put(name, b"x")
        storage.delete_folder("recordings/1")
        storage.delete_folder("recordings/none")
        for name in ("recordings/1/a.mp4", "recordings/1/b/c.jpg"):
            with pytest.raises(FileNotFoundError):
                storage.size(name)
        assert storage.size("recordings/11/a.mp4") == storage.size("recordings/1.txt") == 1

    @pytest.mark.parametrize("prefix", ["", "/", ".", "./"])
    def test_the_whole_storage_is_no_folder_to_delete(self, storage: MediaStorage, put: Any, prefix: str) -> None:
        put("a", b"x")
        with pytest.raises(ValueError, match="whole storage"):
            storage.delete_folder(prefix)
        assert storage.size("a") == 1

    def test_every_file_is_listed_with_its_size_and_when_it_came(self, storage: MediaStorage, put: Any) -> None:
        before = datetime.now(UTC) - timedelta(seconds=2)  # buckets tell whole seconds
        for name in ("originals/a", "recordings/1/b/c.jpg", "recordings/11/d e.mp4"):
            put(name, b"x" * len(name))
        listed = {each.name: each for each in storage.list_objects()}
        assert {name: each.size for name, each in listed.items()} == {name: len(name) for name in listed}
        assert set(listed) == {"originals/a", "recordings/1/b/c.jpg", "recordings/11/d e.mp4"}
        assert all(before < each.changed_at < before + timedelta(minutes=1) for each in listed.values())
        assert [each.name for each in storage.list_objects("recordings/1")] == ["recordings/1/b/c.jpg"]
        assert list(storage.list_objects("nothing")) == []

    def test_a_file_that_is_old_when_it_comes_is_new_here(self, storage: MediaStorage, tmp_path: Path) -> None:
        file = tmp_path / "old"
        file.write_bytes(b"x")
        os.utime(file, (0, 0))
        storage.adopt(file, "a")
        assert next(storage.list_objects()).changed_at > datetime.now(UTC) - timedelta(minutes=1)

    def test_no_name_leads_out_of_the_storage(self, storage: MediaStorage) -> None:
        with pytest.raises((SuspiciousFileOperation, FileNotFoundError)):
            storage.size("../../../../../../etc/passwd")


class TestDisk(StorageContract):
    """A folder."""

    @pytest.fixture
    def storage(self, tmp_path: Path) -> MediaStorage:
        """An empty one."""
        return DiskStorage(location=str(tmp_path / "media"), base_url=None, file_permissions_mode=0o640)

    def test_stored_files_are_not_for_everybody(self, storage: DiskStorage, put: Any) -> None:
        put("a")
        assert Path(storage.path("a")).stat().st_mode & 0o777 == 0o640

    def test_from_another_disk_all_comes_or_nothing_changes(
        self, storage: DiskStorage, put: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put("a", b"before")
        _part_disks(monkeypatch)
        with monkeypatch.context() as full, pytest.raises(OSError, match="No space"):
            full.setattr(shutil, "copyfile", _fill)
            put("a", b"after")
        assert b"".join(storage.read_range("a", 0, 10)) == b"before"
        assert [each.name for each in storage.list_objects()] == ["a"]
        local = put("a", b"after")
        assert (b"".join(storage.read_range("a", 0, 10)), local.exists()) == (b"after", False)

    def test_fetching_copies_nothing(self, storage: DiskStorage, put: Any, tmp_path: Path) -> None:
        put("a")
        assert storage.fetch("a", tmp_path / "elsewhere") == Path(storage.path("a"))

    @pytest.mark.parametrize("is_elsewhere", [False, True])
    def test_what_is_stored_outlives_the_power(
        self, storage: DiskStorage, put: Any, monkeypatch: pytest.MonkeyPatch, is_elsewhere: bool
    ) -> None:
        """Before anybody writes a row that names it: its bytes, its name, and those of the folders made for it."""
        through: list[Path] = []
        monkeypatch.setattr(os, "fsync", lambda handle: through.append(Path(f"/proc/self/fd/{handle}").readlink()))
        if is_elsewhere:
            _part_disks(monkeypatch)
        local = put("originals/one")
        stored = Path(storage.path("originals/one"))
        copied = [stored.with_name("one.part")] if is_elsewhere else []
        assert through == [local, *copied, stored.parent, stored.parent.parent]
        assert stored.read_bytes() == BYTES and not local.exists()


def _part_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on each folder lies on a disk of its own."""
    replace = os.replace

    def within_one(file: Path, target: Path) -> None:
        if file.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(file, target)

    monkeypatch.setattr(os, "replace", within_one)


def _fill(_: Path, target: Path) -> None:
    target.write_bytes(b"ha")
    raise OSError(errno.ENOSPC, "No space left on device")


class TestBucket(StorageContract):
    """A bucket, as the settings make it: endpoint, keys, path-style addresses."""

    @pytest.fixture
    def service(self, moto: str) -> dict[str, str]:
        """Where the bucket is, and a key to it."""
        return {"endpoint_url": moto, "access_key": "key", "secret_key": "secret"}

    @pytest.fixture
    def storage(self, service: dict[str, str]) -> MediaStorage:
        """A new, empty bucket of its own."""
        from videolib.lib.bucket import BucketStorage

        options = {"region_name": "us-east-1", "addressing_style": "path", "default_acl": None}
        storage = BucketStorage(bucket_name=f"media-{uuid4()}", **options, **service)
        storage.connection.create_bucket(Bucket=storage.bucket_name)
        return storage

    def test_a_bucket_that_is_not_there_is_not_taken_for_an_empty_one(self, storage: Any, tmp_path: Path) -> None:
        storage.bucket_name = "nobody-made-this"
        (tmp_path / "file").write_bytes(b"x")
        with pytest.raises(Exception, match="NoSuchBucket"):
            storage.adopt(tmp_path / "file", "a")
        with pytest.raises(Exception, match="NoSuchBucket"):
            storage.fetch("a", tmp_path)
        assert (tmp_path / "file").exists()
        assert "There is no such bucket" in storage.trouble()

    def test_more_objects_than_a_page_holds_are_all_listed_below_the_storage_s_own_place(
        self, storage: Any, put: Any, tmp_path: Path
    ) -> None:
        put("a")
        storage.location = "some/library"
        for number in range(3):
            put(f"originals/{number}", b"x")
        client, asked = storage.client, []
        client.meta.events.register(
            "before-parameter-build.s3.ListObjectsV2", lambda params, **_: asked.append(params.update(MaxKeys=2))
        )
        assert [each.name for each in storage.list_objects()] == ["originals/0", "originals/1", "originals/2"]
        assert len(asked) == 2

    def test_all_threads_share_one_client(self, storage: Any) -> None:
        with ThreadPoolExecutor(1) as other:
            assert other.submit(lambda: storage.client).result() is storage.client

    def test_a_large_file_travels_in_parts(self, storage: Any, put: Any) -> None:
        large = BYTES * 14  # over boto3's 8 MB
        put("large", large)
        head = storage.connection.meta.client.head_object(Bucket=storage.bucket_name, Key="large")
        assert head["ETag"].strip('"').endswith("-2")
        assert b"".join(storage.read_range("large", 9_000_000, 1000)) == large[9_000_000:9_001_000]

    def test_a_file_can_come_in_parts_each_once_or_twice_and_in_any_order(self, storage: Any, tmp_path: Path) -> None:
        large, file = BYTES * 14, tmp_path / "part"
        begun = storage.begin_multipart("originals/one")
        for number, part in ((2, large[8_000_000:]), (1, b"x" * 8_000_000), (1, large[:8_000_000])):
            file.write_bytes(part)
            storage.put_part("originals/one", begun, number, file)
        with pytest.raises(FileNotFoundError):
            storage.size("originals/one")
        with pytest.raises(FileNotFoundError):
            storage.complete_multipart("originals/one", begun, len(large) + 1)
        storage.complete_multipart("originals/one", begun, len(large))
        assert b"".join(storage.read_range("originals/one", 0, len(large))) == large
        assert file.exists()

    def test_parts_that_nobody_will_complete_are_removed(self, storage: Any, tmp_path: Path) -> None:
        file = tmp_path / "part"
        file.write_bytes(b"x")
        storage.location = "some/library"
        begun = {name: storage.begin_multipart(name) for name in ("originals/left", "originals/open", "exports/other")}
        for name, multipart in begun.items():
            storage.put_part(name, multipart, 1, file)
        storage.abort_multiparts("originals", datetime.now(UTC) + timedelta(hours=1), {"originals/open"})
        with pytest.raises(FileNotFoundError):
            storage.complete_multipart("originals/left", begun.pop("originals/left"), 1)
        for name, multipart in begun.items():
            storage.complete_multipart(name, multipart, 1)


def test_a_service_that_does_not_answer_is_told_from_a_file_that_is_not_there() -> None:
    from videolib.lib.bucket import BucketStorage

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        keys = {"access_key": "key", "secret_key": "secret", "region_name": "us-east-1"}
        storage = BucketStorage(bucket_name="library", endpoint_url=address, **keys)
        with pytest.raises(Exception, match="Could not connect") as refused:
            storage.size("none")
    assert storage.is_away(refused.value)
    assert not storage.is_away(FileNotFoundError("none"))
    unwell, forbidden = (
        ClientError({"ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject") for status in (503, 403)
    )
    assert storage.is_away(unwell) and not storage.is_away(forbidden)


class TestSignedBucket(TestBucket):
    """A bucket whose service checks every signature."""

    @pytest.fixture
    def service(self, swift: Swift) -> dict[str, str]:
        """Where the bucket is, and a key to it."""
        return {"endpoint_url": swift.endpoint, "access_key": swift.access_key, "secret_key": swift.secret_key}

    def test_parts_of_an_upload_that_has_just_begun_stay(self, storage: Any, tmp_path: Path) -> None:
        begun = storage.begin_multipart("originals/new")  # moto's were all begun in 2010
        (tmp_path / "part").write_bytes(b"x")
        storage.put_part("originals/new", begun, 1, tmp_path / "part")
        storage.abort_multiparts("originals", datetime.now(UTC) - timedelta(hours=1), ())
        storage.complete_multipart("originals/new", begun, 1)

    def test_a_large_file_comes_and_goes_in_a_few_megabytes_of_memory(
        self, storage: Any, service: dict[str, str], tmp_path: Path
    ) -> None:
        large = tmp_path / "large"
        with large.open("wb") as file:
            file.truncate(160 * 1024**2)
        program = [sys.executable, "-c", UP_AND_DOWN, storage.bucket_name, str(large), json.dumps(service)]
        grown = json.loads(subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        assert storage.size("large") == 160 * 1024**2
        assert grown["up"] < 60 * 1024**2 and grown["down"] < 60 * 1024**2, grown
