"""News of a recording: told for certain, and what the listeners write of it counts once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from tests.transcode.test_workspace import fail, finish, job
from transcode.actions import try_again
from transcode.models import Job, Recording, State
from transcode.signals import recording_changed
from transcode.tasks import sweep_jobs
from transcode.workspace import run_job

__all__ = ["job"]
pytestmark = pytest.mark.django_db


@contextmanager
def listening(listen: Callable[..., None]) -> Iterator[None]:
    recording_changed.connect(listen)
    try:
        yield
    finally:
        recording_changed.disconnect(listen)


def test_what_a_listener_could_not_do_is_told_again_by_the_sweep(
    job: Job, django_capture_on_commit_callbacks: Any
) -> None:
    tries: list[State] = []

    def listen(**said: Any) -> None:
        tries.append(said["state"])
        Recording.objects.update(size_bytes=F("size_bytes") + 1)
        if len(tries) == 1:
            raise RuntimeError("the index is away")

    with listening(listen):
        with django_capture_on_commit_callbacks(execute=True):
            run_job(job.pk, finish)
        assert list(Job.objects.untold()) == [job]
        assert Recording.objects.get().size_bytes == 1
        for _ in range(2):
            sweep_jobs()
    assert tries == [State.DONE, State.DONE]
    assert Recording.objects.get().size_bytes == 2
    assert list(Job.objects.untold()) == []


def test_news_that_come_late_after_a_sweep_count_no_second_time(
    job: Job, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as news:
        run_job(job.pk, fail("No.", permanent=True))
    heard: list[State] = []

    def listen(**said: Any) -> None:
        heard.append(said["state"])
        Recording.objects.update(size_bytes=F("size_bytes") + 1)

    with listening(listen):
        sweep_jobs()
        for tell in news:
            tell()
    assert heard == [State.FAILED, State.FAILED]
    assert Recording.objects.get().size_bytes == 2


def test_nobody_is_told_of_a_failure_that_is_tried_again_already(job: Job, settings: Any) -> None:
    settings.JOB_ATTEMPTS = 1
    run_job(job.pk, fail("No.", permanent=False))
    assert list(Job.objects.untold()) == [job]
    try_again(job.recording)
    assert list(Job.objects.untold()) == []
    Job.objects.update(not_before=timezone.now())
    run_job(job.pk, finish)
    assert [told.state for told in Job.objects.untold()] == [State.DONE]
