"""Which queue each step waits in, and the nudge that wakes a worker for it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from transcode import nudge
from transcode.models import Job, Step

# (queue, priority): 0 is taken first, so what makes the next clip playable goes before what makes the last one better.
QUEUES: dict[Step, tuple[str, int]] = {
    Step.INSPECT: ("media", 0),
    Step.MAKE_PLAYABLE: ("media", 0),
    Step.TRANSCRIBE: ("speech", 3),
    Step.MAKE_RENDITIONS: ("media", 6),
    Step.READ_SCREEN: ("screen", 9),
}


def send_job(job: Job) -> None:
    """Nudge a worker once the transaction is committed. A message that gets lost is sent again by the sweeper."""
    transaction.on_commit(lambda: _send(job.pk, job.step, job.queue, job.priority))


def _send(job_id: int, step: str, queue: str, priority: int) -> None:
    # Written first: a worker may take the job, and write here, before the message is known to be sent.
    if nudge.has_broker():
        Job.objects.filter(pk=job_id).update(sent_at=timezone.now())
        nudge.send(f"transcode.{step}", job_id, queue=queue, priority=priority)
