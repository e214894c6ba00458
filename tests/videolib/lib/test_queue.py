"""Sending tasks: on commit only."""

from __future__ import annotations

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
