"""`/readyz`: what is well, what is not, and that nobody waits for what hangs. (All well: tests/test_run.py.)"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from transcode.models import Job, Recording
from videolib.celery import app
from videolib.operations import readiness
from videolib.operations.readiness import OK, Question

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
THINGS = ["database", "broker", "storage", "workers", "oldest_waiting_seconds"]


@pytest.fixture
def no_broker(settings: Any) -> None:
    settings.BROKER_URL = ""


@pytest.fixture
def silent_broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One that takes calls and says nothing; its address holds a password."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(20)
        settings.BROKER_URL = f"redis://:hush-hush@127.0.0.1:{listening.getsockname()[1]}/0"
        connect = app.connection_for_write
        monkeypatch.setattr(app, "connection_for_write", lambda: connect(settings.BROKER_URL))
        yield


@pytest.mark.usefixtures("no_broker")
def test_each_thing_is_ok_or_says_what_to_do(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    said = response.json()
    assert list(said) == THINGS
    assert (said["database"], said["storage"], said["oldest_waiting_seconds"]) == (OK, OK, None)
    assert "check BROKER_URL" in said["broker"] and said["workers"] != OK
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("engine", ["none", "an engine"])
def test_a_queue_without_a_worker_is_named_but_nobody_waits_for_screens_that_nobody_reads(
    settings: Any, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    settings.SCREEN_ENGINE = engine
    up = {"media@desk": ["media"], "light@desk": ["light"]}
    monkeypatch.setattr(readiness.nudge, "workers", lambda: up)
    assert "manage.py run speech" in readiness._workers()
    up["speech@desk"] = ["speech"]
    said = readiness._workers()
    assert said == OK if engine == "none" else "No worker answers for screen" in said
    up["screen@desk"] = ["screen"]
    assert readiness._workers() == OK


@pytest.mark.usefixtures("no_broker")
def test_how_long_the_oldest_job_waits(client: Client) -> None:
    now = timezone.now()
    for minutes, state in ((5, "queued"), (9, "running"), (9, "done"), (-1, "queued")):
        recording = Recording.objects.create(original_key="x", size_bytes=1)
        Job.objects.create(
            recording=recording,
            step="inspect",
            queue="media",
            state=state,
            not_before=now - timedelta(minutes=minutes),
        )
    assert client.get("/readyz").json()["oldest_waiting_seconds"] == pytest.approx(300, abs=30)


@pytest.mark.usefixtures("silent_broker")
def test_a_broker_that_says_nothing_is_not_waited_for_and_its_password_not_told(client: Client) -> None:
    began = time.monotonic()
    response = client.get("/readyz")
    assert time.monotonic() - began < readiness.PATIENCE_SECONDS + 2
    assert response.status_code == 503
    assert "check BROKER_URL" in response.json()["broker"]
    assert "hush-hush" not in response.text


@pytest.mark.usefixtures("no_broker")
def test_a_folder_that_is_gone_is_said(client: Client, data_folder: Path) -> None:
    (data_folder / "media").rmdir()
    (data_folder / "media").write_text("no folder")
    assert "cannot be written to" in client.get("/readyz").json()["storage"]


@pytest.mark.usefixtures("no_broker")
def test_a_full_disk_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "KEPT_FREE", 2**62)
    assert "are free where VIDEOLIB_DATA lies" in client.get("/readyz").json()["storage"]


def test_ready_is_when_nothing_says_otherwise_however_long_the_queue() -> None:
    assert readiness.is_ready({"database": OK, "oldest_waiting_seconds": 9e9})
    assert readiness.is_ready({"database": OK, "oldest_waiting_seconds": None})
    assert not readiness.is_ready({"database": OK, "broker": "No broker answers."})


def test_what_hangs_holds_one_thread_and_is_asked_anew_once_it_has_answered() -> None:
    released, asked = threading.Event(), []

    def ask() -> str:
        asked.append(1)
        released.wait()
        return OK

    question = Question(ask, "It hangs.")
    assert [question.answer(question.begin(), 0.01) for _ in range(5)] == ["It hangs."] * 5
    assert len(asked) == 1
    under_way = question.begin()
    released.set()
    assert question.answer(under_way, 5) == OK
    assert question.answer(question.begin(), 5) == OK
    assert len(asked) == 2


def test_what_fails_is_told_to_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    def ask() -> str:
        raise ValueError("at 10.0.0.1")

    question = Question(ask, "It broke; mend it.")
    assert question.answer(question.begin(), 5) == "It broke; mend it."
    assert "ValueError: at 10.0.0.1" in caplog.text
