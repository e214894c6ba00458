"""What is being worked on at this moment, asked of the rows. A database that is away has nothing to say."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

Answer = TypeVar("Answer")
AWAY_PAUSE = 0.2


@dataclass(frozen=True)
class Claim:
    """A job that was running, and the process that ran it."""

    job: int
    step: str
    claim: UUID
    pid: int


def running(step: str = "") -> list[Claim]:
    """Jobs that run now, of that step if one is named. Those of dead workers run no more, though their rows say so."""
    from transcode.models import Job, State  # noqa: PLC0415 (Django is set up by then)
    from transcode.process import is_gone  # noqa: PLC0415

    found = Job.objects.filter(state=State.RUNNING, **({"step": step} if step else {}))
    rows = ask(lambda: list(found.values_list("pk", "step", "claim", "worker"))) or []
    return [
        Claim(pk, step, claim, int(worker.rsplit("/", 2)[1]))
        for pk, step, claim, worker in rows
        if claim and worker and not is_gone(worker)
    ]


def still_running(claims: list[Claim]) -> list[Claim]:
    """Those of `claims` that have not ended: running, or taken back and waiting."""
    from transcode.models import Job  # noqa: PLC0415

    open_ones = ask(lambda: set(Job.objects.open().values_list("pk", flat=True))) or set()
    return [claim for claim in claims if claim.job in open_ones]


def number_open() -> int | None:
    """How many jobs are not at an end; None when nobody can say."""
    from transcode.models import Job  # noqa: PLC0415

    return ask(lambda: Job.objects.open().count())


def number_left() -> int | None:
    """How many files wait for the sweep to remove them; None when nobody can say."""
    from transcode.models import Leftover  # noqa: PLC0415

    return ask(lambda: Leftover.objects.count())


def number_untold() -> int | None:
    """How many jobs ended of which the library has not heard; None when nobody can say."""
    from transcode.models import Job  # noqa: PLC0415

    return ask(lambda: Job.objects.untold().count())


def ask(question: Callable[[], Answer]) -> Answer | None:
    """The database's answer; None, and a fresh connection for the next question, when it is away."""
    from django.db import Error, connection  # noqa: PLC0415

    try:
        return question()
    except Error:
        connection.close()
        time.sleep(AWAY_PAUSE)  # many who ask again at once keep it from coming back
        return None
