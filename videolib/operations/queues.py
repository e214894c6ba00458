"""How long the queues are: one query, over open jobs alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from transcode.models import Job, State, went_silent
from transcode.queue import NAMES


@dataclass(frozen=True)
class Queue:
    """One queue as its rows have it. `oldest` is in seconds: how long the job that waits longest could have been taken.

    `silent` ones would be running, but their worker said nothing for a whole lease.
    """

    name: str
    waiting: int = 0
    running: int = 0
    silent: int = 0
    oldest: float = 0.0


def queues_at(now: datetime) -> list[Queue]:
    """Each queue, empty ones too."""
    due = Q(state=State.QUEUED, not_before__lte=now)
    counted = (
        Job.objects.open()
        .values("queue", "state")
        .annotate(number=Count("pk"), silent=Count("pk", filter=went_silent(now)), since=Min("not_before", filter=due))
    )
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in counted.order_by("queue", "state"):
        found[row["queue"]][row["state"]] = row
    return [_queue(name, found[name], now) for name in (*NAMES, *sorted(set(found) - set(NAMES)))]


def _queue(name: str, rows: dict[str, Any], now: datetime) -> Queue:
    waiting, running = rows.get(State.QUEUED, {}), rows.get(State.RUNNING, {})
    since = waiting.get("since")
    return Queue(
        name,
        waiting=waiting.get("number", 0),
        running=running.get("number", 0) - running.get("silent", 0),
        silent=running.get("silent", 0),
        oldest=(now - since).total_seconds() if since else 0.0,
    )
