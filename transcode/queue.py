"""Which queue each step waits in, whose turn it is there, and the nudge that wakes its workers.

Turns are given when a job is queued, and are those of fair queueing (Golestani, "A self-clocked fair queueing scheme",
1994): a lane pays for each of its jobs by the length of the recording, and whoever has nothing waiting begins where
the queue is now. So nobody waits for more of somebody else's work than their own takes, the short goes before the
long, and whoever is long is not overtaken for ever. As a turn is only a number in the row, the next job and what is
ahead of one are read off an index.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Subquery

from transcode import nudge
from transcode.models import Job, JobQuerySet, Recording, State, Step

# (queue, priority): 0 is taken first, so what makes the next clip playable goes before what makes the last one better.
QUEUES: dict[Step, tuple[str, int]] = {
    Step.INSPECT: ("media", 0),
    Step.MAKE_PLAYABLE: ("media", 0),
    Step.TRANSCRIBE: ("speech", 3),
    Step.MAKE_RENDITIONS: ("media", 6),
    Step.READ_SCREEN: ("screen", 9),
}
# In the order work goes through them.
NAMES = tuple(dict.fromkeys(queue for queue, _ in QUEUES.values()))
# What a job costs besides its recording, in seconds of recording: a hundred clips of two seconds are work too.
A_JOB = 10.0
# Of two turns that would be equal, the one of a lane with nothing else in the queue comes first.
A_LITTLE = 0.001


def place_in_queue(recording: Recording, step: Step, lane: str) -> dict[str, Any]:
    """The columns of a job that is queued now. Two at once may get the same turn, and go by their age then."""
    queue, priority = QUEUES[step]
    cost = A_JOB + (recording.duration or 0)
    jobs = Job.objects.filter(queue=queue, priority=priority)
    lasts = {
        # How far the queue has come: the furthest turn that was taken.
        "running": _last(jobs.filter(state=State.RUNNING)),
        "done": _last(jobs.filter(state=State.DONE)),
        "own": _last(jobs.filter(state=State.QUEUED, lane=lane)),
    }
    running, done, own = Recording.objects.filter(pk=recording.pk).values_list(*lasts.values()).get()
    now = max(running or 0.0, done or 0.0)
    turn = now + cost - A_LITTLE if own is None else max(now, own) + cost
    return {"queue": queue, "priority": priority, "lane": lane, "cost": cost, "turn": turn}


def _last(jobs: JobQuerySet) -> Subquery:
    return Subquery(jobs.order_by("-turn").values("turn")[:1])


def wake(queue: str, **options: Any) -> None:
    """Nudge a worker of a queue once the transaction is committed: there is work. Which, the rows say.

    A nudge that gets lost is sent again by the sweeper.
    """
    # No partial: Django logs what went wrong by the function's name, and a partial has none.
    transaction.on_commit(lambda: nudge.work_on(queue, **options), robust=True)
