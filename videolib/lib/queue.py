"""Tasks are sent by name, on commit, and never wait for a broker that is away."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

log = logging.getLogger(__name__)


def send_on_commit(task: str, *args: Any, queue: str) -> None:
    """Send `task` to `queue` once the transaction that asked for it is committed."""
    transaction.on_commit(partial(send, task, *args, queue=queue))


def send(task: str, *args: Any, queue: str) -> bool:
    """Send `task` now; False when no broker answers: the row it is about stays, and a sweeper finds it."""
    from kombu.exceptions import OperationalError  # noqa: PLC0415 (manage.py commands that send nothing start faster)

    from videolib.celery import app  # noqa: PLC0415

    if not settings.BROKER_URL:
        return False
    try:
        app.send_task(task, args=args, queue=queue, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("%s%r was not sent, no broker answers: %s", task, args, error)
        return False
    return True


def queues_served() -> frozenset[str]:
    """The queues that workers answer for now; empty when no broker or no worker answers within a second or two."""
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    from videolib.celery import app  # noqa: PLC0415

    if not settings.BROKER_URL:
        return frozenset()
    try:
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
            answers = app.control.inspect(timeout=1.0, connection=connection).active_queues() or {}
    except (OperationalError, OSError):
        return frozenset()
    return frozenset(queue["name"] for queues in answers.values() for queue in queues)
