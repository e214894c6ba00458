"""Messages that wake workers. They are only nudges (the rows are the truth), so nobody waits long for a broker."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# Set by `find_broker`, for the rest of the process.
_gave_up = False


def has_broker() -> bool:
    """Whether there is a broker to send to, as far as this process knows; nobody is asked."""
    return bool(settings.BROKER_URL) and not _gave_up


def send(task: str, *args: Any, queue: str, **options: Any) -> bool:
    """Send `task` now; False when no broker answers: the row it is about stays, and a sweeper finds it."""
    if not has_broker():
        return False
    try:
        current_app.send_task(task, args=args, queue=queue, retry=False, **options)
    except (OperationalError, OSError) as error:
        log.warning("%s%r was not sent, no broker answers: %s", task, args, error)
        return False
    return True


def find_broker() -> bool:
    """Ask whether a broker answers. When none does, this process sends nothing more, and asks no more.

    For commands that do one thing after the other: each message, and each question, would pay the wait anew.
    """
    global _gave_up
    if not has_broker():
        return False
    try:
        with current_app.connection_for_write() as connection:
            # Never a pause between two tries: an address where nobody listens says so at once.
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (OperationalError, OSError) as error:
        log.warning("no broker answers, so nothing is sent: %s", error)
        _gave_up = True
    return not _gave_up


def queues_served() -> frozenset[str]:
    """The queues that workers answer for now; empty when no broker or no worker answers within a second or two."""
    if not find_broker():
        return frozenset()
    try:
        with current_app.connection_for_write() as connection:
            answers = current_app.control.inspect(timeout=1.0, connection=connection).active_queues() or {}
    except (OperationalError, OSError):
        return frozenset()
    return frozenset(queue["name"] for queues in answers.values() for queue in queues)
