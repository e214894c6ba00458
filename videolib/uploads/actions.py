"""What can be done with an upload: begin it, receive bytes, finish it, cancel it, take a local file in one go."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from transcode.log_fields import logging_about
from transcode.media.checksum import sha256_of
from videolib.accounts.models import User
from videolib.clips.actions import Details, TagError, create_draft, delete_for_good, edit_clip, trash_clip
from videolib.clips.models import Clip, LibrarySettings
from videolib.lib.measures import UPLOAD_BYTES
from videolib.lib.storage import media_storage
from videolib.uploads.access import check_disk, check_size
from videolib.uploads.body import Body, portions
from videolib.uploads.digest import DIGESTS
from videolib.uploads.finish import finish_held, finish_upload
from videolib.uploads.models import Upload, UploadQuerySet, next_expiry
from videolib.uploads.part import Hold, append, hold, lock_of
from videolib.uploads.shipping import remove_left_parts, room_for, ship
from videolib.uploads.tus import Checksum, UploadRefused

log = logging.getLogger(__name__)

__all__ = [
    "UploadRefused",
    "cancel_upload",
    "create_upload",
    "finish_upload",
    "offset_of",
    "receive",
    "remove_expired_uploads",
    "shown_name",
    "spaced",
    "take_file",
    "take_form_file",
]

# Files nobody knows: a form's file whose request broke, a part whose row was never written.
STRAY_AFTER = timedelta(hours=1)
# Of a request with a checksum, whose bytes are taken or left as a whole: a bucket takes no larger parts than 5 GB.
MOST_CHECKED = 1024**3
# The time left is written down again at most this often, not with every 8 MB.
EXPIRY_STEP = timedelta(minutes=10)


def create_upload(
    *,
    by: User,
    size: int,
    file_name: str = "",
    details: Details | None = None,
    metadata: str = "",
    to_come: int | None = None,
) -> Upload:
    """A draft clip, and the upload that brings its bytes, of which `to_come` need room yet (unless said otherwise,
    all). UploadRefused when they do not fit.
    """
    if size == 0:
        raise UploadRefused(400, "This file is empty: there is nothing to upload.")
    Path(settings.UPLOADS_ROOT).mkdir(parents=True, exist_ok=True)
    # One transaction from counting to writing, and one person in it at a time: two uploads begun at once see each
    # other's bytes.
    with transaction.atomic():
        LibrarySettings.locked()
        check_size(by, size)
        check_disk(size, to_come=to_come)
        clip = _create_draft(by, file_name, details or {})
        upload = Upload.objects.create(
            clip=clip,
            file_name=file_name.replace("\0", "")[:255],
            metadata=metadata,
            size_bytes=size,
            expires_at=next_expiry(),
        )
        upload.path.touch(mode=0o640)
    return upload


def _create_draft(by: User, file_name: str, details: Details) -> Clip:
    wanted = details.copy()
    title = wanted.pop("title", "") or title_of(file_name)
    visibility = wanted.pop("visibility", "") or LibrarySettings.current().default_visibility
    clip = create_draft(title, by=by, visibility=visibility)
    try:
        edit_clip(clip, by=by, **wanted)
    except TagError as error:
        raise UploadRefused(400, str(error)) from error
    return clip


def title_of(file_name: str) -> str:
    """A title from a file's name: no folder, no extension, `_` and `-` as spaces."""
    return spaced(Path(file_name.replace("\\", "/").replace("\0", "")).stem)


def spaced(stem: str) -> str:
    """`_` and `-` as spaces, and never two in a row."""
    return " ".join(stem.replace("_", " ").replace("-", " ").split())


def receive(upload: Upload, body: Body, *, offset: int, checksum: Checksum | None = None) -> int:
    """Write bytes from `offset` on; the new offset. The last byte finishes the upload.

    UploadRefused when the bytes do not belong there (409), somebody else sends (423), they are too many (413), their
    checksum does not fit (460), or the connection is cut: then what arrived is kept.
    """
    _check_offset(upload, offset)
    if body.length is not None and offset + body.length > upload.size_bytes:
        raise UploadRefused(413, f"That is more than the {upload.size_bytes} bytes that Upload-Length announced.")
    if checksum and (body.length or 0) > MOST_CHECKED:
        raise UploadRefused(413, f"A checksum may be of {filesizeformat(MOST_CHECKED)} at most; send less at a time.")
    if upload.finished_at:
        return upload.size_bytes
    with hold(upload.path, from_stalled=offset < upload.size_bytes) as held:
        # Again, now that nobody else writes.
        _check_offset(upload, offset)
        received = offset
        if offset < upload.size_bytes:
            received = _append(upload, body, held, checksum)
        if received == upload.size_bytes:
            finish_held(upload)
    return received


def _append(upload: Upload, body: Body, held: Hold, checksum: Checksum | None) -> int:
    """Puts its end off before and after: one request may bring bytes for hours, and be cut at last."""
    _put_off_expiry(upload)
    digest = DIGESTS.take(upload.code, upload.received)
    try:
        # What a checksum is said to be of is taken or left as a whole.
        for portion in portions(body, lambda: sys.maxsize if checksum else room_for(upload)):
            most = upload.size_bytes - upload.received
            append(upload.files[-1].path, portion, held, most=most, checksum=checksum, digest=digest)
            ship(upload, held)
        return upload.received
    finally:
        if digest:
            DIGESTS.keep(upload.code, digest, upload.received)
        _put_off_expiry(upload)


