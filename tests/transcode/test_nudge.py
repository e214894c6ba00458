"""Nudges: sent where a broker is, and nobody waits for one that is away or silent."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from transcode import nudge
from transcode.actions import accept_recording
from transcode.claim import sweep
from transcode.models import Job, State
from videolib.celery import app, begin

REFUSED = "redis://127.0.0.1:1/0"


@pytest.fixture
def broker(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`broker(url)`: where the broker is said to be, for this test."""

    def use(url: str) -> None:
        settings.BROKER_URL = url
        connect = app.connection_for_write
        monkeypatch.setattr(app, "connection_for_write", lambda: connect(url))
        # amqp is what Celery calls its side of any broker; its pool is made anew for the address.
        monkeypatch.setattr(app, "_pool", None)
        monkeypatch.setattr(app.conf, "broker_write_url", url)
        monkeypatch.setattr(app.amqp, "_producer_pool", None)

    monkeypatch.setattr(nudge, "_gave_up", False)
    return use


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a broker that takes calls and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(20)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def test_without_a_broker_nothing_is_sent_and_nobody_waits(broker: Callable[[str], None]) -> None:
    broker("")
    assert nudge.send("clips.index_clip", 7, queue="light") is False
    assert nudge.queues_served() == frozenset()


def test_a_broker_that_is_away_is_noticed_at_once(
    broker: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    broker(REFUSED)
    began = time.monotonic()
    # Each step of each file is sent: seconds of trying again here would add up to minutes for a folder.
    assert nudge.send("clips.index_clip", 7, queue="light") is False
    assert nudge.queues_served() == frozenset()
    assert time.monotonic() - began < 1
    assert "was not sent, no broker answers" in caplog.text


def test_a_silent_broker_is_waited_for_a_moment_only(broker: Callable[[str], None], silent: str) -> None:
    broker(silent)
    began = time.monotonic()
    assert nudge.send("clips.index_clip", 7, queue="light") is False
    assert time.monotonic() - began < 6


def test_whoever_looked_for_a_broker_in_vain_waits_for_it_no_more(broker: Callable[[str], None], silent: str) -> None:
    broker(silent)
    began = time.monotonic()
    assert nudge.find_broker() is False
    assert time.monotonic() - began < 6
    began = time.monotonic()
    for _ in range(100):
        assert nudge.send("clips.index_clip", 7, queue="light") is False
        assert nudge.queues_served() == frozenset()
    assert time.monotonic() - began < 1


@pytest.mark.django_db(transaction=True)
def test_a_job_nobody_could_be_told_of_stands_and_the_next_sweep_tells_of_it(
    broker: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker(REFUSED)
    accept_recording("originals/x", 1)
    assert Job.objects.get().state == State.QUEUED
    told: list[Any] = []
    monkeypatch.setattr(nudge, "send", lambda task, *args, **options: told.append((task, *args, options["queue"])))
    assert sweep() == 1
    assert told == [("transcode.work_on", "media", "media")]


@pytest.mark.django_db(transaction=True)
def test_nudges_expire_and_those_of_a_sweep_when_the_next_sends_others(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each job taken sends one: a night in which all workers were busy, or away, would leave thousands."""
    settings.BROKER_URL, settings.SWEEP_SECONDS = "redis://somewhere/0", 17
    monkeypatch.setattr(nudge, "_gave_up", False)
    sent: list[Any] = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: sent.append((name, options["expires"])))
    accept_recording("originals/x", 1)
    assert sweep() == 1
    begin(SimpleNamespace(app=SimpleNamespace(amqp=SimpleNamespace(queues=SimpleNamespace(consume_from=["media"])))))
    assert sent == [("transcode.work_on", expires) for expires in (nudge.LIVES, 17, nudge.LIVES)]


@pytest.mark.django_db(transaction=True)
def test_a_nudge_that_goes_wrong_undoes_nothing_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the broker says OOM")

    monkeypatch.setattr(nudge, "send", broken)
    came: list[int] = []
    with transaction.atomic():
        accept_recording("originals/x", 1)
        transaction.on_commit(lambda: came.append(1))
    assert Job.objects.get().state == State.QUEUED
    assert came and "the broker says OOM" in caplog.text


def test_workers_wait_longer_for_their_broker_than_those_who_send() -> None:
    sending, receiving = app.connection_for_write(), app.connection_for_read()
    assert sending.transport_options["socket_timeout"] < receiving.transport_options["socket_timeout"]
