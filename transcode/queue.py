"""Which queue each step waits in, and the nudge that wakes a worker for it."""

from __future__ import annotations

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from transcode.models import Job, Step

log = logging.getLogger(__name__)

# (queue, priority): 0 is taken first, so what makes the next clip playable goes before what makes the last one better.
QUEUES: dict[Step, tuple[str, int]] = {
    Step.INSPECT: ("media", 0),
    Step.MAKE_PLAYABLE: ("media", 0),
    Step.TRANSCRIBE: ("speech", 3),
    Step.MAKE_RENDITIONS: ("media", 6),
}


def send_job(job: Job) -> None:
    """Nudge a worker once the transaction is committed. A message that gets lost is sent again by the sweeper."""
    transaction.on_commit(lambda: _send(job.pk, job.step, job.queue, job.priority))


def _send(job_id: int, step: str, queue: str, priority: int) -> None:
    if not settings.BROKER_URL:
        return
    Job.objects.filter(pk=job_id).update(sent_at=timezone.now())
    try:
        current_app.send_task(f"transcode.{step}", args=[job_id], queue=queue, priority=priority, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("job %s was not sent, no broker answers: %s", job_id, error)
