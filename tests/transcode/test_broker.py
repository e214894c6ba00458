"""What the broker's settings promise, asked of a real one: a worker that is killed keeps no message, and a message that
comes twice does nothing twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from kombu import Connection, Queue

from transcode.actions import start_step
from transcode.models import Job, Recording, State, Step
from transcode.tasks import work_on
from transcode.workspace import Work
from videolib.lib import broker

SOON = 60.0
HELD = Queue("media", routing_key="media")
# As set, but the timeout: an hour is more than a test has, and kombu looks as rarely as every tenth time it polls.
SHORT = {"visibility_timeout": 1, "unacked_restore_interval": 1}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a broker of this test's own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [broker.program(), "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        url = f"redis://127.0.0.1:{port}/0"
        with Connection(url) as connection:
            connection.ensure_connection(max_retries=50, interval_start=0.1, interval_step=0)
        yield url
        process.kill()


def connect(address: str, **options: Any) -> Connection:
    return Connection(address, transport_options={**settings.CELERY_BROKER_TRANSPORT_OPTIONS, **options})


def received(connection: Connection, seconds: float) -> list[str]:
    """What arrives within so many seconds, or the first message; it is acknowledged."""
    got: list[str] = []

    def take(body: str, message: Any) -> None:
        got.append(body)
        message.ack()

    deadline = time.monotonic() + seconds
    with connection.Consumer(HELD, callbacks=[take]):
        while not got and time.monotonic() < deadline:
            try:
                connection.drain_events(timeout=0.5)
            except TimeoutError:
                continue
    return got


def hold_for_ever(address: str, options: dict[str, Any], holding: Any) -> None:
    """As a worker that takes a message and is killed before it has done what it asks."""
    with connect(address, **options) as connection, connection.Consumer(HELD, callbacks=[lambda *_: holding.set()]):
        while True:
            connection.drain_events(timeout=SOON)


@pytest.mark.stack
@pytest.mark.parametrize("options", [{}, SHORT])
def test_what_a_killed_worker_held_comes_back_after_the_visibility_timeout(
    address: str, options: dict[str, Any]
) -> None:
    with connect(address, **options) as connection:
        connection.Producer().publish("work", routing_key="media", declare=[HELD])
        context = multiprocessing.get_context("fork")
        holding = context.Event()
        worker = context.Process(target=hold_for_ever, args=(address, options, holding))
        worker.start()
        assert holding.wait(SOON)
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join()
        if options:
            assert received(connection, SOON) == ["work"]
        else:
            # Not before: whoever works for an hour is not asked again.
            assert received(connection, 3) == []


def test_a_worker_takes_no_message_beside_those_it_is_at() -> None:
    """tests/transcode/test_workers.py shows it with real ones; these belong together."""
    from videolib.celery import app

    assert (app.conf.task_acks_late, app.conf.worker_prefetch_multiplier) == (True, 1)
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.broker_transport_options["visibility_timeout"] >= 3600


@pytest.mark.django_db
def test_a_nudge_that_comes_again_while_its_job_runs_does_nothing(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = start_step(Recording.objects.create(original_key="originals/none", size_bytes=1), Step.INSPECT)
    again: list[int] = []

    def do(work: Work) -> None:
        again.append(work_on("media"))
        with work.finishing():
            pass

    monkeypatch.setattr("transcode.tasks.STEPS", {Step.INSPECT: do})
    assert work_on("media") == 1
    assert again == [0]
    assert work_on("media") == 0
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.DONE, 1)
    assert Job.objects.count() == 1
