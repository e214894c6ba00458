"""What is read over jobs: how long they wait, and that finished ones cost nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from transcode.models import Job, Recording, State, went_silent

pytestmark = pytest.mark.django_db


def job(state: State, **columns: object) -> Job:
    """A job of a recording of its own."""
    recording = Recording.objects.create(original_key="x", size_bytes=1)
    return Job.objects.create(recording=recording, step="inspect", queue="media", state=state, **columns)


def test_nothing_waits_in_an_idle_library() -> None:
    now = timezone.now()
    job(State.DONE, not_before=now - timedelta(hours=1))
    assert Job.objects.longest_wait(now) is None


def test_the_longest_wait_is_that_of_a_job_that_could_be_taken() -> None:
    now = timezone.now()
    for minutes in (1, 3, -5):
        job(State.QUEUED, not_before=now - timedelta(minutes=minutes))
    assert Job.objects.longest_wait(now) == 180


@pytest.mark.parametrize(
    "reads",
    [
        lambda now: Job.objects.open(),
        lambda now: Job.objects.filter(went_silent(now)),
        lambda now: Job.objects.running_at("machine/1"),
        lambda now: Job.objects.waiting("media", now)[:10],
        lambda now: Job.objects.ahead_of(Job(pk=9, queue="media", priority=3, turn=50)),
        lambda now: Job.objects.filter(state=State.FAILED).order_by("-ended_at")[:5],
    ],
)
def test_what_is_asked_again_and_again_reads_no_finished_jobs(reads: object) -> None:
    """Asked of the database itself, with parameters as Django sends them."""
    if connection.vendor != "sqlite":
        pytest.skip("how PostgreSQL reads a table of no rows says nothing")
    query: QuerySet[Job] = reads(timezone.now())  # type: ignore[operator]
    plan = query.explain()
    assert "SCAN" not in plan, plan
    assert "(state=?" in plan


def test_what_was_not_told_is_read_off_an_index_of_nothing_else() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("how PostgreSQL reads a table of no rows says nothing")
    plan = Job.objects.untold().explain()
    assert "INDEX untold" in plan and "TEMP B-TREE" not in plan, plan
