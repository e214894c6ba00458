"""Workers at once on one job, each stopped in its midst. On PostgreSQL, where that can be."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests.videolib.at_once import race
from transcode import actions, claim
from transcode.actions import start_step
from transcode.claim import claim_job, claim_next, give_back, take_back
from transcode.media.plan import StoryboardPlan
from transcode.models import Job, Recording, State, Step, Storyboard
from transcode.tasks import _replace_poster, _replace_storyboard
from transcode.workspace import LeaseLost, Work

pytestmark = pytest.mark.django_db(transaction=True)
PREVIEWS = StoryboardPlan(interval=1.0, columns=1, rows=1, tile_width=1, tile_height=1, count=1)


@pytest.fixture
def job(data_folder: Path) -> Job:
    recording = Recording.objects.create(original_key="originals/x", size_bytes=1)
    return start_step(recording, Step.MAKE_RENDITIONS, lane="7")


def begin(job: Job) -> Work:
    taken = claim_job(job.pk)
    assert taken
    return Work(taken)


def made_by(work: Work) -> str:
    """A file that a worker stored."""
    return str(default_storage.save(f"{work.prefix}/poster.jpg", ContentFile(b"x")))


def finish(work: Work, key: str) -> None:
    """As the step ends: rows that may stand once only, then the job."""
    with work.finishing():
        _replace_storyboard(work, PREVIEWS, [key])
        _replace_poster(work.recording, key)


def test_one_job_goes_to_one_of_two_who_take_it(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    other = start_step(Recording.objects.create(original_key="y", size_bytes=1), Step.MAKE_RENDITIONS, lane="8")
    first, second = race(
        monkeypatch, lambda: claim_next("media"), lambda: claim_next("media"), stop_after=(claim, "_admission")
    )
    assert {first.value, second.value} == {job, other}
    assert list(Job.objects.values_list("attempt", flat=True)) == [1, 1]


def test_who_ends_a_job_is_not_overtaken_by_who_takes_it_back(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    work = begin(job)
    late = Job.objects.select_related("recording").get()
    key = made_by(work)
    ended, taken = race(
        monkeypatch, lambda: finish(work, key), lambda: take_back(late, "late"), stop_after=(Work, "beat")
    )
    assert (ended.error, taken.value, taken.had_to_wait) == (None, False, True)
    assert Job.objects.get().state == State.DONE
    assert default_storage.exists(Recording.objects.get().poster_key)


def test_of_two_who_end_one_job_the_late_one_writes_nothing_and_waits_for_no_row(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = begin(job)
    frozen_key = made_by(frozen)
    assert give_back(frozen.job, frozen.claim)
    holder = begin(job)
    # What the frozen one had stored went when the other began.
    assert not default_storage.exists(frozen_key)
    key = made_by(holder)
    ended, late = race(
        monkeypatch, lambda: finish(holder, key), lambda: finish(frozen, frozen_key), stop_after=(Work, "beat")
    )
    assert ended.error is None
    assert (type(late.error), late.had_to_wait) == (LeaseLost, False)
    assert Recording.objects.get().poster_key == key
    assert Storyboard.objects.get().sheet_keys == [key]


def test_a_job_given_back_in_the_midst_of_its_end_is_done(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal to end comes while the last transaction is open: it wins, and nothing is made twice."""
    work = begin(job)
    key = made_by(work)
    ended, given = race(
        monkeypatch,
        lambda: finish(work, key),
        lambda: give_back(work.job, work.claim),
        stop_after=(Work, "beat"),
    )
    assert (ended.error, given.value, given.had_to_wait) == (None, False, True)
    assert Job.objects.get().state == State.DONE


def test_two_steps_that_end_at_once_for_one_lane_both_get_a_turn(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    recordings = [Recording.objects.create(original_key=str(uuid4()), size_bytes=1) for _ in range(2)]
    made = race(
        monkeypatch,
        *[lambda each=each: start_step(each, Step.TRANSCRIBE, lane="7") for each in recordings],
        stop_after=(actions, "place_in_queue"),
    )
    assert [ended.error for ended in made] == [None, None]
    assert Job.objects.filter(step=Step.TRANSCRIBE, turn__gt=0).count() == 2
