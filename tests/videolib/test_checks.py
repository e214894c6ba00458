"""What is said of the machine and its settings before the first request."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from videolib import checks
from videolib.checks import database, machine


@pytest.mark.parametrize("guessed", [True, False])
def test_an_open_door_without_an_address_to_come_by_is_a_warning_that_says_what_to_set(
    settings: Any, guessed: bool
) -> None:
    settings.SITE_URL_IS_A_GUESS = guessed
    warnings = {message.id: message for message in machine(None)}
    assert ("videolib.W004" in warnings) is guessed
    if guessed:
        assert "SITE_URL" in str(warnings["videolib.W004"].hint)


def test_the_server_itself_is_a_good_database(db: None) -> None:
    assert database(databases=["default"]) == []


def test_a_pooler_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was seen with PgBouncer: the number it gives when it is called is not that of the process that answers."""
    answer = SimpleNamespace(execute=lambda _: None, fetchone=lambda: (6192,))
    line = SimpleNamespace(info=SimpleNamespace(backend_pid=218394139))
    pooled = SimpleNamespace(vendor="postgresql", connection=line, cursor=lambda: nullcontext(answer))
    monkeypatch.setattr(checks, "connection", pooled)
    (error,) = database(databases=["default"])
    assert error.is_serious() and "leads to a pooler, such as PgBouncer" in error.msg
    assert "server itself" in str(error.hint)
    assert database(databases=None) == [], "asked of no database"
