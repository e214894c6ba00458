"""A Swift of our own for the tests (stack/swift.py), with everything of it in a temporary folder."""

from __future__ import annotations

import atexit
import getpass
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from stack import swift
from stack.ports import free_ports
from stack.swift import Swift

# It writes as somebody who owns nothing else.
USER = "nobody" if os.geteuid() == 0 else None
# Far more than an idle machine needs: four processes start beside other tests.
START_SECONDS = 120


def start() -> tuple[Swift, Callable[[], None]]:
    """A Swift that answers; and what stops it, at the latest at the end of this process."""
    folder = Path(tempfile.mkdtemp(prefix="videolib-swift-"))
    ports = free_ports(*swift.SERVERS)
    service = swift.configure(folder, ports, "worthless", user=USER or getpass.getuser())
    for path in (folder, *folder.rglob("*")):
        if USER:
            shutil.chown(path, USER)
    servers = [_run(folder, name) for name in ports]
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() != owner:  # in a child that was forked from us
            return
        for server in servers:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    for port in ports.values():
        _wait_for(port, folder)
    return service, stop


def _run(folder: Path, name: str) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        environment = swift.environment(folder)
        command = swift.command(folder, name)
        return subprocess.Popen(command, cwd=folder, user=USER, env=environment, stdout=log, stderr=log)


def _wait_for(port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not swift.answers(port):
        if time.monotonic() > deadline:
            raise SystemExit(f"Swift did not start: {(folder / 'log').read_text()}")
        time.sleep(0.05)
