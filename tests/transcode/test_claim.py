"""Who gets a job, and how it comes back from whoever cannot do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from transcode import claim
from transcode.actions import send_again, start_step
from transcode.claim import (
    WAS_KILLED,
    WENT_SILENT,
    claim_job,
    claim_next,
    give_back,
    prefix_of,
    sweep,
    take_back_from_the_dead,
)
from transcode.machine import Room
from transcode.models import Job, Recording, State, Step
from transcode.process import here
from transcode.workspace import Work, run_queue

pytestmark = pytest.mark.django_db
GB = 1024**3


@pytest.fixture
def job(data_folder: Path) -> Job:
    recording = Recording.objects.create(original_key="originals/x", size_bytes=1)
    return start_step(recording, Step.INSPECT, lane="7")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`room(memory=1, load=99)`: what this machine is said to have; plenty of everything else."""

    def say(**less: Any) -> None:
        plenty = {"memory": 64 * GB, "load": 0.0, "disk": 500 * GB}
        monkeypatch.setattr(claim, "look_around", lambda *folders: Room(**{**plenty, **less}))

    say()
    return say


def silence(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def stored_by(job: Job) -> str:
    """The key of a file that the job's claim has stored."""
    assert job.claim
    return str(default_storage.save(f"{prefix_of(job, job.claim)}/480p.mp4", ContentFile(b"x")))


# --- Taking ---------------------------------------------------------------------------------------------------------


def test_a_job_is_claimed_once(job: Job) -> None:
    first, second = claim_job(job.pk), claim_job(job.pk)
    assert first is not None
    assert second is None
    assert (first.state, first.attempt) == (State.RUNNING, 1)
    assert claim_next("media") is None


def test_a_job_whose_worker_went_silent_is_claimed_again(job: Job) -> None:
    claim_job(job.pk)
    silence(job)
    again = claim_job(job.pk)
    assert again is not None
    assert again.attempt == 2


def test_who_lost_the_race_for_one_takes_the_next(job: Job, room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    other = start_step(Recording.objects.create(original_key="originals/y", size_bytes=1), Step.INSPECT, lane="8")
    take = claim._take
    monkeypatch.setattr(claim, "_take", lambda each, *free, **turn: None if each == job else take(each, *free, **turn))
    assert claim_next("media") == other


def test_a_paused_job_is_not_taken(job: Job) -> None:
    Job.objects.update(not_before=timezone.now() + timedelta(minutes=1))
    assert claim_next("media") is None
    assert claim_job(job.pk) is None


def test_what_a_claim_left_in_the_storage_goes_when_the_next_begins(job: Job) -> None:
    first = claim_next("media")
    assert first and first.claim
    left = stored_by(first)
    assert give_back(first, first.claim)
    assert default_storage.exists(left)
    assert claim_next("media") == job
    assert not default_storage.exists(left)


# --- Room on this machine -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("less", [{"memory": 1000}, {"load": 40.0}])
def test_a_crowded_machine_takes_one_job_and_no_second(job: Job, room: Any, less: dict[str, Any]) -> None:
    start_step(Recording.objects.create(original_key="originals/y", size_bytes=1), Step.INSPECT, lane="8")
    room(**less)
    first = claim_next("media")
    assert first, "nothing may stand still because something else fills the machine"
    assert claim_next("media") is None
    room()
    assert claim_next("media")


def test_a_job_too_large_for_the_disk_waits_says_so_and_lets_others_pass(job: Job, room: Any) -> None:
    Recording.objects.filter(pk=job.recording_id).update(size_bytes=90 * GB)
    Job.objects.filter(pk=job.pk).update(step=Step.MAKE_PLAYABLE)
    small = start_step(Recording.objects.create(original_key="originals/y", size_bytes=1), Step.INSPECT, lane="8")
    room(disk=40 * GB)
    assert claim_next("media") == small
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert job.not_before > timezone.now() and job.times_put_off == 1
    assert "too little space" in job.reason and job.is_put_off
    room()
    send_again(job.recording)
    taken = claim_next("media")
    assert taken == job and taken.reason == "" and not taken.is_put_off


@pytest.mark.parametrize(("bucket", "names"), [("", ["scratch", "media"]), ("clips", ["scratch"])])
def test_room_is_looked_for_where_the_work_is_done_and_where_it_is_kept(
    job: Job, data_folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, bucket: str, names: list[str]
) -> None:
    settings.S3_BUCKET = bucket
    (data_folder / "media").mkdir(exist_ok=True)
    asked: list[str] = []

    def look(*folders: Path) -> Room:
        asked.extend(folder.name for folder in folders)
        return Room(memory=64 * GB, load=0.0, disk=500 * GB)

    monkeypatch.setattr(claim, "look_around", look)
    assert claim_next("media")
    assert asked == names


# --- Giving back and taking back ------------------------------------------------------------------------------------


def test_a_job_that_is_given_back_waits_again_and_the_attempt_does_not_count(job: Job) -> None:
    now = timezone.now()
    Job.objects.update(not_before=now - timedelta(hours=2))
    held = claim_next("media")
    assert held and held.claim
    assert give_back(held, held.claim)
    assert not give_back(held, held.claim)
    assert Job.objects.longest_wait(now) is None, "it waits from now on"
    job.refresh_from_db()
    assert (job.state, job.attempt, job.lease_until, job.worker) == (State.QUEUED, 0, None, "")


def test_who_lost_a_job_can_neither_give_it_back_nor_end_it(job: Job) -> None:
    held = claim_next("media")
    assert held
    Job.objects.update(claim=uuid4())
    assert held.claim and not give_back(held, held.claim)
    assert not held.end(State.DONE, claim=held.claim)
    assert Job.objects.get().state == State.RUNNING


def test_a_job_given_back_cannot_be_ended_by_whoever_had_it(job: Job) -> None:
    held = claim_next("media")
    assert held and held.claim
    give_back(held, held.claim)
    assert not held.end(State.DONE, claim=held.claim)
    assert Job.objects.get().state == State.QUEUED


def test_the_job_of_a_dead_process_is_taken_back_at_once_and_of_a_living_one_never(job: Job) -> None:
    assert claim_next("media")
    assert take_back_from_the_dead() == 0
    living = Job.objects.get().worker
    Job.objects.update(worker=f"another machine/1/{living.split('/', 2)[2]}")
    assert take_back_from_the_dead() == 0
    # The same number, begun at another time: the process that had it is no more.
    Job.objects.update(worker=f"{living}0")
    assert take_back_from_the_dead() == 1
    job.refresh_from_db()
    assert (job.state, job.attempt, job.worker, job.reason) == (State.QUEUED, 1, "", WAS_KILLED)


def test_the_sweep_takes_silent_jobs_back_and_wakes_queues_in_which_work_waits(
    job: Job, django_capture_on_commit_callbacks: Any
) -> None:
    claim_next("media")
    assert sweep() == 0
    silence(job)
    assert sweep() == 2
    job.refresh_from_db()
    assert (job.state, job.attempt, job.reason) == (State.QUEUED, 1, WENT_SILENT)
    assert sweep() == 1
    claim_next("media")
    assert sweep() == 0


@pytest.mark.usefixtures("room")
def test_whoever_looks_for_work_takes_silent_jobs_of_its_queue_back_while_nobody_sweeps(job: Job) -> None:
    elsewhere = start_step(Recording.objects.create(original_key="originals/y", size_bytes=1), Step.TRANSCRIBE)
    for each in (job, elsewhere):
        claim_job(each.pk)
        silence(each)
    ran: list[tuple[int, int]] = []
    assert run_queue("media", lambda work: ran.append((work.job.pk, work.job.attempt)), lambda *_: None) == 1
    assert ran == [(job.pk, 2)]
    elsewhere.refresh_from_db()
    assert elsewhere.state == State.RUNNING


@pytest.mark.usefixtures("room")
def test_it_does_so_before_each_job_by_the_rules_of_the_sweep(job: Job, settings: Any) -> None:
    settings.JOB_ATTEMPTS = 1
    claim_job(job.pk)
    for number in range(2):
        start_step(Recording.objects.create(original_key=f"originals/{number}", size_bytes=1), Step.INSPECT)
    ran: list[int] = []

    def do(work: Work) -> None:
        ran.append(work.job.pk)
        silence(job)

    assert run_queue("media", do, lambda *_: None) == 2
    assert job.pk not in ran
    job.refresh_from_db()
    assert (job.state, job.attempt, job.reason) == (State.FAILED, 1, WENT_SILENT)


@pytest.mark.parametrize("dead", [True, False])
def test_a_job_that_keeps_killing_its_worker_is_given_up_and_leaves_nothing(
    job: Job, settings: Any, dead: bool
) -> None:
    settings.JOB_ATTEMPTS = 1
    held = claim_next("media")
    assert held
    left = stored_by(held)
    Job.objects.update(worker=f"{here()}/1/1") if dead else silence(job)
    sweep()
    job.refresh_from_db()
    assert (job.state, job.may_retry, job.error) == (State.FAILED, True, claim.OUR_FAULT)
    assert job.reason == (WAS_KILLED if dead else WENT_SILENT)
    assert not default_storage.exists(left)


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_worker_that_renews_its_lease_in_time_keeps_its_job(job: Job, settings: Any, attempts: int) -> None:
    settings.JOB_ATTEMPTS = attempts
    held = claim_next("media")
    assert held
    silence(job)
    late = Job.objects.get()
    Job.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    assert not claim.take_back(late, WENT_SILENT)
    assert Job.objects.get().state == State.RUNNING


def test_what_is_sent_again_waits_no_longer_and_what_runs_is_left_alone(
    job: Job, django_capture_on_commit_callbacks: Any
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Job.objects.update(not_before=later)
    with django_capture_on_commit_callbacks() as sent:
        assert send_again(job.recording) == 1
    assert len(sent) == 1
    job.refresh_from_db()
    assert job.not_before <= timezone.now()
    assert claim_job(job.pk)
    assert send_again(job.recording) == 0
    silence(job)
    assert send_again(job.recording) == 1
    assert Job.objects.get().state == State.QUEUED
