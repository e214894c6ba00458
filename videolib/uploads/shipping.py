"""Bytes of an upload go to a bucket while others still arrive: never a whole recording lies on a web server's disk.

Each file that is full is a part of a multipart upload of S3, and the next one is begun before it is removed. Cut off in
between, it is put again, and replaces itself. Where media lie on a disk there is one file,
which is moved.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from videolib.lib.storage import MultipartStorage, multipart_storage
from videolib.uploads.models import Upload
from videolib.uploads.part import Hold, PartFile, next_of
from videolib.uploads.tus import UploadRefused

log = logging.getLogger(__name__)

GONE = "The bytes of this upload are gone. Start again with the same file."
NOT_TAKEN = "The library's storage takes no bytes just now. What arrived is kept; go on from Upload-Offset in a while."


def room_for(upload: Upload) -> int:
    """How many bytes the file that is being written still takes."""
    storage = multipart_storage()
    return max(0, _part_bytes(storage, upload) - upload.files[-1].size) if storage else sys.maxsize


def ship(upload: Upload, held: Hold) -> None:
    """Send every file that is full, and begin another for the bytes that follow. UploadRefused where that fails, or
    somebody else has taken over.
    """
    storage = multipart_storage()
    if storage is None:
        return
    held.show_life()
    files = upload.files
    last = files[-1]
    if last.size >= _part_bytes(storage, upload) and last.end < upload.size_bytes:
        files.append(next_of(upload.path, last))
    with storing(upload, NOT_TAKEN):
        for file in files[:-1]:
            _put(storage, upload, file)
            held.show_life()
            file.path.unlink(missing_ok=True)


def ship_the_rest(upload: Upload) -> None:
    """Send what is still here, and make one object of it all. FileNotFoundError where bytes are missing."""
    storage, files = multipart_storage(), upload.files
    if storage is None or not files:
        raise FileNotFoundError(upload.storage_key)
    for file in files:
        _put(storage, upload, file)
    storage.complete_multipart(upload.storage_key, upload.multipart, upload.size_bytes)


def remove_left_parts(before: datetime) -> None:
    """Of uploads begun before then that were cancelled, or whose bytes turned out to be here already."""
    if storage := multipart_storage():
        storage.abort_multiparts("originals", before, {upload.storage_key for upload in Upload.objects.open()})


@contextmanager
def storing(upload: Upload, sentence: str) -> Iterator[None]:
    """UploadRefused: 410 where bytes are gone, 503 with this sentence where the storage does not take them."""
    try:
        yield
    except UploadRefused:
        raise
    except FileNotFoundError as error:
        log.exception("bytes of upload %s are gone", upload.code)
        raise UploadRefused(410, GONE) from error
    except Exception as error:
        log.exception("bytes of upload %s could not be stored", upload.code)
        raise UploadRefused(503, sentence) from error


def _part_bytes(storage: MultipartStorage, upload: Upload) -> int:
    """The least in a part but the last: the same for all of an upload, as it gives the parts their numbers."""
    return max(storage.least_part, -(-upload.size_bytes // storage.most_parts))


def _put(storage: MultipartStorage, upload: Upload, file: PartFile) -> None:
    if not upload.multipart:
        _begin(storage, upload)
    number = file.offset // _part_bytes(storage, upload) + 1
    storage.put_part(upload.storage_key, upload.multipart, number, file.path)


def _begin(storage: MultipartStorage, upload: Upload) -> None:
    """Once, also where two think that it is their turn: what the row says first counts."""
    begun = storage.begin_multipart(upload.storage_key)
    Upload.objects.filter(pk=upload.pk, multipart="").update(multipart=begun)
    upload.refresh_from_db(fields=["multipart"])
