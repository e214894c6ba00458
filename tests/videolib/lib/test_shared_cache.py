"""Limits counted in the real broker, and what happens while it is away."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.locmem import LocMemCache

from videolib.lib import broker, shared_cache
from videolib.lib.shared_cache import SharedCache


@pytest.fixture
def address(tmp_path: Path, settings: Any) -> Iterator[Callable[[], str]]:
    """Starts the broker; its address. `address.process` is the server."""
    settings.RUN_ROOT, settings.BROKER_FILE = tmp_path, tmp_path / "broker.url"
    config = broker.write_config()
    server = Server(config)
    yield server
    server.stop()


class Server:
    def __init__(self, config: Path) -> None:
        self.config = config
        self.start()

    def __call__(self) -> str:
        return (self.config.parent / "broker.url").read_text()

    def start(self) -> None:
        self.process = subprocess.Popen([broker.program(), str(self.config)], cwd=self.config.parent)
        until = time.monotonic() + 30
        while not broker.answers(self.config):
            assert time.monotonic() < until, "the broker did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(autouse=True)
def _nobody_was_left_alone() -> Iterator[None]:
    SharedCache._left_alone_until = 0.0
    LocMemCache("shared cache", {}).clear()
    yield
    SharedCache._left_alone_until = 0.0


def test_two_processes_count_together(address: Any) -> None:
    one, other = SharedCache(address(), {}), SharedCache(address(), {})
    assert one.add("limit", 0, 60)
    assert not other.add("limit", 0, 60)
    assert [one.incr("limit"), other.incr("limit")] == [1, 2]
    one.set("tries", [1.5], 60)
    assert other.get("tries") == [1.5]
    assert other.delete("tries")
    assert one.get("tries", []) == []


def test_a_key_that_is_not_there_is_said(address: Any) -> None:
    with pytest.raises(ValueError, match="nothing"):
        SharedCache(address(), {}).incr("nothing")


def test_a_broker_that_was_restarted_is_found_again_at_once(address: Any) -> None:
    cache = SharedCache(address(), {})
    cache.set("before", 1, 60)
    address.stop()
    address.start()
    assert cache.add("after", 1, 60)
    assert SharedCache(address(), {}).get("after") == 1


def test_while_it_is_away_the_process_counts_for_itself_and_does_not_ask(
    address: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = SharedCache(address(), {})
    address.stop()
    assert cache.add("limit", 0, 60)
    monkeypatch.setattr(shared_cache.RedisCache, "incr", lambda *args, **options: 1 / 0)
    assert [cache.incr("limit"), cache.incr("limit")] == [1, 2]
    assert caplog.text.count("the broker does not answer") == 1


def test_after_a_while_it_is_asked_again(address: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = SharedCache(address(), {})
    address.stop()
    assert cache.get("limit") is None
    address.start()
    SharedCache(address(), {})
    monkeypatch.setattr(SharedCache, "_left_alone_until", time.monotonic() - 1)
    cache.set("limit", 5, 60)
    assert SharedCache(address(), {}).get("limit") == 5
