"""The embedded broker: its configuration, and the real server under it."""

from __future__ import annotations

import socket
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import redis

from videolib.lib import broker


@pytest.fixture
def run_root(tmp_path: Path, settings: Any) -> Path:
    """An empty RUN_ROOT."""
    settings.RUN_ROOT, settings.BROKER_FILE = tmp_path, tmp_path / "broker.url"
    return tmp_path


def port_of(config: Path) -> int:
    """The port it names."""
    return int(next(line.split()[1] for line in config.read_text().splitlines() if line.startswith("port ")))


def test_the_files_that_hold_the_password_are_for_their_owner_only(run_root: Path) -> None:
    config = broker.write_config()
    for path in (config, run_root / "broker.url"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    password = (run_root / "broker.url").read_text().split(":")[2].partition("@")[0]
    assert len(password) >= 32
    assert f"requirepass {password}\n" in config.read_text()


def test_every_start_has_a_password_of_its_own_and_the_port_of_the_last_time(run_root: Path) -> None:
    first = port_of(broker.write_config())
    address = (run_root / "broker.url").read_text()
    assert port_of(broker.write_config()) == first
    assert (run_root / "broker.url").read_text() != address


def test_a_port_that_somebody_else_has_taken_is_left_to_them(run_root: Path) -> None:
    first = port_of(broker.write_config())
    with socket.socket() as taken:
        taken.bind((broker.HOST, first))
        taken.listen()
        assert port_of(broker.write_config()) != first


@pytest.mark.parametrize("left", ["", "port\n", "port many\n", "garbage"])
def test_a_configuration_that_was_damaged_is_written_anew(run_root: Path, left: str) -> None:
    (run_root / "valkey.conf").write_text(left)
    assert port_of(broker.write_config()) > 0


def test_the_address_is_forgotten_when_the_broker_is_gone(run_root: Path) -> None:
    broker.write_config()
    broker.forget_address()
    broker.forget_address()
    assert not (run_root / "broker.url").exists()


def test_the_server_answers_to_the_password_only_and_keeps_messages_over_a_restart(run_root: Path) -> None:
    config = broker.write_config()
    assert not broker.answers(config)
    for expected in (None, b"a message"):
        server = subprocess.Popen([broker.program(), str(config)], cwd=run_root, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while not broker.answers(config):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            with redis.Redis.from_url((run_root / "broker.url").read_text()) as client:
                assert client.get("key") == expected
                client.set("key", "a message")
                assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            with redis.Redis(port=port_of(config)) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()
        finally:
            server.terminate()
            server.wait()