def _check_offset(upload: Upload, offset: int) -> None:
    if (received := upload.received) != offset:
        raise UploadRefused(409, f"Upload-Offset is {offset}, but {received} bytes have arrived; go on from there.")


def _put_off_expiry(upload: Upload) -> None:
    later = next_expiry()
    if later - upload.expires_at > EXPIRY_STEP:
        upload.expires_at = later
        # No save(): it may have been cancelled meanwhile.
        Upload.objects.filter(pk=upload.pk).update(expires_at=later)


def offset_of(upload: Upload) -> int:
    """From which byte to go on. A complete upload whose end was cut off is finished by being asked."""
    if upload.finished_at is None and upload.received == upload.size_bytes:
        try:
            finish_upload(upload)
        except UploadRefused as refusal:
            # 423: somebody is finishing it right now.
            if refusal.status != 423:
                raise
    return upload.received


def take_file(
    file: Path, *, by: User, title: str = "", visibility: str = "", tags: Sequence[str] = (), sha256: str = ""
) -> Clip:
    """A local file becomes a clip of `by`; the file stays where it is.

    Raises UploadRefused with a sentence (the limits of uploads hold), or OSError when the file cannot be read.
    """
    details = Details(title=title, visibility=visibility, tags=tags)
    sha256 = sha256 or sha256_of(file)
    upload = create_upload(by=by, size=file.stat().st_size, file_name=shown_name(file), details=details)
    try:
        shutil.copyfile(file, upload.path)
        if upload.received != upload.size_bytes:
            raise UploadRefused(409, "The file changed while it was read. Try again when it is complete.")
        finish_upload(upload, sha256=sha256)
    except BaseException:
        cancel_upload(upload, by=by)
        raise
    return Clip.objects.get(pk=upload.clip_id)


def take_form_file(file: Path, *, by: User, file_name: str, sha256: str = "") -> Clip:
    """A file that came with a plain form: moved, not copied, and held to all limits."""
    size = file.stat().st_size
    UPLOAD_BYTES.inc(size)
    upload = create_upload(by=by, size=size, file_name=file_name, to_come=0)
    file.replace(upload.path)
    finish_upload(upload, sha256=sha256)
    return Clip.objects.get(pk=upload.clip_id)


def shown_name(file: Path) -> str:
    """The file's name as text: names on disk may hold bytes that are none."""
    return file.name.encode(errors="surrogateescape").decode(errors="replace")


def cancel_upload(upload: Upload, *, by: User, among: UploadQuerySet | None = None) -> bool:
    """Stop, and forget what arrived with its draft. A finished one takes its clip to the trash.

    With `among` only while it is one of these. Returns whether it was cancelled.
    """
    with transaction.atomic():
        # Clip and upload are read again and locked: neither is finished nor restored in between.
        clip = Clip.objects.select_for_update().filter(pk=upload.clip_id).first()
        locked = (Upload.objects.all() if among is None else among).select_for_update()
        standing = locked.filter(pk=upload.pk).first()
        if clip is None or standing is None:
            return False
        standing.delete()
        if clip.is_draft:
            delete_for_good(clip)
        elif clip.trashed_at is None:
            trash_clip(clip, by=by)
    if standing.finished_at is None:
        _remove_bytes(upload)
    return True


def _remove_bytes(upload: Upload) -> None:
    if not upload.files:
        # Stored already, but no recording came of it.
        media_storage().delete(upload.storage_key)
    # Whoever still writes loses the right to with the lock file.
    lock_of(upload.path).unlink(missing_ok=True)
    upload.remove_files()


def remove_expired_uploads() -> int:
    """Finish what was cut off at its very end, cancel what nobody went on with. Returns how many were cancelled."""
    for upload in Upload.objects.open().filter(clip__trashed_at=None).select_related("clip"):
        if upload.received == upload.size_bytes:
            _finish_quietly(upload)
    uploads = list(Upload.objects.left_alone().select_related("clip__owner"))
    cancelled = sum(_cancel_left_alone(upload) for upload in uploads)
    before = timezone.now() - STRAY_AFTER
    _remove_strays(before)
    remove_left_parts(before)
    return cancelled


def _finish_quietly(upload: Upload) -> None:
    with logging_about(upload=upload.code, clip=upload.clip.code):
        try:
            finish_upload(upload)
        except UploadRefused as refusal:
            log.warning("upload %s is complete, but was not finished: %s", upload.code, refusal)


def _cancel_left_alone(upload: Upload) -> bool:
    """False where somebody sends it just now, or went on with it since it was listed."""
    try:
        with logging_about(upload=upload.code, clip=upload.clip.code), hold(upload.path):
            return cancel_upload(upload, by=upload.clip.owner, among=Upload.objects.left_alone())
    except UploadRefused:
        # 423: somebody holds it, however long ago their request began.
        return False


def _remove_strays(before: datetime) -> None:
    known = {str(code) for code in Upload.objects.open().values_list("code", flat=True)}
    for file in Path(settings.UPLOADS_ROOT).glob("*"):
        is_known = file.name.partition(".")[0] in known
        if not is_known and file.is_file() and file.stat().st_mtime < before.timestamp():
            file.unlink(missing_ok=True)
