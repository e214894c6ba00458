"""The library's workers, whose storage is listed without end while there is a file `endless` in the data folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init

from videolib.celery import app

__all__ = ["app"]


@worker_process_init.connect  # type: ignore[untyped-decorator]
def list_slowly(**_: Any) -> None:
    """In each process of the pool."""
    from videolib.lib.storage import DiskStorage

    DiskStorage.list_objects = _without_end  # type: ignore[method-assign]


def _without_end(*_: Any) -> Iterator[Any]:
    from django.conf import settings

    while (Path(settings.VIDEOLIB_DATA) / "endless").exists():
        time.sleep(0.05)
    return iter(())
