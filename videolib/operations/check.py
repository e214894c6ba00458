"""Whether a library is whole: rows against rows, and against files. `manage.py check_library` tells what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.utils import timezone

from transcode import nudge
from transcode.models import Recording
from videolib.lib.storage import media_storage
from videolib.operations import file_faults, row_faults
from videolib.operations.faults import Fault
from videolib.operations.models import LibraryCheck

# The clock's check reads originals in slices, each a task of its own: what else is light goes in between.
SLICE_SECONDS = 20.0
# Lowest: nothing waits for it.
SLICE_PRIORITY = 9
# A week's check reads for so long and stops; the next goes on from there.
READ_FOR = timedelta(hours=3)
# How many reports are kept.
KEPT = 12

# Takes a fault as it is found, and says whether it put it right.
PutRight = Callable[[Fault], bool]


def leave(_: Fault) -> bool:
    """Everything stays as it is."""
    return False


def find_faults(*, grace: timedelta | None = None, check: LibraryCheck | None = None) -> Iterator[Fault]:
    """Everything that is wrong, as it is found, while people go on working. What was looked at is counted in `check`.

    `grace` is how old a thing must be that may be under way (an hour for rows, a day for files); zero in a library that
    does nothing. Originals are not read here (`damaged_originals`).
    """
    now, storage = timezone.now(), media_storage()
    yield from row_faults.faults_in_rows(now, grace=row_faults.GRACE if grace is None else grace)
    with file_faults.side_by_side(storage) as lists:
        if check:
            check.files, check.size_bytes = file_faults.totals(lists)
        yield from file_faults.faults_in_files(lists, storage, now, grace=file_faults.GRACE if grace is None else grace)


def check_library(*, read_originals: bool = False, put_right: PutRight = leave) -> LibraryCheck:
    """Look at everything, and write down what is wrong and was not put right; faults are handed on as they are found.

    With `read_originals` each original is read, and its SHA-256 compared: hours, where there are many.
    """
    before = None if read_originals else LibraryCheck.objects.first()
    # Where the clock's reading stopped, so that a look in between does not send it back to the beginning.
    check = LibraryCheck.objects.create(read_until=before.read_until if before else 0)
    for fault in find_faults(check=check):
        if not put_right(fault):
            check.add(fault)
    if read_originals:
        _read(check, seconds=None, put_right=put_right)
        check.read_until = 0
    check.ended_at = timezone.now()
    check.save()
    _forget_old()
    return check


def read_slice(check_id: int) -> int:
    """Read originals for some seconds, and send the next slice where there is more to read. Returns how many."""
    check = LibraryCheck.objects.filter(pk=check_id).first()
    if check is None:
        return 0
    before = check.originals_read
    _read(check, seconds=SLICE_SECONDS)
    is_over = not Recording.objects.filter(pk__gt=check.read_until).exclude(sha256="").exists()
    if is_over:
        check.read_until = 0
    check.ended_at = timezone.now()
    check.save()
    if not is_over and check.ended_at - check.started_at < READ_FOR:
        send_slice(check)
    return check.originals_read - before


def send_slice(check: LibraryCheck) -> None:
    """Have originals read for a while, from where the check before this one stopped."""
    nudge.send("operations.read_originals", check.pk, queue="light", priority=SLICE_PRIORITY)


def _read(check: LibraryCheck, *, seconds: float | None, put_right: PutRight = leave) -> None:
    found = file_faults.damaged_originals(media_storage(), after=check.read_until, seconds=seconds)
    for pk, fault in found:
        check.read_until, check.originals_read = pk, check.originals_read + 1
        if fault and not put_right(fault):
            check.add(fault)


def _forget_old() -> None:
    kept = LibraryCheck.objects.values_list("pk", flat=True)[:KEPT]
    LibraryCheck.objects.exclude(pk__in=list(kept)).delete()
