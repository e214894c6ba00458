"""Sending tasks: on commit only, and never waiting for a broker that is away."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import transaction

from videolib.celery import app
from videolib.lib import queue


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[tuple[str, Any, str]]:
    """What would have gone to a broker."""
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    messages: list[tuple[str, Any, str]] = []
    monkeypatch.setattr(
        app, "send_task", lambda task, args, queue, retry: messages.append((task, args, queue)), raising=True
    )
    return messages


@pytest.mark.django_db(transaction=True)
def test_a_task_is_sent_when_the_transaction_is_committed(sent: list[tuple[str, Any, str]]) -> None:
    with transaction.atomic():
        queue.send_on_commit("clips.index_clip", 7, queue="light")
        assert sent == []
    assert sent == [("clips.index_clip", (7,), "light")]


@pytest.mark.django_db(transaction=True)
def test_a_task_of_a_transaction_that_fails_is_not_sent(sent: list[tuple[str, Any, str]]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        queue.send_on_commit("clips.index_clip", 7, queue="light")
        raise RuntimeError
    assert sent == []


def test_without_a_broker_nothing_is_sent_and_nobody_waits(settings: Any) -> None:
    settings.BROKER_URL = ""
    assert queue.send("clips.index_clip", 7, queue="light") is False
    assert queue.queues_served() == frozenset()


@pytest.fixture
def broker_away(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker address where nobody listens."""
    settings.BROKER_URL = "redis://127.0.0.1:1/0"
    connect = app.connection_for_write
    monkeypatch.setattr(app, "connection_for_write", lambda: connect(settings.BROKER_URL))
    # amqp is what Celery calls its side of any broker; its pool is made anew for the address.
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.conf, "broker_write_url", settings.BROKER_URL)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)


def test_a_broker_that_is_away_is_noticed_at_once(broker_away: None, caplog: pytest.LogCaptureFixture) -> None:
    began = time.monotonic()
    assert queue.send("clips.index_clip", 7, queue="light") is False
    # Each step of each file is sent: seconds of trying again here would add up to minutes for a folder.
    assert time.monotonic() - began < 2
    assert queue.queues_served() == frozenset()
    assert time.monotonic() - began < 10
    assert "was not sent, no broker answers" in caplog.text
