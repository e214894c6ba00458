"""How long a job will wait for its turn, as far as that can be known honestly: from how long steps took of late."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import median

from django.utils import timezone

from transcode.models import Job, State

# Steps are measured over so many jobs that were done last; fewer than LEAST of a step say nothing about it.
LAST_DONE, LEAST = 200, 3
# Older ones tell of another machine, or another model.
OF_LATE = timedelta(days=30)
# How long a measure holds, seconds: pages ask every second.
HOLDS = 60
# So many of those ahead are added up; of a longer queue the others are taken to be like them.
ADDED_UP = 500


@dataclass(frozen=True)
class Wait:
    """`ahead` counts the jobs that are taken before; `seconds` until its turn, None where that is not known."""

    ahead: int
    seconds: float | None


def wait_for(job: Job, now: datetime) -> Wait:
    """How long a waiting job waits: two or three queries, and one a minute for all who ask."""
    before = Job.objects.ahead_of(job)
    ahead = list(before.values_list("step", "cost")[:ADDED_UP])
    number = before.count() if len(ahead) == ADDED_UP else len(ahead)
    running = Job.objects.filter(queue=job.queue, state=State.RUNNING, lease_until__gte=now)
    at_work = list(running.values_list("step", "cost", "percent"))
    costs = [(step, cost * number / len(ahead)) for step, cost in ahead]
    costs += [(step, cost * (100 - percent) / 100) for step, cost, percent in at_work]
    return Wait(number, _seconds(costs, slots=len(at_work)))


def _seconds(costs: list[tuple[str, float]], *, slots: int) -> float | None:
    if not slots:
        # It is taken in a moment, or there are no workers: no measure says which.
        return None
    known = _paces(int(time.monotonic() // HOLDS))
    if any(step not in known for step, _ in costs):
        return None
    return sum(known[step] * cost for step, cost in costs) / slots


@lru_cache(maxsize=1)
def _paces(minute: int) -> dict[str, float]:  # noqa: ARG001 (for how long an answer is kept)
    """By step, how many seconds of work a second of cost takes: the median of what was done of late."""
    done = Job.objects.filter(state=State.DONE, cost__gt=0, ended_at__gt=timezone.now() - OF_LATE).order_by("-ended_at")
    measured = defaultdict(list)
    for step, cost, started, ended in done.values_list("step", "cost", "started_at", "ended_at")[:LAST_DONE]:
        if started and ended:
            measured[step].append(max(0.0, (ended - started).total_seconds()) / cost)
    return {step: median(each) for step, each in measured.items() if len(each) >= LEAST}
