"""How long a job will wait: from what was measured, and nothing where nothing was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from transcode import waiting
from transcode.actions import start_step
from transcode.models import Job, Recording, State, Step
from transcode.waiting import Wait, wait_for

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def measured_anew() -> Iterator[None]:
    waiting._paces.cache_clear()
    yield
    waiting._paces.cache_clear()


def queue(seconds: float = 90, lane: str = "a", **columns: Any) -> Job:
    recording = Recording.objects.create(original_key="originals/x", size_bytes=1, duration=seconds)
    job = start_step(recording, Step.TRANSCRIBE, lane=lane)
    Job.objects.filter(pk=job.pk).update(**columns)
    return job


def finished(took: float, *, seconds: float = 90, ago: timedelta = timedelta(hours=1)) -> None:
    ended = timezone.now() - ago
    queue(seconds, state=State.DONE, started_at=ended - timedelta(seconds=took), ended_at=ended)


def running(seconds: float = 90, percent: int = 0) -> None:
    lease = timezone.now() + timedelta(minutes=1)
    queue(seconds, state=State.RUNNING, percent=percent, lease_until=lease)


def test_where_nothing_was_measured_only_the_place_is_told() -> None:
    running()
    queue()
    assert wait_for(queue(), timezone.now()) == Wait(1, None)


def test_a_wait_is_what_is_ahead_and_the_rest_of_what_runs_at_the_pace_of_late() -> None:
    for took in (5, 10, 1000):
        finished(took)  # a cost of 100 each: 0.1 seconds for a second, in the median
    running(percent=50)
    queue(190)
    assert wait_for(queue(), timezone.now()) == Wait(1, pytest.approx(0.1 * (50 + 200)))


def test_two_at_work_halve_it_and_a_silent_one_is_not_at_work() -> None:
    for _ in range(3):
        finished(100)
    running()
    running()
    queue(state=State.RUNNING, lease_until=timezone.now() - timedelta(seconds=1))
    assert wait_for(queue(), timezone.now()) == Wait(0, pytest.approx(100.0))


def test_where_nobody_is_at_work_nobody_knows() -> None:
    for _ in range(3):
        finished(100)
    assert wait_for(queue(), timezone.now()) == Wait(0, None)


def test_two_measures_are_too_few_and_old_ones_tell_of_another_machine() -> None:
    for _ in range(2):
        finished(100)
    for _ in range(5):
        finished(100, ago=timedelta(days=60))
    running()
    assert wait_for(queue(), timezone.now()).seconds is None


def test_of_a_long_queue_the_rest_is_taken_to_be_like_the_first(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        finished(100)
    running(percent=100)
    for _ in range(30):
        queue()
    last = queue()
    with django_assert_num_queries(3):  # the pace is the third
        assert wait_for(last, timezone.now()) == Wait(30, pytest.approx(30 * 100))
    monkeypatch.setattr(waiting, "ADDED_UP", 10)
    with django_assert_num_queries(3):  # the number is the third
        assert wait_for(last, timezone.now()) == Wait(30, pytest.approx(30 * 100))
