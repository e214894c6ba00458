"""Text of the screen as rows; the engine says what it is told to, everything else is real."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.storage import default_storage

from transcode import tasks
from transcode.actions import accept_recording, delete_recording, start_again, store_original
from transcode.claim import claim_job
from transcode.media.errors import MediaError
from transcode.models import Job, Recording, Screen, ScreenText, State, Step
from transcode.ocr import Box, Line
from transcode.signals import recording_changed
from transcode.tasks import RUN
from videolib.clips.models import FailureNotice
from videolib.clips.screen_text import screen_text_of
from videolib.clips.status import status_of

pytestmark = pytest.mark.django_db


class ToldEngine:
    """Reads one line off each region; `between` runs before it says so."""

    name = "told"

    def __init__(self) -> None:
        self.between: Callable[[], Any] = lambda: None
        self.text = "ERR_CONN_RESET"

    def read(self, picture: Any) -> Iterator[Line]:
        self.between()
        yield Line(Box(8, 8, picture.shape[1] - 8, picture.shape[0] - 8), self.text, 0.9)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, settings: Any) -> ToldEngine:
    made = ToldEngine()
    settings.SCREEN_ENGINE = "rapidocr"
    monkeypatch.setattr(tasks.ocr, "get_engine", lambda *_: made)
    return made


def keep_screens(recording: Recording, folder: Path) -> None:
    """Two frames: nothing, and then a line."""
    for at in (0.0, 1.0):
        picture = np.full((480, 800, 3), 25, np.uint8)
        if at:
            strokes = np.random.default_rng(1).integers(80, 255, (5, 60)).astype(np.uint8)
            picture[200:220, 100:340] = np.kron(strokes, np.ones((4, 4), np.uint8))[..., None]
        path = folder / f"screen-{at}.png"
        cv2.imwrite(str(path), picture)
        key = f"recordings/{recording.code}/screens/{at}.png"
        default_storage.adopt(path, key)  # type: ignore[attr-defined]
        Screen.objects.create(recording=recording, at=at, key=key)


@pytest.fixture
def recording(data_folder: Path, tmp_path: Path) -> Recording:
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(b"a recording")
    made = accept_recording(*store_original(upload))
    made.duration = 600.0
    made.save()
    keep_screens(made, tmp_path)
    Job.objects.create(recording=made, step=Step.READ_SCREEN, queue="screen", priority=9)
    return made


def run(recording: Recording) -> Job:
    job = recording.jobs.get(step=Step.READ_SCREEN)
    RUN[Step.READ_SCREEN](job.pk)
    job.refresh_from_db()
    return job


def texts(recording: Recording) -> list[str]:
    return [row.text for row in ScreenText.objects.filter(recording=recording)]


@pytest.fixture
def news() -> Iterator[list[tuple[Step, State]]]:
    heard: list[tuple[Step, State]] = []

    def listen(*, step: Step, state: State, **_: Any) -> None:
        heard.append((step, state))

    recording_changed.connect(listen)
    yield heard
    recording_changed.disconnect(listen)


def test_what_was_read_has_its_time_and_its_place_and_the_frames_go(
    engine: ToldEngine, recording: Recording, data_folder: Path, news: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = run(recording)
    assert (job.state, job.percent) == (State.DONE, 100)
    (row,) = recording.screen_texts.all()
    assert (row.start, row.end, row.text, row.confidence) == (1.0, 600.0, "ERR_CONN_RESET", 0.9)
    assert 0.1 < row.left < 0.15 and 0.35 < row.top < 0.45 and 0 < row.width < 0.35 and 0 < row.height < 0.1
    assert not recording.screens.exists()
    assert list((data_folder / "media" / "recordings").rglob("*.png")) == []
    assert news[-1] == (Step.READ_SCREEN, State.DONE)


def test_it_may_run_twice_and_leaves_one_set_of_rows(engine: ToldEngine, recording: Recording, tmp_path: Path) -> None:
    run(recording)
    keep_screens(recording, tmp_path)
    engine.text = "read anew"
    assert start_again(recording, Step.READ_SCREEN)
    run(recording)
    assert texts(recording) == ["read anew"]


def test_without_frames_what_was_read_before_stays(engine: ToldEngine, recording: Recording) -> None:
    run(recording)
    assert start_again(recording, Step.READ_SCREEN)
    assert run(recording).state == State.DONE
    assert texts(recording) == ["ERR_CONN_RESET"]


def test_a_worker_that_lost_its_lease_writes_nothing(engine: ToldEngine, recording: Recording) -> None:
    engine.between = lambda: Job.objects.filter(step=Step.READ_SCREEN).update(claim=None, state=State.QUEUED)
    assert run(recording).state == State.QUEUED
    assert texts(recording) == []
    assert recording.screens.count() == 2


def test_nobody_claims_what_another_holds(engine: ToldEngine, recording: Recording) -> None:
    job = recording.jobs.get(step=Step.READ_SCREEN)
    assert claim_job(job.pk)
    assert RUN[Step.READ_SCREEN](job.pk) is False
    assert texts(recording) == []


def test_an_engine_that_fails_leaves_the_clip_as_it_is_and_tells_nobody_by_mail(
    engine: ToldEngine, recording: Recording, make_clip: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.HAS_SMTP = True
    clip = make_clip()
    type(clip).objects.filter(pk=clip.pk).update(recording=recording)
    Recording.objects.filter(pk=recording.pk).update(playable_at=clip.created_at)

    def fail() -> None:
        raise MediaError("Tesseract is not installed on this machine.", permanent=False)

    engine.between = fail
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(settings.JOB_ATTEMPTS):
            recording.jobs.filter(step=Step.READ_SCREEN).update(not_before=clip.created_at)
            job = run(recording)
    assert job.state == State.FAILED
    clip.refresh_from_db()
    assert status_of(clip).state == "ready"
    assert not FailureNotice.objects.exists()


def test_the_text_is_there_for_the_clip_and_goes_with_the_recording(
    engine: ToldEngine, recording: Recording, make_clip: Any
) -> None:
    clip = make_clip()
    assert screen_text_of(clip) == []
    type(clip).objects.filter(pk=clip.pk).update(recording=recording)
    clip.refresh_from_db()
    run(recording)
    assert screen_text_of(clip) == [(1.0, "ERR_CONN_RESET")]
    type(clip).objects.filter(pk=clip.pk).update(recording=None)
    delete_recording(recording)
    assert not ScreenText.objects.exists()
