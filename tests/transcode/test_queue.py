"""Whose turn it is: fair between lanes, the short before the long, and no one overtaken for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from transcode.actions import start_again, start_step
from transcode.claim import claim_next
from transcode.models import Job, Recording, State, Step
from transcode.queue import A_JOB

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]


def queue(lane: str, *, seconds: float = 60, step: Step = Step.TRANSCRIBE) -> Job:
    """A job that waits, for a recording of its own."""
    recording = Recording.objects.create(original_key="originals/x", size_bytes=1, duration=seconds)
    return start_step(recording, step, lane=lane)


def take(name: str = "speech") -> Job:
    """What a worker does next; it is done at once."""
    job = claim_next(name)
    assert job
    assert job.end(State.DONE, claim=job.claim)
    return job


def test_a_bulk_import_does_not_hold_up_a_colleague() -> None:
    bulk = [queue("importer") for _ in range(500)]
    assert take() == bulk[0]
    colleague = queue("colleague")
    assert Job.objects.ahead_of(colleague).count() == 0
    assert take() == colleague
    assert [take() for _ in range(3)] == bulk[1:4]


def test_before_anything_was_taken_a_colleague_stands_beside_the_first_of_the_import() -> None:
    bulk = [queue("importer") for _ in range(20)]
    colleague = queue("colleague")
    assert {take(), take()} == {colleague, bulk[0]}


def test_nobody_waits_for_more_of_somebody_else_s_work_than_their_own_takes() -> None:
    for _ in range(500):
        queue("importer", seconds=30)
    running = take()
    colleague = queue("colleague", seconds=300)
    ahead = sum(job.cost for job in Job.objects.ahead_of(colleague))
    assert ahead <= colleague.cost
    done = running
    while done != colleague:
        done = take()
    assert Job.objects.filter(lane="importer", state=State.QUEUED).count() > 480


def test_turns_go_round_between_people_whoever_came_first() -> None:
    for lane in "aaaabbbbcccc":
        queue(lane)
    first_round, second_round = ({take().lane for _ in range(3)} for _ in range(2))
    assert first_round == second_round == {"a", "b", "c"}


def test_a_short_one_goes_before_long_ones_of_others() -> None:
    long = [queue(lane, seconds=7200) for lane in "abcd"]
    short = queue("e", seconds=60)
    assert Job.objects.ahead_of(short).count() == 0
    assert take() == short
    assert take() == long[0]


def test_a_long_one_is_not_overtaken_for_ever_by_short_ones_that_keep_coming() -> None:
    long = queue("patient", seconds=3600)
    short = 0
    for _ in range(100):
        queue("busy", seconds=60)
        if take() == long:
            break
        short += 1
    assert short * (60 + A_JOB) <= long.cost + 60 + A_JOB


def test_somebody_who_sends_one_at_a_time_gets_no_more_than_their_share() -> None:
    for _ in range(100):
        queue("importer")
    lanes = []
    for _ in range(40):
        if not Job.objects.filter(lane="single", state=State.QUEUED).exists():
            queue("single")
        lanes.append(take().lane)
    assert 19 <= lanes.count("single") <= 21


def test_within_a_lane_the_oldest_goes_first() -> None:
    jobs = [queue("a", seconds=seconds) for seconds in (600, 20, 60)]
    assert [take() for _ in range(3)] == jobs


def test_what_makes_a_clip_playable_goes_before_what_makes_it_better() -> None:
    better = queue("a", step=Step.MAKE_RENDITIONS)
    playable = queue("b", seconds=7200, step=Step.MAKE_PLAYABLE)
    assert Job.objects.ahead_of(better).count() == 1
    assert [take("media"), take("media")] == [playable, better]


def test_a_retry_keeps_its_turn_and_what_is_started_anew_gets_a_new_one() -> None:
    first = queue("a")
    for _ in range(5):
        queue("a")
    held = claim_next("speech")
    assert held == first
    Job.objects.filter(pk=first.pk).update(state=State.QUEUED)
    assert take() == first
    assert start_again(first.recording, Step.TRANSCRIBE)
    first.refresh_from_db()
    assert Job.objects.ahead_of(first).count() == 5


def test_the_place_in_the_queue_is_the_order_in_which_they_are_taken() -> None:
    jobs = [queue(lane, seconds=seconds) for lane, seconds in (("a", 90), ("a", 30), ("b", 400), ("c", 5), ("b", 10))]
    places = sorted(jobs, key=lambda job: Job.objects.ahead_of(job).count())
    assert [Job.objects.ahead_of(job).count() for job in places] == [0, 1, 2, 3, 4]
    assert [take() for _ in jobs] == places


def test_a_job_is_found_a_place_in_as_many_queries_however_long_the_queue(
    django_assert_num_queries: object, data_folder: Path
) -> None:
    from transcode.queue import place_in_queue

    recording = Recording.objects.create(original_key="originals/x", size_bytes=1)
    for _ in range(50):
        queue("a")
    with django_assert_num_queries(1):  # type: ignore[operator]
        place_in_queue(recording, Step.TRANSCRIBE, "b")
