"""The bytes on disk: one writer at a time, and nothing lost that arrived."""

from __future__ import annotations

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from videolib.uploads import part
from videolib.uploads.body import Body
from videolib.uploads.digest import Digest
from videolib.uploads.part import append, hold, lock_of
from videolib.uploads.tus import Checksum, UploadRefused


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.part"
    path.write_bytes(b"begun ")
    return path


def body_of(data: bytes, *, length: int | None = None) -> Body:
    return Body(io.BytesIO(data).read, len(data) if length is None else length)


def cut(data: bytes, announced: int) -> Body:
    """A body whose connection breaks after `data`, as Django says it."""
    stream = io.BytesIO(data)

    def read(size: int) -> bytes:
        if piece := stream.read(size):
            return piece
        raise OSError("cut")

    return Body(read, announced)


def write(file: Path, body: Body, **options) -> int:
    with hold(file) as held:
        return append(file, body, held, **{"most": 1000, **options})


def refused(file: Path, body: Body, **options) -> int:
    with pytest.raises(UploadRefused) as caught:
        write(file, body, **options)
    return caught.value.status


def test_bytes_are_written_behind_what_is_there(file):
    assert write(file, body_of(b"well")) == 10
    assert file.read_bytes() == b"begun well"


def test_many_pieces_arrive_whole(file):
    data = os.urandom(300_001)
    assert write(file, body_of(data), most=300_001) == 300_007
    assert file.read_bytes() == b"begun " + data


def test_a_connection_cut_in_the_middle_leaves_what_came(file):
    assert refused(file, cut(b"half", 100)) == 400
    assert file.read_bytes() == b"begun half"


def test_a_server_that_ends_a_cut_body_quietly_is_understood(file):
    assert refused(file, body_of(b"half", length=100)) == 400
    assert file.read_bytes() == b"begun half"


def test_a_chunked_body_ends_where_it_ends(file):
    assert write(file, Body(io.BytesIO(b"well").read, None)) == 10


def test_more_than_was_announced_leaves_the_file_as_it_was(file):
    assert refused(file, Body(io.BytesIO(b"too much").read, None), most=3) == 413
    assert file.read_bytes() == b"begun "


def test_a_checksum_that_fits_is_passed(file):
    checksum = Checksum("sha256", hashlib.sha256(b"well").digest())
    assert write(file, body_of(b"well"), checksum=checksum) == 10


def test_a_checksum_that_does_not_fit_leaves_the_file_as_it_was(file):
    checksum = Checksum("md5", hashlib.md5(b"other").digest())
    assert refused(file, body_of(b"well"), checksum=checksum) == 460
    assert file.read_bytes() == b"begun "


@pytest.mark.parametrize("body", [cut(b"half", 100), body_of(b"half", length=100)])
def test_bytes_whose_checksum_never_could_be_checked_are_not_kept(file, body):
    checksum = Checksum("sha1", hashlib.sha1(b"whole").digest())
    assert refused(file, body, checksum=checksum) == 400
    assert file.read_bytes() == b"begun "


def test_a_full_disk_keeps_what_was_written_and_says_so(file, monkeypatch):
    def full(piece, file):
        file.write(piece[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(part, "write_all", full)
    assert refused(file, body_of(b"well")) == 507
    assert file.read_bytes() == b"begun we"


def test_a_second_writer_is_turned_away(file):
    with hold(file), pytest.raises(UploadRefused) as caught, hold(file):
        pass
    assert caught.value.status == 423


def test_after_the_first_has_ended_the_second_may_write(file):
    with hold(file):
        pass
    assert write(file, body_of(b"well")) == 10
    assert not lock_of(file).exists()


def test_a_lock_left_by_a_killed_process_holds_nobody_up(file):
    lock_of(file).touch()
    assert write(file, body_of(b"well")) == 10


def test_a_writer_whose_bytes_stopped_coming_can_be_replaced(file):
    with hold(file) as dead:
        long_ago = time.time() - part.STALLED_AFTER - 1
        os.utime(lock_of(file), (long_ago, long_ago))
        with pytest.raises(UploadRefused), hold(file):
            pass
        with hold(file, from_stalled=True) as held:
            assert append(file, body_of(b"well"), held, most=100) == 10
            with pytest.raises(UploadRefused) as caught:
                append(file, body_of(b"late"), dead, most=100)
            assert caught.value.status == 423
    assert file.read_bytes() == b"begun well"


def test_a_writer_whose_bytes_still_come_can_not_be_replaced(file):
    with hold(file), pytest.raises(UploadRefused), hold(file, from_stalled=True):
        pass


def test_a_cancelled_upload_stops_its_writer(file):
    with hold(file) as held:
        lock_of(file).unlink()
        with pytest.raises(UploadRefused):
            append(file, body_of(b"well"), held, most=100)


def test_a_writer_whose_place_was_taken_takes_nothing_back(file: Path) -> None:
    checksum = Checksum("sha1", hashlib.sha1(b"late", usedforsecurity=False).digest())

    def read(size: int) -> bytes:
        long_ago = time.time() - part.STALLED_AFTER - 1
        os.utime(lock_of(file), (long_ago, long_ago))
        with hold(file, from_stalled=True) as new:
            append(file, body_of(b"by another"), new, most=100)
        raise OSError("cut at last")

    with hold(file) as held, pytest.raises(UploadRefused):
        append(file, Body(read, 4), held, most=100, checksum=checksum)
    assert file.read_bytes() == b"begun by another"


def test_what_is_written_is_hashed(file: Path) -> None:
    digest = Digest()
    with hold(file) as held, pytest.raises(UploadRefused):
        append(file, cut(b"some", 100), held, most=100, digest=digest)
    assert (digest.size, digest.hexdigest()) == (4, hashlib.sha256(b"some").hexdigest())
