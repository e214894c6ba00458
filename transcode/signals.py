"""The one custom signal: news of a recording for whoever listens. Sent after commit: from
Job.end, and from a running job whose first results are there to be seen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.dispatch import Signal

if TYPE_CHECKING:
    from transcode.models import Job

# Arguments: recording_id: int, step: Step, state: State. The pipeline does not know who hears it.
recording_changed = Signal()


def announce(job: Job) -> None:
    """Tell the listeners, once what changed is committed. What one of them does wrong is logged, and undoes no job."""
    news = partial(
        recording_changed.send_robust, type(job), recording_id=job.recording_id, step=job.step, state=job.state
    )
    transaction.on_commit(news)
