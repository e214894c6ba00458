"""Where an export lies, a folder or a bucket, and how files go there and come from there: whole, and with their hash.

What lies there can be read with ordinary tools:

    manifest.json                what this is, whether it is complete, how many rows and files there are, and where
    rows/<export>/<table>.jsonl  a JSON object a row, the tables that others refer to first in the manifest
    rows/<export>/objects.jsonl  every file: its key, size and SHA-256
    objects/<key>                the files as the library has them

The manifest is switched last: until a new export is all there it names the rows of the one before, and these stay.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from videolib.lib.storage import DiskStorage, MediaStorage

MANIFEST, ROWS, OBJECTS = "manifest.json", "rows", "objects"
# Half-written files, so that none lies where a whole one is looked for.
SCRATCH = ".videolib-partial"
LOCK = ".videolib-backup.lock"
UNDER_WAY = "Another export or import of this library is under way; run this again when it has ended."
IN_USE = "{} is where the library keeps its own media; name another place."
NO_ANSWER = "{} cannot be asked for; see to its service, its address and the key, then run this again. ({})"
NO_BUCKET = "{} names no bucket; write s3://BUCKET or s3://BUCKET/PREFIX."


class BackupError(Exception):
    """Why a library cannot be exported or imported, in a sentence that says what to do."""


@dataclass(frozen=True)
class Place:
    """`scratch` is an empty folder for files on their way: on the same disk, where the place is a folder."""

    address: str
    storage: MediaStorage
    scratch: Path

    def read_json(self, name: str) -> Any:
        """None where there is no such file."""
        try:
            with self.opened(name) as file:
                return json.loads(file.read_bytes())
        except FileNotFoundError:
            return None

    def switch(self, manifest: object) -> None:
        """To this manifest, from the one before, in one move: whatever happens, one of the two is there."""
        file = self.scratch / uuid4().hex
        file.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        self.storage.adopt(file, MANIFEST)

    @contextmanager
    def opened(self, name: str) -> Iterator[Path]:
        """The file as a local one, for a while. FileNotFoundError where there is none."""
        folder = self.scratch / uuid4().hex
        folder.mkdir()
        try:
            yield self.storage.fetch(name, folder)
        finally:
            shutil.rmtree(folder)


@contextmanager
def open_place(address: str, *, writable: bool) -> Iterator[Place]:
    """The place of that address. BackupError when it cannot be one."""
    storage = _bucket(address) if address.startswith("s3://") else _folder(address, writable=writable)
    folder = Path(address) / SCRATCH if writable and isinstance(storage, DiskStorage) else _own_scratch()
    with _alone():
        shutil.rmtree(folder, ignore_errors=True)  # of one that was killed
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield Place(address, storage, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time: a second one would sweep away what the first has on its way, which then counted as missing."""
    with (Path(settings.VIDEOLIB_DATA) / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(UNDER_WAY) from error
        yield


def _own_scratch() -> Path:
    # Not in SCRATCH_ROOT: what no running job holds is swept there.
    return Path(settings.VIDEOLIB_DATA) / SCRATCH


def _folder(address: str, *, writable: bool) -> MediaStorage:
    folder = Path(address).resolve()
    media = Path(settings.MEDIA_ROOT).resolve()
    if folder == media or media in folder.parents:
        raise BackupError(IN_USE.format(address))
    if not writable and not folder.is_dir():
        raise BackupError(f"There is no folder {address}.")
    with suppress(FileExistsError):
        # Hashes of passwords and private clips are in it.
        folder.mkdir(mode=0o700, parents=True)
    return DiskStorage(
        location=str(folder), base_url=None, file_permissions_mode=0o600, directory_permissions_mode=0o700
    )


def _bucket(address: str) -> MediaStorage:
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 (boto3 takes half a second)

    from videolib.lib.bucket import BucketStorage  # noqa: PLC0415

    parts = urlsplit(address)
    if not parts.netloc:
        raise BackupError(NO_BUCKET.format(address))
    if (settings.BACKUP_S3_ENDPOINT_URL, parts.netloc) == (settings.S3_ENDPOINT_URL, settings.S3_BUCKET):
        raise BackupError(IN_USE.format(address))
    # Without settings, boto3 looks where every program of Amazon's does (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ~/.aws).
    # Addresses with the bucket in the path are understood everywhere.
    storage = BucketStorage(
        bucket_name=parts.netloc,
        location=parts.path.strip("/"),
        endpoint_url=settings.BACKUP_S3_ENDPOINT_URL or None,
        region_name=settings.BACKUP_S3_REGION,
        access_key=settings.BACKUP_S3_ACCESS_KEY_ID or None,
        secret_key=settings.BACKUP_S3_SECRET_ACCESS_KEY or None,
        addressing_style="path",
        default_acl=None,
    )
    try:
        trouble = storage.trouble()
    except BotoCoreError as error:
        raise BackupError(NO_ANSWER.format(address, error)) from error
    if trouble:
        raise BackupError(f"{address}: {trouble}")
    return storage


def row_file(folder: str, label: str) -> str:
    """Where the rows of a table lie, in the folder that the manifest names."""
    return f"{folder}/{label.lower()}.jsonl"


def object_list(folder: str) -> str:
    """Where the list of files lies, in the folder that the manifest names."""
    return f"{folder}/objects.jsonl"


def take(source: MediaStorage, name: str, folder: Path) -> tuple[Path, int, str]:
    """A file into the local `folder`: its path, size and SHA-256. FileNotFoundError where there is none."""
    file, hasher, size = folder / uuid4().hex, hashlib.sha256(), 0
    pieces = source.read_range(name, 0, source.size(name))
    with file.open("xb") as out:
        for piece in pieces:
            out.write(piece)
            hasher.update(piece)
            size += len(piece)
    return file, size, hasher.hexdigest()


def digest(storage: MediaStorage, name: str) -> tuple[int, str]:
    """Size and SHA-256 of a file where it lies. FileNotFoundError where there is none."""
    hasher, size = hashlib.sha256(), storage.size(name)
    for piece in storage.read_range(name, 0, size):
        hasher.update(piece)
    return size, hasher.hexdigest()


def digest_of_local(file: Path) -> str:
    """SHA-256 of a local file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
