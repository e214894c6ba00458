"""From bytes that have all arrived to the recording of the clip that waited for them: once, whatever breaks in between.

The bytes go into the storage under a key that is the upload's own, then one transaction writes all rows. Cut off in
between, the upload stands complete and unfinished, and the next HEAD, PATCH or sweep goes on where it broke.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from transcode import actions as pipeline
from transcode.models import Recording
from videolib.clips.actions import attach_recording
from videolib.clips.models import Clip
from videolib.lib.storage import PIECE, media_storage
from videolib.uploads.models import Upload
from videolib.uploads.part import hold
from videolib.uploads.tus import UploadRefused

log = logging.getLogger(__name__)


def finish_upload(upload: Upload, *, sha256: str = "") -> Recording:
    """Turn a complete upload into a recording; happens once, however often it is asked.

    `sha256` spares reading the bytes where the caller did. UploadRefused: 409 when bytes are missing, 410 when it was
    cancelled, 423 while somebody else finishes it, 503 when the storage does not take the bytes.
    """
    with hold(upload.path):
        return finish_held(upload, sha256=sha256)


def finish_held(upload: Upload, *, sha256: str = "") -> Recording:
    """`finish_upload` for whoever holds the part file."""
    _reload(upload)
    if upload.finished_at and upload.clip.recording:
        return upload.clip.recording
    if upload.received != upload.size_bytes:
        raise UploadRefused(409, f"{upload.received} of {upload.size_bytes} bytes have arrived; send the others first.")
    sha256 = sha256 or _digest(upload)
    known = _known(upload, sha256)
    if known is None:
        _store(upload)
    recording = _write_rows(upload, known, sha256)
    upload.path.unlink(missing_ok=True)
    return recording


def _reload(upload: Upload) -> None:
    found = Upload.objects.select_related("clip__recording").filter(pk=upload.pk).first()
    if found is None:
        raise UploadRefused(410, "This upload was cancelled.")
    upload.finished_at, upload.clip = found.finished_at, found.clip


def _digest(upload: Upload) -> str:
    """SHA-256 of all bytes. A hash cannot be kept from one request to the next, so they are read once, at the end."""
    hasher = hashlib.sha256()
    for piece in _pieces(upload):
        hasher.update(piece)
    return hasher.hexdigest()


def _pieces(upload: Upload) -> Iterable[bytes]:
    if not upload.path.exists():
        yield from _stored(upload)
        return
    with upload.path.open("rb") as file:
        yield from iter(lambda: file.read(PIECE), b"")


def _stored(upload: Upload) -> Iterable[bytes]:
    """The bytes of an upload that was cut off after they were stored and before its rows were written."""
    try:
        return media_storage().read_range(upload.storage_key, 0, upload.size_bytes)
    except FileNotFoundError as error:
        raise UploadRefused(410, "The bytes of this upload are gone. Start again with the same file.") from error


def _known(upload: Upload, sha256: str) -> Recording | None:
    """The recording that the clip's owner already has of these very bytes, where it plays: two clips may share one."""
    if not upload.path.exists():
        return None
    own = Recording.objects.filter(clips__owner=upload.clip.owner_id, playable_at__isnull=False)
    return own.filter(sha256=sha256, size_bytes=upload.size_bytes).first()


def _store(upload: Upload) -> None:
    """Move the bytes, outside any transaction. Done twice it leaves nothing behind: the key is the upload's own."""
    if not upload.path.exists():
        return
    try:
        pipeline.store_original(upload.path, upload.storage_key)
    except Exception as error:
        log.exception("upload %s could not be stored", upload.code)
        sentence = "All bytes have arrived, but they could not be stored. They are kept, and it is tried again."
        raise UploadRefused(503, sentence) from error


def _write_rows(upload: Upload, known: Recording | None, sha256: str) -> Recording:
    try:
        with transaction.atomic():
            _win(upload)
            recording = known or pipeline.accept_recording(
                upload.storage_key, upload.size_bytes, sha256=sha256, lane=str(upload.clip.owner_id)
            )
            # Read again: its words may have been edited while the bytes moved.
            attach_recording(Clip.objects.get(pk=upload.clip_id), recording)
    except UploadRefused:
        _forget_bytes_of_cancelled(upload)
        raise
    return recording


def _win(upload: Upload) -> None:
    """Only the winner of this UPDATE gives the clip its recording. A deleted draft gets none."""
    now = timezone.now()
    if not Upload.objects.open().filter(pk=upload.pk, clip__trashed_at=None).update(finished_at=now):
        raise UploadRefused(410, "This upload was cancelled.")
    upload.finished_at = now


def _forget_bytes_of_cancelled(upload: Upload) -> None:
    # A deleted draft may still be brought back, and then its upload is finished: its bytes stay until the sweep.
    if not Upload.objects.filter(pk=upload.pk).exists():
        media_storage().delete(upload.storage_key)
