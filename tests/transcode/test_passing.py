"""A long job lets shorter ones pass, between two parts of its own work and within bounds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transcode import tasks
from transcode.actions import start_step
from transcode.models import Job, Recording, State, Step
from transcode.queue import A_JOB
from transcode.workspace import Work, run_next, run_queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
HOUR = 3600.0


def queue(seconds: float, *, step: Step = Step.TRANSCRIBE, lane: str = "") -> Job:
    recording = Recording.objects.create(original_key="originals/x", size_bytes=1, duration=seconds)
    return start_step(recording, step, lane=lane or f"{recording.pk}")


@pytest.fixture
def done() -> list[int]:
    """What was finished, in order."""
    return []


@pytest.fixture
def work_on(monkeypatch: pytest.MonkeyPatch, done: list[int]) -> Callable[..., None]:
    """`work_on("speech", at={0.5: queue_another})`: steps report each tenth; `at` happens before that report."""

    def start(queue: str, at: dict[float, Callable[[], Any]]) -> None:
        def do(work: Work) -> None:
            for tenth in range(1, 11):
                if work.job.cost > HOUR and tenth / 10 in at:
                    at[tenth / 10]()
                work.progress(tenth / 10)
            with work.finishing():
                done.append(work.job.pk)

        monkeypatch.setattr(tasks, "LOOK_SECONDS", 0)
        monkeypatch.setattr(tasks, "STEPS", dict.fromkeys(Step, do))
        run_queue(queue, tasks.do_step, tasks.let_shorter_pass)

    return start


def test_a_clip_does_not_wait_for_the_end_of_a_lecture(work_on: Any, done: list[int]) -> None:
    lecture, late = queue(2 * HOUR), []
    work_on("speech", at={0.3: lambda: late.append(queue(60))})
    assert done == [late[0].pk, lecture.pk]
    assert set(Job.objects.values_list("state", flat=True)) == {State.DONE}


def test_what_makes_a_clip_playable_passes_a_long_encode(work_on: Any, done: list[int]) -> None:
    encode, late = queue(2 * HOUR, step=Step.MAKE_RENDITIONS), []
    work_on("media", at={0.3: lambda: late.append(queue(60, step=Step.MAKE_PLAYABLE))})
    assert done == [late[0].pk, encode.pk]


def test_one_of_another_queue_does_not(work_on: Any, done: list[int]) -> None:
    lecture = queue(2 * HOUR)
    work_on("speech", at={0.3: lambda: queue(60, step=Step.MAKE_PLAYABLE)})
    assert done == [lecture.pk]


def test_the_long_one_gives_away_no_more_than_it_has_done_itself(work_on: Any, done: list[int]) -> None:
    lecture = queue(2 * HOUR)
    given: list[float] = []

    def look() -> None:
        given.append(sum(Job.objects.filter(pk__in=done).values_list("cost", flat=True)))

    def crowd() -> None:
        for _ in range(100):
            queue(290)

    work_on("speech", at={0.1: crowd, **{tenth / 10: look for tenth in range(2, 11)}})
    assert given == sorted(given) and given[-1] > 0
    assert all(passed <= (tenth + 1) / 10 * lecture.cost for tenth, passed in enumerate(given, start=1))
    assert 5 < done.index(lecture.pk) < 15


def test_what_is_longer_than_the_rest_of_it_waits_for_the_rest(work_on: Any, done: list[int]) -> None:
    lecture, late = queue(2 * HOUR), []
    work_on("speech", at={0.9: lambda: late.append(queue(HOUR / 2))})
    assert done == [lecture.pk, late[0].pk]


def test_nothing_passes_a_short_one(work_on: Any, done: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "run_next", lambda *_, **__: pytest.fail("nobody would mind waiting"))
    short = queue(tasks.LONG - A_JOB - 1)
    work_on("speech", at={})
    assert done == [short.pk]


def test_one_that_fails_in_passing_leaves_the_long_one_alone(
    work_on: Any, done: list[int], data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lecture, late = queue(2 * HOUR), []

    def queue_a_broken_one() -> None:
        late.append(queue(60))
        do = tasks.STEPS[Step.TRANSCRIBE]

        def fail(work: Work) -> None:
            if work.job == late[0]:
                raise OSError("broken")
            do(work)

        monkeypatch.setitem(tasks.STEPS, Step.TRANSCRIBE, fail)

    work_on("speech", at={0.3: queue_a_broken_one})
    assert done == [lecture.pk]
    late[0].refresh_from_db()
    assert (late[0].state, late[0].attempt) == (State.QUEUED, 1)
    assert list((data_folder / "scratch").iterdir()) == []


def test_what_passed_moves_nobody_else_back(work_on: Any, done: list[int]) -> None:
    """The queue has not come as far as the turn of whoever passed: a newcomer begins where the long one is."""
    lectures = [queue(2 * HOUR, lane="importer") for _ in range(5)]
    queue(60, lane="importer")
    colleague: list[Job] = []

    def come() -> None:
        if not colleague:
            colleague.append(queue(2 * HOUR - 1, lane="colleague"))

    work_on("speech", at={0.3: come})
    assert done.index(colleague[0].pk) < done.index(lectures[2].pk)


def test_a_long_one_does_not_hang_while_a_shorter_one_gets_on(work_on: Any, done: list[int]) -> None:
    lecture = Work(queue(2 * HOUR))
    seen: list[float] = []

    def do(work: Work) -> None:
        lecture.last_progress = 0.0
        work.progress(0.5)
        seen.append(lecture.last_progress)
        with work.finishing():
            done.append(work.job.pk)

    short = queue(60)
    assert run_next(lecture, do, dearest=HOUR) == short.cost
    assert (done, seen[0] > 0) == ([short.pk], True)
