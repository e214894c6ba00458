"""Messages that wake workers. They are only nudges (the rows are the truth), so nobody waits long for a broker."""

from __future__ import annotations

import logging
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# What asking a broker raises that is away, or says nothing.
UNREACHABLE = (OperationalError, OSError)

# Seconds. No less: of a process that is killed in its job the message comes back, and it is tried again at once.
LIVES = 3600

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
    except UNREACHABLE as error:
        log.warning("%s%r was not sent, no broker answers: %s", task, args, error)
        return False
    return True


def work_on(queue: str, *, expires: int = LIVES) -> bool:
    """There is work in that queue. It is of no worth after `expires` seconds: nudges do not pile up where all workers
    are busy, or none is up."""
    return send("transcode.work_on", queue, queue=queue, expires=expires)


def reach_broker() -> None:
    """Ask now whether a broker answers, for a second or two; raises one of UNREACHABLE when none does."""
    if not settings.BROKER_URL:
        raise OperationalError("there is no address of a broker")
    with current_app.connection_for_write() as connection:
        _reach(connection)


def workers() -> dict[str, list[str]]:
    """The workers that answer now, by name, and the queues each takes; takes a second. Raises one of UNREACHABLE."""
    with current_app.connection_for_write() as connection:
        _reach(connection)
        answers = current_app.control.inspect(timeout=1.0, connection=connection).active_queues() or {}
    return {name: [queue["name"] for queue in queues] for name, queues in answers.items()}


def _reach(connection: Any) -> None:
    # Never a pause between two tries: an address where nobody listens says so at once.
    connection.ensure_connection(max_retries=1, interval_start=0, timeout=2)


def find_broker() -> bool:
    """Ask whether a broker answers. When none does, this process sends nothing more, and asks no more.

    For commands that do one thing after the other: each message, and each question, would pay the wait anew.
    """
    global _gave_up
    if not has_broker():
        return False
    try:
        reach_broker()
    except UNREACHABLE as error:
        log.warning("no broker answers, so nothing is sent: %s", error)
        _gave_up = True
    return not _gave_up


def queues_served() -> frozenset[str]:
    """The queues that workers answer for now; empty when no broker or no worker answers within a second or two."""
    if not find_broker():
        return frozenset()
    try:
        return frozenset(queue for queues in workers().values() for queue in queues)
    except UNREACHABLE:
        return frozenset()
