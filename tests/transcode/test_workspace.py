"""Claims, leases and ends of jobs: who may move a job on, and what becomes of one that fails."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from transcode import claim, workspace
from transcode.actions import start_step, try_again
from transcode.claim import DISK_FULL, OUR_FAULT, STORAGE_AWAY, claim_job
from transcode.machine import Room
from transcode.media.errors import MediaError, no_room
from transcode.models import REASON_LIMIT, Job, Recording, State, Step
from transcode.signals import recording_changed
from transcode.tasks import sweep_jobs, work_on
from transcode.workspace import MB, TOO_LARGE, LeaseLost, Work, remove_stray_folders, run_job, run_queue
from videolib.lib.storage import DiskStorage

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(data_folder: Path) -> Job:
    recording = Recording.objects.create(original_key="originals/x", size_bytes=1)
    return start_step(recording, Step.INSPECT, lane="7")


def finish(work: Work) -> None:
    with work.finishing():
        pass


def fail(sentence: str, *, permanent: bool) -> Any:
    def do(work: Work) -> None:
        raise MediaError(sentence, permanent=permanent)

    return do


def test_a_job_ends_done_and_says_so_after_commit(job: Job, django_capture_on_commit_callbacks: Any) -> None:
    heard: list[Any] = []

    def listen(**news: Any) -> None:
        heard.append((news["recording_id"], news["step"], news["state"]))

    recording_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert run_job(job.pk, finish)
    finally:
        recording_changed.disconnect(listen)
    job.refresh_from_db()
    assert (job.state, job.percent, job.claim) == (State.DONE, 100, None)
    assert heard == [(job.recording_id, Step.INSPECT, State.DONE)]


def test_a_finished_job_is_not_run_again(job: Job) -> None:
    run_job(job.pk, finish)
    assert run_job(job.pk, finish) is False


def test_who_lost_the_lease_can_neither_end_the_job_nor_write(job: Job, data_folder: Path) -> None:
    def slow(work: Work) -> None:
        Job.objects.filter(pk=job.pk).update(claim=uuid4())  # another worker took it meanwhile
        with work.finishing():
            Recording.objects.filter(pk=job.recording_id).update(duration=9.0)

    assert run_job(job.pk, slow)
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert Recording.objects.get().duration is None


def test_progress_after_the_lease_is_lost_stops_the_work(job: Job) -> None:
    def slow(work: Work) -> None:
        work.progress(0.5)
        Job.objects.filter(pk=job.pk).update(claim=uuid4())
        with pytest.raises(LeaseLost):
            work.beat()
        raise LeaseLost

    run_job(job.pk, slow)
    assert Job.objects.get().state == State.RUNNING


def test_a_worker_that_is_told_to_end_gives_its_job_back_and_what_it_made_goes(
    job: Job, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(work: Work) -> None:
        (work.folder / "source.mp4").write_bytes(b"x")
        work.store(work.folder / "source.mp4")
        work.progress(0.5)
        monkeypatch.setattr(workspace, "is_ending", lambda: True)
        work.progress(0.6)
        raise AssertionError("it works on")

    assert run_job(job.pk, slow)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.reason) == (State.QUEUED, 0, "")
    assert [path for path in (data_folder / "media").rglob("*") if path.is_file()] == []
    assert run_queue("media", finish, lambda *_: None) == 0


@pytest.mark.django_db(transaction=True)
def test_it_does_so_in_the_midst_of_something_that_reports_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the database in memory is this thread's own; test_workers.py does it with a file")
    monkeypatch.setattr(workspace, "WATCH_SECONDS", 0.01)
    seen: list[str] = []

    def silent(work: Work) -> None:
        monkeypatch.setattr(workspace, "is_ending", lambda: True)
        while not seen:
            seen.extend(Job.objects.filter(state=State.QUEUED).values_list("state", flat=True))
        with work.finishing():
            pass

    assert run_job(job.pk, silent)
    assert Job.objects.get().state == State.QUEUED


def test_ctrl_c_in_a_command_that_does_the_work_itself_gives_the_job_back(job: Job, data_folder: Path) -> None:
    def interrupted(work: Work) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(job.pk, interrupted)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert list((data_folder / "scratch").iterdir()) == []


def test_a_database_that_is_away_for_a_moment_stops_no_work(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    beats: list[int] = []

    def away(work: Work) -> None:
        beats.append(1)
        if len(beats) == 1:
            raise OperationalError("the server closed the connection unexpectedly")
        real(work)

    def step(work: Work) -> None:
        for part in (0.3, 0.6):
            work.progress(part)
        with work.finishing():
            pass

    real = Work.beat
    monkeypatch.setattr(Work, "beat", away)
    monkeypatch.setattr(workspace, "SECONDS_BETWEEN_BEATS", 0)
    assert run_job(job.pk, step)
    assert Job.objects.get().state == State.DONE
    assert len(beats) == 3
    assert "is tried again" in caplog.text


def test_a_step_that_hangs_loses_its_lease_and_one_that_moves_keeps_it(
    job: Job, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.LEASE_SECONDS = 0
    work = Work(claim_job(job.pk))  # type: ignore[arg-type]
    beats: list[Work] = []
    monkeypatch.setattr(Work, "try_to_beat", lambda held: beats.append(held))
    monkeypatch.setattr(connection, "close", lambda: None)
    workspace._look_after(work)
    assert len(beats) == 1
    work.last_progress -= workspace.HANGS_AFTER + 1
    workspace._look_after(work)
    assert len(beats) == 1


def test_where_the_answer_to_the_commit_got_lost_what_people_see_stays(
    job: Job, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(work: Work) -> None:
        (work.folder / "source.mp4").write_bytes(b"x")
        work.store(work.folder / "source.mp4")
        finish(work)
        raise OperationalError("the server closed the connection unexpectedly")

    assert run_job(job.pk, lost)
    job.refresh_from_db()
    assert job.state == State.DONE
    assert len([path for path in (data_folder / "media").rglob("*") if path.is_file()]) == 1


def test_what_can_never_work_fails_at_once_with_its_sentence(job: Job) -> None:
    run_job(job.pk, fail("There is no picture in this file.", permanent=True))
    job.refresh_from_db()
    assert (job.state, job.error, job.may_retry) == (State.FAILED, "There is no picture in this file.", False)


def test_what_may_work_later_waits_a_while_and_keeps_its_place(job: Job) -> None:
    run_job(job.pk, fail("The disk is full.", permanent=False))
    job.refresh_from_db()
    assert (job.state, job.attempt, job.claim) == (State.QUEUED, 1, None)
    assert job.not_before > timezone.now()
    assert claim_job(job.pk) is None


class AwayError(Exception):
    """What a storage raises that does not answer."""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (AwayError(), STORAGE_AWAY),
        (OSError(errno.ENOSPC, "No space left on device"), DISK_FULL),
        (no_room("ffmpeg"), DISK_FULL),
    ],
)
def test_an_outage_uses_up_nobody_s_attempts(
    job: Job, settings: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    monkeypatch.setattr(DiskStorage, "is_away", lambda _, error: isinstance(error, AwayError))
    settings.JOB_ATTEMPTS = 2

    def store(work: Work) -> None:
        try:
            raise error
        except Exception as first:
            raise RuntimeError("it could not be stored") from first

    for _ in range(5):
        Job.objects.update(not_before=timezone.now())
        run_job(job.pk, store)
        job.refresh_from_db()
        assert (job.state, job.attempt) == (State.QUEUED, 0)
        assert job.not_before > timezone.now() and job.is_put_off
    assert job.reason.splitlines()[0] == sentence and type(error).__name__ in job.reason
    Job.objects.update(not_before=timezone.now())
    run_job(job.pk, finish)
    assert Job.objects.get().state == State.DONE


def test_an_outage_is_asked_ever_more_rarely_until_something_else_happens(job: Job, settings: Any) -> None:
    settings.RETRY_SECONDS = 10

    def fill(_: Work) -> None:
        raise no_room("ffmpeg")

    pauses = []
    for _ in range(8):
        Job.objects.update(not_before=timezone.now())
        run_job(job.pk, fill)
        pauses.append((Job.objects.get().not_before - timezone.now()).total_seconds())
    for pause, least in zip(pauses, (10, 20, 40, 80, 160, 300, 300, 300), strict=True):
        assert least - 5 < pause <= least * 1.5
    Job.objects.update(not_before=timezone.now())
    run_job(job.pk, fail("The engine stumbled.", permanent=False))
    job.refresh_from_db()
    assert (job.attempt, job.times_put_off, job.is_put_off) == (1, 0, False)


@pytest.mark.parametrize(
    ("megabytes", "free", "is_to_blame"),
    [(65, 400, True), (63, 400, False), (65, 300, False)],
    ids=["took more than it needs", "took no more", "others left it too little"],
)
def test_who_fills_a_disk_alone_does_not_do_so_for_ever(
    job: Job, data_folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, megabytes: int, free: int,
    is_to_blame: bool,
) -> None:  # fmt: skip
    settings.JOB_ATTEMPTS = 2
    seen: list[int] = []

    def look(*_: Path) -> Room:
        seen.extend(1 for path in (data_folder / "scratch").rglob("*") if path.is_file())
        return Room(memory=2**40, load=0.0, disk=free * MB)

    def fill(work: Work) -> None:
        with (work.folder / "source.mp4").open("wb") as file:
            file.truncate(megabytes * MB)
        raise no_room("ffmpeg")

    monkeypatch.setattr(claim, "look_around", look)
    for _ in range(2):
        Job.objects.update(not_before=timezone.now())
        run_job(job.pk, fill)
    job.refresh_from_db()
    assert not seen, "what it wrote itself is gone when it is asked how much room there is"
    if is_to_blame:
        assert (job.state, job.error, job.may_retry) == (State.FAILED, TOO_LARGE, True)
        assert "65 MB" in job.reason and "ENOSPC" not in job.error
    else:
        assert (job.state, job.attempt, job.times_put_off) == (State.QUEUED, 0, 2)


def test_what_a_killed_worker_stored_is_removed_also_after_an_outage(
    job: Job, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = uuid4()
    Job.objects.update(claim=killed, attempt=1)
    left = data_folder / "media" / "recordings" / str(job.recording.code) / str(killed) / "720.mp4"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"x")

    def unanswered(*_: Any) -> None:
        raise AwayError

    with monkeypatch.context() as outage:
        outage.setattr(DiskStorage, "delete_folder", unanswered)
        assert claim_job(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.claim, job.attempt) == (State.QUEUED, killed, 1)
    Job.objects.update(not_before=timezone.now())
    assert claim_job(job.pk)
    assert not left.exists()


def test_nothing_waits_for_days_however_often_it_was_tried(job: Job, settings: Any) -> None:
    settings.JOB_ATTEMPTS, settings.RETRY_SECONDS = 20, 10
    Job.objects.update(attempt=18)
    run_job(job.pk, fail("The disk is full.", permanent=False))
    job.refresh_from_db()
    five_minutes, a_half_more = 300, 450
    pause = (job.not_before - timezone.now()).total_seconds()
    assert (job.state, job.attempt) == (State.QUEUED, 19)
    assert five_minutes - 60 < pause <= a_half_more


def test_the_budget_of_attempts_ends_with_an_offer_to_try_again(job: Job, settings: Any) -> None:
    settings.JOB_ATTEMPTS = 2
    for _ in range(2):
        Job.objects.update(not_before=timezone.now())
        run_job(job.pk, fail("The disk is full.", permanent=False))
    job.refresh_from_db()
    assert (job.state, job.may_retry, job.error) == (State.FAILED, True, "The disk is full.")
    assert try_again(job.recording) == 1
    job.refresh_from_db()
    assert (job.state, job.attempt, job.error) == (State.QUEUED, 0, "")


def test_a_mistake_of_ours_shows_no_traceback(job: Job, settings: Any) -> None:
    settings.JOB_ATTEMPTS = 1

    def broken(work: Work) -> None:
        raise KeyError("secret path /etc")

    run_job(job.pk, broken)
    job.refresh_from_db()
    assert (job.state, job.error, job.may_retry) == (State.FAILED, OUR_FAULT, True)


def test_why_a_try_failed_is_kept_for_admins_until_it_works(job: Job, settings: Any) -> None:
    settings.JOB_ATTEMPTS = 2

    def break_(work: Work) -> None:
        try:
            raise OSError("disk \0full")
        except OSError as error:
            raise MediaError("It could not be written.", permanent=False) from error

    for state in (State.QUEUED, State.FAILED):
        run_job(job.pk, break_)
        job.refresh_from_db()
        assert (job.state, job.reason) == (state, "MediaError: It could not be written.\nOSError: disk full")
        Job.objects.update(not_before=timezone.now())
    try_again(job.recording)
    job.refresh_from_db()
    assert job.reason == ""
    run_job(job.pk, fail("x" * 5000, permanent=True))
    job.refresh_from_db()
    assert 0 < len(job.reason) <= REASON_LIMIT


def test_the_scratch_folder_goes_however_it_ends(job: Job, data_folder: Path) -> None:
    run_job(job.pk, fail("No.", permanent=True))
    assert list((data_folder / "scratch").iterdir()) == []


def test_without_room_for_a_scratch_folder_it_is_tried_again(job: Job, data_folder: Path, settings: Any) -> None:
    (data_folder / "file").touch()
    settings.SCRATCH_ROOT = data_folder / "file"
    assert run_job(job.pk, finish)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.claim) == (State.QUEUED, 1, None)


def test_scratch_folders_of_killed_workers_are_swept(job: Job, data_folder: Path, settings: Any) -> None:
    claimed = claim_job(job.pk)
    assert claimed
    names = {"running": str(claimed.claim), "killed": str(uuid4()), "just begun": str(uuid4())}
    folders = {name: data_folder / "scratch" / folder for name, folder in names.items()}
    long_ago = time.time() - 11 * settings.LEASE_SECONDS
    for name, folder in folders.items():
        folder.mkdir()
        (folder / "source.mp4").touch()
        if name != "just begun":
            os.utime(folder, (long_ago, long_ago))
    assert remove_stray_folders() == 1
    assert {name for name, folder in folders.items() if folder.exists()} == {"running", "just begun"}
    assert remove_stray_folders() == 0


@pytest.mark.parametrize("act", [sweep_jobs, partial(work_on, "speech")], ids=["the clock", "a nudge"])
def test_scratch_folders_go_with_the_sweep_and_on_each_machine_that_works(
    act: Callable[[], Any], data_folder: Path
) -> None:
    stray = data_folder / "scratch" / str(uuid4())
    stray.mkdir()
    os.utime(stray, (0, 0))
    act()
    assert not stray.exists()


def test_files_of_a_failed_attempt_are_removed(job: Job, data_folder: Path) -> None:
    def half(work: Work) -> None:
        made = work.folder / "source.mp4"
        made.write_bytes(b"x")
        assert (data_folder / "media" / work.store(made)).exists()
        raise MediaError("No.", permanent=True)

    run_job(job.pk, half)
    assert [path for path in (data_folder / "media").rglob("*") if path.is_file()] == []


def test_a_listener_that_fails_undoes_nothing(
    job: Job, data_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    def broken(**news: Any) -> None:
        raise RuntimeError("the index is away")

    def make(work: Work) -> None:
        (work.folder / "source.mp4").write_bytes(b"x")
        work.store(work.folder / "source.mp4")
        finish(work)

    recording_changed.connect(broken)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            run_job(job.pk, make)
    finally:
        recording_changed.disconnect(broken)
    job.refresh_from_db()
    assert job.state == State.DONE
    assert len([path for path in (data_folder / "media").rglob("*") if path.is_file()]) == 1
