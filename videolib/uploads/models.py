"""Uploads: resumable transfers that end as a Recording."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone

from videolib.accounts.models import User
from videolib.clips.models import DRAFT_KEPT, Clip
from videolib.uploads.part import PartFile, files_of
from videolib.uploads.tus import read_metadata


class UploadQuerySet(models.QuerySet["Upload"]):
    """Reads over uploads."""

    def open(self) -> UploadQuerySet:
        """Transfers that are not at an end."""
        return self.filter(finished_at=None)

    def left_alone(self) -> UploadQuerySet:
        """Transfers nobody went on with in time, and those whose draft was deleted for as long as it is kept."""
        now = timezone.now()
        lapsed = models.Q(expires_at__lte=now, clip__trashed_at=None)
        return self.open().filter(lapsed | models.Q(clip__trashed_at__lt=now - DRAFT_KEPT))

    def unfinished_of(self, owner: User) -> UploadQuerySet:
        """What `owner` can go on with: not expired, its draft not deleted; the last one begun first."""
        standing = self.open().filter(clip__owner=owner, expires_at__gt=timezone.now(), clip__trashed_at=None)
        return standing.select_related("clip").order_by("-created_at", "-pk")


class Upload(models.Model):
    """One transfer; its owner is that of its clip. How many bytes arrived is told by its files under UPLOADS_ROOT."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="uploads")
    file_name = models.CharField(max_length=255, blank=True)
    # Upload-Metadata as the client sent it: tus wants it given back as it came.
    metadata = models.TextField(blank=True)
    size_bytes = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # What a bucket knows its first bytes by, while others arrive; empty where it has none.
    multipart = models.TextField(blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["expires_at"], name="open_uploads", condition=models.Q(finished_at=None)),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def path(self) -> Path:
        """Where the first bytes lie while they arrive."""
        return Path(settings.UPLOADS_ROOT) / f"{self.code}.part"

    @property
    def files(self) -> list[PartFile]:
        """What is here of it. One stands from the start, so where there is none all was moved into the storage."""
        return files_of(self.path)

    def remove_files(self) -> None:
        """What is here of it."""
        for file in self.files:
            file.path.unlink(missing_ok=True)

    @property
    def storage_key(self) -> str:
        """Where the bytes lie once all have arrived: known before they are moved, so that a crash loses nothing."""
        return f"originals/{self.code}"

    @property
    def received(self) -> int:
        """Bytes that have arrived: the truth is what lies on the disk, so no counter can drift from it."""
        if self.finished_at:
            return self.size_bytes
        try:
            files = self.files
            return files[-1].end if files else self.size_bytes
        except FileNotFoundError:  # moved meanwhile
            return self.size_bytes

    @property
    def percent(self) -> int:
        """How much of it has arrived, rounded down."""
        return self.received * 100 // self.size_bytes

    @property
    def fingerprint(self) -> str:
        """What the upload page knows the file again by; empty for uploads of other clients."""
        return read_metadata(self.metadata).get("fingerprint", "")

    @property
    def has_lapsed(self) -> bool:
        """Nobody went on with it in time: its bytes go with the next sweep."""
        return self.finished_at is None and self.expires_at <= timezone.now()


def next_expiry() -> datetime:
    """Until when an upload that is begun, or gone on with, now may be left alone."""
    return timezone.now() + timedelta(hours=settings.UPLOAD_EXPIRES_HOURS)
