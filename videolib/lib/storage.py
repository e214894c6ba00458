"""Where media files are kept: what is asked of a storage, and the one that is a folder (the other: lib/bucket.py).

Three things Django's storages lack: reading a range without the rest, taking over a local file as it is, and letting
somebody else send a file whose receiver has been checked.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import quote

from django.core.files.storage import FileSystemStorage, default_storage
from django.http import HttpResponse

PIECE = 256 * 1024


@dataclass(frozen=True)
class Listed:
    """A stored file as a listing has it. `changed_at` is when it was put there."""

    name: str
    size: int
    changed_at: datetime


@dataclass(frozen=True)
class Wanted:
    """How a browser wants a file: by GET or HEAD, as what, and under which name (a Content-Disposition, or nothing)."""

    method: str
    content_type: str
    disposition: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Of the answer. Caches must ask again each time, so that a right that was taken away ends at once."""
        name = {"Content-Disposition": self.disposition} if self.disposition else {}
        return {"Content-Type": self.content_type, "Cache-Control": "private, no-cache", **name}


class MediaStorage(Protocol):
    """What the library asks of a storage."""

    def read_range(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """`length` bytes from `start` on, fewer at the file's end, in pieces; FileNotFoundError when there is none."""

    def hand_over(self, name: str, wanted: Wanted) -> HttpResponse | None:
        """The answer with which somebody else, the bucket or nginx, sends the file. None where we send it ourselves."""

    def adopt(self, file: Path, name: str) -> None:
        """Take over a local file under `name`; the local one is gone afterwards."""

    def fetch(self, name: str, into: Path) -> Path:
        """A local path with the file's bytes: the stored file itself where it is local, else a copy under `into`."""

    def size(self, name: str) -> int:
        """Bytes; FileNotFoundError when there is no such file."""

    def delete(self, name: str) -> None:
        """Remove the file, if it is there."""

    def delete_folder(self, prefix: str) -> None:
        """Remove everything under `prefix`; ValueError when that would be everything there is."""

    def list_objects(self, folder: str = "") -> Iterator[Listed]:
        """Every file under `folder`, in no order, as it comes: what is put or deleted meanwhile may be among them."""

    def trouble(self) -> str:
        """Why nothing can be kept here, in a sentence that says what to do; empty where all is well. May raise."""

    def is_away(self, error: BaseException) -> bool:
        """Whether this error says that nobody answered, or that the service itself is at fault: not what was asked."""


class MultipartStorage(Protocol):
    """What is asked besides of a storage that takes a file in parts, as they are made: S3's multipart uploads."""

    least_part: int  # bytes; only the last part of a file may be smaller
    most_parts: int

    def begin_multipart(self, name: str) -> str:
        """The id of an upload that will be `name` once it is complete."""

    def put_part(self, name: str, multipart: str, number: int, file: Path) -> None:
        """Part `number`, from 1 on, in the order of the file; put again it replaces itself. FileNotFoundError when
        there is no such upload.
        """

    def complete_multipart(self, name: str, multipart: str, size: int) -> None:
        """Make one file of the parts. FileNotFoundError when there is no such upload, or they are not `size` bytes."""

    def abort_multiparts(self, folder: str, before: datetime, but_for: Container[str]) -> None:
        """Remove the parts of all uploads under `folder` begun before then, but for those of these names."""


def media_storage() -> MediaStorage:
    """The storage that the settings chose."""
    return cast(MediaStorage, default_storage)


def multipart_storage() -> MultipartStorage | None:
    """The same one, where it takes files in parts."""
    return cast(MultipartStorage, default_storage) if hasattr(default_storage, "put_part") else None


class DiskStorage(FileSystemStorage):
    """Media on a local disk."""

    def __init__(self, *, nginx_location: str = "", **options: Any) -> None:
        """`nginx_location`: under which internal location nginx, in front of us, finds the same folder."""
        super().__init__(**options)
        self.nginx_location = nginx_location

    def read_range(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """See MediaStorage."""
        # Opened here and not at the first piece: a missing file is a 404, not a broken answer.
        return Pieces(open(self.path(name), "rb"), start, length)

    def hand_over(self, name: str, wanted: Wanted) -> HttpResponse | None:
        """To nginx: it does ranges, and gives the file an ETag of its own, which is the one it compares with."""
        if not self.nginx_location:
            return None
        path = Path(self.path(name))
        if not path.is_file():
            raise FileNotFoundError(name)
        # nginx takes it for part of an address.
        inside = quote(path.relative_to(self.location).as_posix())
        return HttpResponse(headers={"X-Accel-Redirect": self.nginx_location + inside, **wanted.headers})

    def adopt(self, file: Path, name: str) -> None:
        """See MediaStorage. On one file system this is a rename: no byte is copied."""
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_through(file)
        try:
            file.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _bring(file, target)
        target.chmod(self.file_permissions_mode or 0o640)
        # The file's name, too, and those of folders that were made for it.
        for folder in target.relative_to(self.location).parents:
            _write_through(Path(self.location) / folder)

    def fetch(self, name: str, into: Path) -> Path:  # noqa: ARG002 (a bucket needs it)
        """See MediaStorage."""
        path = Path(self.path(name))
        if not path.is_file():
            raise FileNotFoundError(name)
        return path

    def delete_folder(self, prefix: str) -> None:
        """See MediaStorage."""
        shutil.rmtree(self.path(refuse_everything(prefix)), onerror=_unless_it_is_gone)

    def list_objects(self, folder: str = "") -> Iterator[Listed]:
        """See MediaStorage. A rename into the storage keeps the time of writing, so the later of two times counts."""
        for inside, _, names in os.walk(self.path(folder)):
            for file in (Path(inside, name) for name in names):
                try:
                    found = file.stat()
                except FileNotFoundError:
                    continue  # deleted meanwhile
                changed_at = datetime.fromtimestamp(max(found.st_mtime, found.st_ctime), UTC)
                yield Listed(file.relative_to(self.location).as_posix(), found.st_size, changed_at)

    def trouble(self) -> str:
        """See MediaStorage."""
        folder = Path(self.location)
        # Made with the first file.
        folder = folder if folder.exists() else folder.parent
        if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return ""
        return "The folder for media cannot be written to; give it back to the user the library runs as (chown)."

    def is_away(self, error: BaseException) -> bool:  # noqa: ARG002 (a disk that is away is not told from a missing file)
        """See MediaStorage."""
        return False


def _unless_it_is_gone(_: Any, __: str, error: tuple[type[BaseException], BaseException, Any]) -> None:
    """Somebody else may remove the same folder."""
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]


def _write_through(path: Path) -> None:
    """Have what is in a file, or the names in a folder, on the disk itself: rows that name it outlive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _bring(file: Path, target: Path) -> None:
    """From another disk; what was there stays until all of this is. Killed half way, the next try goes over it."""
    beside = target.with_name(f"{target.name}.part")
    try:
        shutil.copyfile(file, beside)
        _write_through(beside)
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    file.unlink()


def refuse_everything(prefix: str) -> str:
    """The prefix, unless it names the whole storage."""
    if not prefix.strip("/. "):
        raise ValueError(f"{prefix!r} names the whole storage")
    return prefix


class Pieces(Iterator[bytes]):
    """`length` bytes of an open file from `start` on. Closed at the end, or by whoever stops listening before."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file, self._left = file, length
        file.seek(start)

    def __next__(self) -> bytes:
        piece = b"" if self._file.closed else self._file.read(min(PIECE, self._left))
        if not piece:
            self.close()
            raise StopIteration
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Django calls this when the answer ends, even if nothing of it was ever read."""
        self._file.close()
