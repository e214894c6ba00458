"""Every file in the storage that a row names: for whoever looks whether all are there, or takes them elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from transcode.models import Job, Recording, Rendition, Screen, Storyboard

# Where files of ours lie in the storage: what people sent, and what was made of it.
FOLDERS = ("originals/", "recordings/")
# Rows are read in pieces of so many, however many there are.
PIECE = 2000


@dataclass(frozen=True)
class StoredFile:
    """`size` in bytes where a row knows it; `sha256` of originals that were looked at."""

    key: str
    recording_id: int
    size: int | None = None
    sha256: str = ""


def stored_files(recordings: QuerySet[Recording] | None = None) -> Iterator[StoredFile]:
    """Of these recordings, or of all: a query a table."""
    known = Recording.objects.all() if recordings is None else recordings
    for pk, key, size, sha256, poster in known.values_list(
        "pk", "original_key", "size_bytes", "sha256", "poster_key"
    ).iterator(PIECE):
        yield StoredFile(key, pk, size, sha256)
        if poster:
            yield StoredFile(poster, pk)
    of_them = {} if recordings is None else {"recording__in": recordings}
    made = Rendition.objects.filter(**of_them).order_by()
    for key, pk, size in made.values_list("key", "recording_id", "size_bytes").iterator(PIECE):
        yield StoredFile(key, pk, size)
    sheets = Storyboard.objects.filter(**of_them)
    for pk, keys in sheets.values_list("recording_id", "sheet_keys").iterator(PIECE):
        yield from (StoredFile(key, pk) for key in keys)
    screens = Screen.objects.filter(**of_them).order_by()
    for pk, key in screens.values_list("recording_id", "key").iterator(PIECE):
        yield StoredFile(key, pk)


def folders_at_work() -> tuple[str, ...]:
    """What jobs write to that run, or ran and wait again: files that no row names yet."""
    claims = Job.objects.open().filter(claim__isnull=False).values_list("recording__code", "claim")
    return tuple(f"recordings/{code}/{claim}/" for code, claim in claims)
