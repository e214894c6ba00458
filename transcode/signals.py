"""The one custom signal: news of a recording for whoever listens. Sent after commit: from
Job.end, and from a running job whose first results are there to be seen.

How a job ended is told for certain: its row says until then that nobody heard of it, and the sweep tells it again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.dispatch import Signal

if TYPE_CHECKING:
    from transcode.models import Job

log = logging.getLogger(__name__)

# Arguments: recording_id: int, step: Step, state: State. The pipeline does not know who hears it.
recording_changed = Signal()


class NoNewsError(Exception):
    """Another process has told it meanwhile, or it is not how the job stands any more."""


def announce(job: Job) -> None:
    """Tell the listeners, once what changed is committed."""
    transaction.on_commit(lambda: tell(job))


def tell(job: Job) -> None:
    """Tell the listeners now. What one of them does wrong is logged, and undoes no job.

    What they write counts all together, and once: with the mark in the row that they were told, or not at all.
    """
    try:
        with transaction.atomic():
            recording_changed.send(type(job), recording_id=job.recording_id, step=job.step, state=job.state)
            if not job.is_open:
                _mark_told(job)
    except NoNewsError:
        log.info("%s was told already", job)
    except Exception:
        log.exception("what follows from %s could not be done; how a job ended is told again by the sweep", job)


def _mark_told(job: Job) -> None:
    # Last, so that listeners take their locks in the order they are used to: clips, recordings, then jobs.
    row = type(job).objects.filter(pk=job.pk)
    if not row.filter(is_told=False, ended_at=job.ended_at).update(is_told=True) and row.exists():
        raise NoNewsError
