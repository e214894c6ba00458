"""Whether a library is whole: rows against rows, and against files. `manage.py check_library` tells what is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from videolib.lib.storage import media_storage
from videolib.operations import file_faults, row_faults
from videolib.operations.faults import Fault


def find_faults(*, grace: timedelta | None = None, read_originals: bool = False) -> Iterator[Fault]:
    """Everything that is wrong, as it is found, while people go on working.

    `grace` is how old a thing must be that may be under way (an hour for rows, a day for files); zero in a library that
    does nothing. With `read_originals` each original is read, and its SHA-256 compared: hours, where there are many.
    """
    now, storage = timezone.now(), media_storage()
    yield from row_faults.faults_in_rows(now, grace=row_faults.GRACE if grace is None else grace)
    with file_faults.side_by_side(storage) as lists:
        yield from file_faults.faults_in_files(lists, storage, now, grace=file_faults.GRACE if grace is None else grace)
    if read_originals:
        yield from (fault for _, fault in file_faults.damaged_originals(storage) if fault)
