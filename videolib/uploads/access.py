"""Who may upload, which upload is whose, and how much still fits."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Least
from django.template.defaultfilters import filesizeformat

from transcode.log_fields import log_about
from transcode.models import Job, Recording, Step
from videolib.accounts.models import User
from videolib.clips.models import LibrarySettings
from videolib.lib.limits import Limit, TooOften
from videolib.lib.storage import multipart_storage
from videolib.uploads.models import Upload
from videolib.uploads.tus import UploadRefused

if TYPE_CHECKING:
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser

# What is made of a recording took 1.47 times its own bytes over eight real ones: so many are needed besides it.
BYTES_MADE_OF_ONE = 1.5
# Whoever is still to go through one of these has not got all of it yet.
MAKING = (Step.INSPECT, Step.MAKE_PLAYABLE, Step.MAKE_RENDITIONS)
CREATIONS = Limit("upload", seconds=3600, sentence="You began very many uploads within an hour.")
# Kept free for the database, logs and the work under way: a full disk stops everybody.
KEPT_FREE = 512 * 1024**2


def check_may_upload(user: User | AnonymousUser) -> User:
    """The person; UploadRefused for whoever is signed out, or only watches."""
    if not isinstance(user, User):
        raise UploadRefused(401, "Sign in, or send a personal token, to upload.")
    if not user.is_contributor:
        raise UploadRefused(403, "Uploading is for contributors. Ask an admin to make you one.")
    return user


def count_creation(user: User) -> None:
    """Every door by which people or scripts begin uploads counts, not the command on the machine itself."""
    try:
        CREATIONS.count(user.pk, most=settings.UPLOADS_PER_HOUR)
    except TooOften as refusal:
        raise UploadRefused(429, str(refusal), retry_after=refusal.retry_after) from refusal


def get_upload_for(user: User | AnonymousUser, code: UUID) -> Upload:
    """The upload of that code, for the owner of its clip.

    UploadRefused: 404 for anybody else, also for who began it and whose clips were handed over since; 410 when it can
    not be gone on with.
    """
    owner = check_may_upload(user)
    upload = Upload.objects.select_related("clip__owner").filter(code=code, clip__owner=owner).first()
    if upload is None:
        raise UploadRefused(404, "There is no such upload. Start again with the same file.")
    log_about(clip=upload.clip.code)
    if upload.has_lapsed:
        raise UploadRefused(410, "This upload was left alone for too long. Start again with the same file.")
    if upload.finished_at is None and upload.clip.trashed_at:
        raise UploadRefused(410, "This clip was deleted, so its upload was cancelled.")
    return upload


def bytes_used_by(user: User) -> int:
    """What counts against the quota: the recordings of their clips, trash included, and what is still to arrive."""
    recordings = Recording.objects.filter(pk__in=user.clips.values("recording"))
    under_way = Upload.objects.open().filter(clip__owner=user, clip__trashed_at=None)
    return sum(rows.aggregate(total=Sum("size_bytes", default=0))["total"] for rows in (recordings, under_way))


def quota_of(user: User) -> int:
    """How many bytes the person may keep here: their own limit, or the library's."""
    return LibrarySettings.current().quota_bytes if user.quota_bytes is None else user.quota_bytes


def check_size(user: User, size: int) -> None:
    """Refuse a recording of `size` bytes that is too large, or more than the person may still keep."""
    most = LibrarySettings.current().max_upload_bytes
    if size > most:
        sentence = f"A recording may have {filesizeformat(most)} at most; this one has {filesizeformat(size)}."
        raise UploadRefused(413, f"{sentence} Make it shorter or smaller, or ask an admin to raise the limit.")
    room = quota_of(user) - bytes_used_by(user)
    if size > room:
        sentence = f"This needs {filesizeformat(size)}, and you have {filesizeformat(max(room, 0))} left"
        raise UploadRefused(413, f"{sentence} of {filesizeformat(quota_of(user))}. Delete clips, or ask an admin.")


def check_disk(size: int, *, to_come: int | None = None) -> None:
    """Refuse what the disks cannot hold together with all that was promised room before: rows reserve it.

    `to_come`: how much of it the folder of uploads must hold, besides what lies there; unless said otherwise all, or
    with a bucket the few parts that are there at a time. Whoever goes on to reserve it asks under
    `LibrarySettings.locked()`: of two who want the last room at once, one gets it.
    """
    # How far each upload is, is asked only where there is no room for all of them from their first byte.
    if not (_fits(_needs(size, to_come, arrived=0)) or _fits(_needs(size, to_come, arrived=_arrived()))):
        raise UploadRefused(507, "The server's disk is nearly full. Tell an admin, and try again when there is room.")


def _fits(needs: list[tuple[Path, int]]) -> bool:
    needed = Counter[int]()
    for folder, number in needs:
        needed[folder.stat().st_dev] += number
    return all(shutil.disk_usage(folder).free - needed[folder.stat().st_dev] >= KEPT_FREE for folder, _ in needs)


def _arrived() -> int:
    """Bytes of open uploads that need no room any more: a look at the files of each."""
    return sum(each.received for each in Upload.objects.open().only("code", "size_bytes", "finished_at"))


def _needs(size: int, to_come: int | None = None, *, arrived: int) -> list[tuple[Path, int]]:
    """How many bytes are still to come to each folder, an upload of `size` included.

    What is made appears in the scratch folder, a few at a time, and is moved to the media.
    """
    under_way = Upload.objects.open()
    others = under_way.aggregate(total=Sum("size_bytes", default=0))["total"]
    worked_on = Recording.objects.filter(pk__in=Job.objects.open().filter(step__in=MAKING).values("recording"))
    originals = worked_on.aggregate(total=Sum("size_bytes", default=0))["total"]
    arriving, scratch, media = map(_standing, (settings.UPLOADS_ROOT, settings.SCRATCH_ROOT, settings.MEDIA_ROOT))
    if storage := multipart_storage():
        # One file is filled while another is on its way, however large the whole is.
        few = 2 * storage.least_part
        here = under_way.aggregate(total=Sum(Least("size_bytes", few), default=0))["total"]
        here += min(size, few) if to_come is None else to_come
        return [(arriving, here), (scratch, size + _made_of(size))]
    arrive = others - arrived + (size if to_come is None else to_come)
    moved = 0 if media.stat().st_dev == arriving.stat().st_dev else others + size
    making = 0 if media.stat().st_dev == scratch.stat().st_dev else _made_of(size)
    return [(arriving, arrive), (media, moved + _made_of(others + size + originals)), (scratch, making)]


def _made_of(size: int) -> int:
    return int(BYTES_MADE_OF_ONE * size)


def _standing(folder: Path) -> Path:
    """The folder, or the one it will be made in."""
    return next(each for each in (folder, *folder.parents) if each.exists())
