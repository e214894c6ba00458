"""The library's workers with steps that only sleep: `celery --app benchmarks.sleeping worker --queues media`.

For what is asked of the queue alone, in benchmarks and tests. Each step sleeps SLEEP_SECONDS and stores one small file,
which becomes the recording's poster.
"""

from __future__ import annotations

import os
import time
from typing import Any

from celery.signals import worker_process_init

from videolib.celery import app

__all__ = ["app"]

SECONDS = float(os.environ.get("SLEEP_SECONDS", "0.1"))
# Between two reports of progress; as long as the sleep itself: the step says nothing in between.
REPORT_SECONDS = float(os.environ.get("REPORT_SECONDS", "0.1"))


@worker_process_init.connect  # type: ignore[untyped-decorator]
def sleep_instead(**_: Any) -> None:
    """In each process of the pool, before its first job."""
    from transcode import claim, tasks  # noqa: PLC0415 (Django is set up only now)
    from transcode.machine import Room  # noqa: PLC0415

    # Sleeping needs none, however busy this machine is with other things.
    claim.look_around = lambda *_, **__: Room(2**62, 0.0, 2**62)  # type: ignore[attr-defined]
    tasks.STEPS.update(dict.fromkeys(tasks.STEPS, _sleep))


def _sleep(work: Any) -> None:
    slept = 0.0
    while slept < SECONDS:
        piece = min(REPORT_SECONDS, SECONDS - slept)
        time.sleep(piece)
        slept += piece
        work.progress(slept / SECONDS)
    file = work.folder / f"{work.job.step}.jpg"
    file.write_text(str(work.claim))
    key = work.store(file)
    with work.finishing():
        work.recording.poster_key = key
        work.recording.save(update_fields=["poster_key"])
