"""Two deeds at once, on PostgreSQL: the first is stopped in its midst, the second goes as far as it can."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread, current_thread
from typing import Any

import pytest
from django.db import connection

Deed = Callable[[], Any]
# A deed that neither ends nor waits for a lock by then hangs.
PATIENCE = 30.0
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@dataclass
class Ended:
    """What became of a deed: what it gave back, or what it raised; and whether it had to wait for the other one."""

    value: Any = None
    error: Exception | None = None
    had_to_wait: bool = False


class Runner(Thread):
    """A deed in a thread, with a connection, of its own."""

    def __init__(self, deed: Deed) -> None:
        super().__init__(daemon=True)
        self.deed, self.ended = deed, Ended()

    def run(self) -> None:
        try:
            self.ended.value = self.deed()
        except Exception as error:  # noqa: BLE001 (whoever asked looks at it)
            self.ended.error = error
        finally:
            connection.close()


def race(
    monkeypatch: pytest.MonkeyPatch, first: Deed, second: Deed, *, stop_after: tuple[Any, str]
) -> tuple[Ended, Ended]:
    """`first` stops after a call of `stop_after` (an object and a name in it), until `second` ends or waits for it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one transaction write at a time, from its begin on: there is no race to run")
    place, name = stop_after
    call, stopped, go_on = getattr(place, name), Event(), Event()
    one, two = Runner(first), Runner(second)

    def call_and_stop(*args: Any, **kwargs: Any) -> Any:
        value = call(*args, **kwargs)
        if current_thread() is one and not stopped.is_set():
            stopped.set()
            assert go_on.wait(PATIENCE)
        return value

    monkeypatch.setattr(place, name, call_and_stop)
    one.start()
    assert stopped.wait(PATIENCE), f"the first deed never came to {name}: {one.ended}"
    two.start()
    two.ended.had_to_wait = _waits(two)
    go_on.set()
    for runner in (one, two):
        runner.join(PATIENCE)
        assert not runner.is_alive()
    return one.ended, two.ended


def _waits(runner: Runner) -> bool:
    """Whether it came to wait for a lock; False when it ended instead."""
    until = time.monotonic() + PATIENCE
    while runner.is_alive():
        with connection.cursor() as cursor:
            cursor.execute(WAITS)
            if cursor.fetchone()[0]:
                return True
        assert time.monotonic() < until, "the second deed neither ended nor waited"
        time.sleep(0.01)
    return False
