"""What the clock asks of operations."""

from __future__ import annotations

from celery import shared_task

from videolib.operations import check


@shared_task(name="operations.check_library")
def check_library() -> int:
    """Every week: look whether the library is whole, then read originals in slices. Returns how many faults."""
    report = check.check_library()
    check.send_slice(report)
    return report.number_of_faults


@shared_task(name="operations.read_originals")
def read_originals(check_id: int) -> int:
    """One slice of that. Returns how many originals were read."""
    return check.read_slice(check_id)
