"""The bytes of one upload on disk while they arrive: one writer at a time. No table and no request here.

One file, or where full ones go to a bucket (shipping.py) one after another. Their names tell where they begin: so the
offset, too, is told by what lies on the disk, and by nothing that could drift from it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from videolib.lib.measures import UPLOAD_BYTES
from videolib.uploads.body import PIECE, Body
from videolib.uploads.digest import Digest, hashing
from videolib.uploads.tus import CHECKSUM_MISMATCH, Checksum, UploadRefused

# A writer that got nothing for this long has lost its network without either side being told; whoever comes back for
# the upload takes its place, instead of being turned away until the dead connection times out.
STALLED_AFTER = 30.0
# From a line that brought the last piece in less than QUICK seconds larger ones are read, up to LARGEST: each costs the
# same, whatever its size. A slow line keeps to small ones, and what it brought is on disk soon.
QUICK, LARGEST = 0.05, 4 * PIECE
# What a system says of a disk that takes no more.
DISK_IS_FULL = (errno.ENOSPC, errno.EDQUOT)
BUSY = "Another connection is sending this upload at the moment; try again shortly."


@dataclass(frozen=True)
class PartFile:
    """A file with bytes of an upload, from its byte `offset` on."""

    path: Path
    offset: int

    @property
    def size(self) -> int:
        """Bytes that are in it now."""
        return self.path.stat().st_size

    @property
    def end(self) -> int:
        """The byte of the upload that comes after its last one."""
        return self.offset + self.size


def files_of(first: Path) -> list[PartFile]:
    """Those that are here, in the order of their bytes; all but the first have the number of their first byte as an
    ending. What comes before them all has gone to the storage. None at all: so has everything.
    """
    others = ((file, file.name.removeprefix(f"{first.name}.")) for file in first.parent.glob(f"{first.name}.*"))
    files = [PartFile(file, int(ending)) for file, ending in others if ending.isdecimal()]
    return sorted([PartFile(first, 0)] * first.exists() + files, key=lambda file: file.offset)


def next_of(first: Path, last: PartFile) -> PartFile:
    """The file that goes on where `last` ends, made where it is not there."""
    end = last.end
    path = first.with_name(f"{first.name}.{end}")
    path.touch(mode=0o640)
    return PartFile(path, end)


class Hold:
    """The right to write to a part file; asked again before every piece, because it can be taken over."""

    def __init__(self, lock: Path, handle: int) -> None:
        self._lock = lock
        self._handle = handle
        self._told = time.monotonic()

    @property
    def stands(self) -> bool:
        """Whether the lock file is still the one that was locked."""
        try:
            return os.path.samestat(self._lock.stat(), os.fstat(self._handle))
        except FileNotFoundError:
            return False

    def show_life(self) -> None:
        """Say that bytes are coming; UploadRefused when the upload was cancelled or taken over."""
        if not self.stands:
            raise UploadRefused(423, BUSY)
        if time.monotonic() - self._told > 1:
            self._told = time.monotonic()
            os.utime(self._handle)

    def release(self) -> None:
        """Let others write, and leave no lock file behind."""
        if self.stands:
            self._lock.unlink(missing_ok=True)
        os.close(self._handle)


def lock_of(part: Path) -> Path:
    """The lock file beside a part file."""
    return part.with_suffix(".lock")


@contextmanager
def hold(part: Path, *, from_stalled: bool = False) -> Iterator[Hold]:
    """Be the only writer of `part`; UploadRefused(423) while somebody else is.

    `from_stalled` takes the place of a writer whose bytes stopped coming.
    """
    lock = lock_of(part)
    # Whoever restores a library without uploads under way may leave out their folder.
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = _try(lock)
    if held is None and from_stalled and _has_stalled(lock):
        lock.unlink(missing_ok=True)
        held = _try(lock)
    if held is None:
        raise UploadRefused(423, BUSY)
    try:
        yield held
    finally:
        held.release()


def _try(lock: Path) -> Hold | None:
    while True:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        held = Hold(lock, handle)
        if held.stands:
            os.utime(handle)
            return held
        # Its last holder removed the file between our opening and locking it: nobody else would see this lock.
        os.close(handle)


def _has_stalled(lock: Path) -> bool:
    try:
        return time.time() - lock.stat().st_mtime > STALLED_AFTER
    except FileNotFoundError:
        return True


def append(
    part: Path, body: Body, held: Hold, *, most: int, checksum: Checksum | None = None, digest: Digest | None = None
) -> int:
    """Write what `body` gives behind what is there, at most `most` bytes; the new size. `digest` hashes it on the way.

    A connection cut in the middle leaves what was written. With a checksum that does not fit, or that cannot be
    checked because the connection was cut, the file is as it was. A body longer than `most` leaves it so as well.
    """
    with part.open("r+b", buffering=0) as file:
        start = file.seek(0, os.SEEK_END)
        try:
            with hashing(digest) as hash_beside:
                _copy(body, file, held, most, checksum, on_written=hash_beside)
        except UploadRefused as refusal:
            # 423: somebody else took over, and what lies in the file now is theirs.
            if refusal.status != 423:
                file.truncate(start)
            raise
        except OSError as error:
            # Unless somebody else took over: what lies in the file now is theirs.
            if checksum and held.stands:
                file.truncate(start)
            raise _why(error) from error
        return file.tell()


def _copy(
    body: Body, file: FileIO, held: Hold, most: int, checksum: Checksum | None, on_written: Callable[[bytes], None]
) -> None:
    hasher, written = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None, 0
    for piece in _pieces(body):
        held.show_life()
        written += len(piece)
        if written > most:
            raise UploadRefused(413, "More bytes came than Upload-Length announced.")
        write_all(piece, file)
        UPLOAD_BYTES.inc(len(piece))
        if hasher:
            hasher.update(piece)
        on_written(piece)
    if body.length is not None and written < body.length:
        # Some servers end a body that was cut quietly, others raise in read().
        raise ConnectionResetError(errno.ECONNRESET, "the body ended early")
    if hasher and checksum and hasher.digest() != checksum.digest:
        raise UploadRefused(CHECKSUM_MISMATCH, "The bytes do not fit their checksum; send them again.")


def _pieces(body: Body) -> Iterator[bytes]:
    size, began = PIECE, time.monotonic()
    while piece := body.read(size):
        size = min(2 * size, LARGEST) if time.monotonic() - began < QUICK else PIECE
        yield piece
        began = time.monotonic()


def write_all(piece: bytes, file: FileIO) -> None:
    """Write a piece to a file without a buffer: one call may take a part of it."""
    left = memoryview(piece)
    while left:
        left = left[file.write(left) :]


def _why(error: OSError) -> UploadRefused:
    if error.errno in DISK_IS_FULL:
        return UploadRefused(507, "The server's disk is full. What arrived is kept; tell an admin, then go on.")
    return UploadRefused(400, "The connection was cut. What arrived is kept; go on from Upload-Offset.")
