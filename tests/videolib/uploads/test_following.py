"""Clips followed to the end of their work: each is said when it ends, and waiting costs little."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError

from transcode.actions import start_step
from transcode.models import Job, State, Step
from videolib.clips.actions import create_draft, delete_for_good
from videolib.clips.models import Clip
from videolib.uploads import following
from videolib.uploads.following import RECORDING_GONE, Outcome, follow, look

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_waiting(make_clip: Callable[..., Any]) -> Callable[[str], Outcome]:
    """`make_waiting("a.mp4")`: taken in, its first job still to be done."""

    def make(path: str) -> Outcome:
        clip = make_clip(playable=False, title=path)
        start_step(clip.recording, Step.INSPECT)
        return Outcome(path, code=str(clip.code))

    return make


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """`served("media", "speech")`: workers for these are up; the list grows with each question for them."""

    def serve(*queues: str) -> list[int]:
        asked: list[int] = []

        def answer() -> frozenset[str]:
            asked.append(1)
            return frozenset(queues)

        monkeypatch.setattr(following, "queues_served", answer)
        monkeypatch.setattr(following, "LOOK", 0)
        return asked

    return serve


def end_work_on(outcome: Outcome) -> None:
    """As a worker does it elsewhere."""
    Job.objects.filter(recording__clips__code=outcome.code).update(state=State.FAILED, error="No picture.")


def test_with_workers_a_file_is_said_when_it_ends_though_others_are_still_to_be_taken_in(
    make_waiting: Callable[[str], Outcome], served: Callable[..., list[int]]
) -> None:
    served("media", "speech")
    told: list[str] = []

    def taken_in() -> Iterator[Outcome]:
        first = make_waiting("first")
        yield first
        end_work_on(first)
        yield make_waiting("second")
        assert told == ["first"]
        yield Outcome("unreadable", state="failed", error="No.")
        assert told == ["first", "unreadable"]
        Job.objects.open().update(state=State.FAILED)

    for outcome in follow(taken_in()):
        told.append(outcome.path)
    assert told == ["first", "unreadable", "second"]


def test_files_that_wait_are_not_asked_about_each_time_another_comes(
    make_waiting: Callable[[str], Outcome],
    served: Callable[..., list[int]],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    served("media", "speech")
    outcomes = [make_waiting(str(number)) for number in range(40)]
    monkeypatch.setattr(following, "LOOK", 60)

    def taken_in() -> Iterator[Outcome]:
        with django_assert_max_num_queries(0):
            yield from outcomes
        Job.objects.open().update(state=State.FAILED)

    assert len(list(follow(taken_in()))) == 40


def test_one_question_tells_which_of_many_are_still_at_work(
    make_waiting: Callable[[str], Outcome], django_assert_max_num_queries: Any
) -> None:
    outcomes = [make_waiting(str(number)) for number in range(40)]
    with django_assert_max_num_queries(1):
        ended, waiting = following._parted(outcomes)
    assert (ended, waiting) == ([], outcomes)
    end_work_on(outcomes[7])
    ended, waiting = following._parted(outcomes)
    assert [(each.path, each.state, each.error) for each in ended] == [("7", "failed", "No picture.")]
    assert len(waiting) == 39


def test_workers_are_asked_for_once_not_for_every_file(
    make_waiting: Callable[[str], Outcome], served: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = served()
    outcomes = [make_waiting(str(number)) for number in range(5)]

    def run(pk: int) -> bool:
        return bool(Job.objects.open().filter(pk=pk).update(state=State.FAILED))

    monkeypatch.setitem(following.RUN, Step.INSPECT, run)
    assert [outcome.path for outcome in follow(outcomes)] == ["0", "1", "2", "3", "4"]
    assert len(asked) == 1


def test_jobs_that_cannot_be_claimed_just_now_are_tried_again(
    make_waiting: Callable[[str], Outcome],
    served: Callable[..., list[int]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    served()
    tries: list[int] = []

    def run(pk: int) -> bool:
        tries.append(pk)
        if len(tries) == 1:
            raise OperationalError("database is locked")
        return bool(Job.objects.filter(pk=pk).update(state=State.FAILED))

    monkeypatch.setitem(following.RUN, Step.INSPECT, run)
    assert len(list(follow([make_waiting("x")]))) == 1
    assert "could not be claimed" in caplog.text


def test_a_clip_without_a_recording_is_an_end_not_a_wait(
    make_user: Callable[..., Any], served: Callable[..., list[int]]
) -> None:
    served()
    draft = create_draft("half", by=make_user("contributor"), visibility="team")
    (outcome,) = follow([Outcome("half", code=str(draft.code))])
    assert (outcome.state, outcome.error) == ("failed", RECORDING_GONE)


def test_a_clip_that_is_deleted_meanwhile_is_an_end_too(
    make_waiting: Callable[[str], Outcome], served: Callable[..., list[int]], data_folder: Any
) -> None:
    served("media", "speech")
    outcome = make_waiting("gone")

    def taken_in() -> Iterator[Outcome]:
        yield outcome
        delete_for_good(Clip.objects.get(code=outcome.code))

    (ended,) = follow(taken_in())
    assert (ended.state, ended.error) == ("failed", RECORDING_GONE)


def test_seconds_are_of_this_clip_not_of_another_that_brought_the_recording(make_clip: Callable[..., Any]) -> None:
    clip = make_clip()
    Clip.objects.update(created_at=clip.recording.created_at)
    assert look(Outcome("x", code=str(clip.code))).seconds_to_playable is not None
    later = Clip.objects.create(owner=clip.owner, recording=clip.recording, title="again")
    again = look(Outcome("x", code=str(later.code)))
    assert (again.state, again.seconds_to_playable, again.seconds_to_ready) == ("ready", None, None)
