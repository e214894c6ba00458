"""From bytes that have all arrived to the recording of the clip that waited for them: once, whatever breaks in between.

Bytes that are here already are stored no second time: the clip shares their recording, whosever it is. Others go into
the storage under a key that is the upload's own, then one transaction writes all rows. Cut off in between, the upload
stands complete and unfinished, and the next HEAD, PATCH or sweep goes on where it broke.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from transcode import actions as pipeline
from transcode.log_fields import logging_about
from transcode.models import Recording
from videolib.clips.actions import attach_recording, index_clips_of
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage
from videolib.uploads.digest import DIGESTS
from videolib.uploads.models import Upload
from videolib.uploads.part import hold
from videolib.uploads.shipping import ship_the_rest, storing
from videolib.uploads.tus import UploadRefused

NOT_STORED = "All bytes have arrived, but they could not be stored. They are kept, and it is tried again."


def finish_upload(upload: Upload, *, sha256: str = "") -> Recording:
    """Turn a complete upload into a recording; happens once, however often it is asked.

    `sha256` is that of its bytes, where the caller knows it. Nobody reads them all in here: without it the pipeline
    does. UploadRefused: 409 when bytes are missing, 410 when it was cancelled, 423 while somebody else finishes it, 503
    when the storage does not take the bytes.
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
    sha256 = sha256 or DIGESTS.of(upload.code, upload.size_bytes)
    with logging_about(upload=upload.code, clip=upload.clip.code):
        recording = _share(upload, sha256) or _accept(upload, sha256)
        upload.remove_files()
    return recording


def _reload(upload: Upload) -> None:
    found = Upload.objects.select_related("clip__recording").filter(pk=upload.pk).first()
    if found is None:
        raise UploadRefused(410, "This upload was cancelled.")
    upload.finished_at, upload.clip, upload.multipart = found.finished_at, found.clip, found.multipart


def _share(upload: Upload, sha256: str) -> Recording | None:
    """Join the clip to the recording that is here of these very bytes; None where there is none that plays or may."""
    if not sha256 or not upload.files:
        return None
    with transaction.atomic():
        known = pipeline.lock_same_bytes(sha256, upload.size_bytes)
        if known is None:
            return None
        attach_recording(_win(upload), known)
    if known.playable_at is None:
        # Words that came while these rows were not yet committed saw no clip of ours.
        index_clips_of(known.pk)
    return known


def _accept(upload: Upload, sha256: str) -> Recording:
    """Make a recording of the bytes, whose first job is on its way."""
    _store(upload)
    try:
        with transaction.atomic():
            clip = _win(upload)
            recording = pipeline.accept_recording(
                upload.storage_key, upload.size_bytes, sha256=sha256, lane=str(clip.owner_id)
            )
            attach_recording(clip, recording)
    except UploadRefused:
        _forget_bytes_of_cancelled(upload)
        raise
    return recording


def _store(upload: Upload) -> None:
    """Move the bytes, outside any transaction. Done twice it leaves nothing behind: the key is the upload's own."""
    with storing(upload, NOT_STORED):
        if [file.offset for file in upload.files] == [0]:
            pipeline.store_original(upload.path, upload.storage_key)
        elif not _is_stored(upload):
            ship_the_rest(upload)


def _is_stored(upload: Upload) -> bool:
    """Whether it was cut off after its bytes were stored, and before its rows were written or its files removed."""
    try:
        return media_storage().size(upload.storage_key) == upload.size_bytes
    except FileNotFoundError:
        return False


def _win(upload: Upload) -> Clip:
    """The clip that waits for these bytes, read again and locked: its words may have been edited meanwhile.

    Only the winner of this UPDATE gives it its recording. A deleted draft gets none.
    """
    now = timezone.now()
    # Before the upload, as whoever deletes a clip does it: two who lock in different orders wait for each other.
    clip = Clip.objects.select_for_update().filter(pk=upload.clip_id).first()
    won = Upload.objects.open().filter(pk=upload.pk).update(finished_at=now)
    if clip is None or clip.trashed_at or not won:
        raise UploadRefused(410, "This upload was cancelled.")
    upload.finished_at, upload.clip = now, clip
    return clip


def _forget_bytes_of_cancelled(upload: Upload) -> None:
    # A deleted draft may still be brought back, and then its upload is finished: its bytes stay until the sweep.
    if not Upload.objects.filter(pk=upload.pk).exists():
        media_storage().delete(upload.storage_key)
