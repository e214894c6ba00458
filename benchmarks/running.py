"""A whole library as `manage.py run` starts it, and a client that uploads to it over HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.library import ROOT, enter, environment
from stack.ports import free_ports

UP_WITHIN, DOWN_WITHIN = 120.0, 30.0  # seconds; an idle machine needs five
READY = "videolib is ready at"
ASK_EVERY = 0.02  # seconds between two questions whether a clip plays: the error of what is measured
CHUNK = 8 * 1024 * 1024  # as the page begins to send them
OWNER = "benchmark@example.com"


@dataclass
class Client:
    """One person at a running library: a token to upload with, and a session to watch with."""

    port: int
    token: str
    cookie: str

    def upload(self, file: Path) -> float:
        """All bytes over tus; the moment (time.monotonic) when the last one was sent."""
        title = base64.b64encode(file.name.encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=UP_WITHIN)
        headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}"}
        size = file.stat().st_size
        connection.request(
            "POST", "/uploads/", headers={**headers, "Upload-Length": str(size), "Upload-Metadata": f"filename {title}"}
        )
        created = connection.getresponse()
        _expect(created.status == 201, created.read())
        address, sent = created.headers["Location"], 0.0
        patch = {**headers, "Content-Type": "application/offset+octet-stream"}
        with file.open("rb") as source:
            for offset in range(0, size, CHUNK):
                chunk = source.read(CHUNK)
                connection.request("PATCH", address, chunk, {**patch, "Upload-Offset": str(offset)})
                sent = time.monotonic()
                answer = connection.getresponse()
                _expect(answer.status == 204, answer.read())
        connection.close()
        return sent

    def newest_clip(self) -> str:
        """The code of the clip that came last."""
        return str(self.api("/api/v1/clips?mine=true&limit=1")["clips"][0]["code"])

    def api(self, path: str) -> Any:
        """What the API answers."""
        status, body = self.get(path, {"Authorization": f"Bearer {self.token}"})
        _expect(status == 200, body)
        return json.loads(body)

    def plays(self, code: str) -> bool:
        """Whether somebody else's request would get a playlist, the first media playlist of it, and bytes."""
        status, playlist = self.get(f"/clips/{code}/main.m3u8", {"Cookie": self.cookie})
        if status != 200:
            return False
        name = next(line for line in playlist.decode().splitlines() if line and not line.startswith("#"))
        media = f"/clips/{code}/{name.removesuffix('.m3u8')}"
        listed, _ = self.get(f"{media}.m3u8", {"Cookie": self.cookie})
        served, _ = self.get(f"{media}.mp4", {"Cookie": self.cookie, "Range": "bytes=0-65535"})
        return listed == 200 and served == 206

    def get(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=UP_WITHIN)
        try:
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextmanager
def running_library(folder: Path, settings: Mapping[str, str]) -> Iterator[Client]:
    """The library of `folder`, with its own port and its own Valkey; stopped at the end, however it comes."""
    port = free_ports("web")["web"]
    more = {"BIND": f"127.0.0.1:{port}", "PYTHONUNBUFFERED": "1", **settings}
    log = folder / "run.log"
    with log.open("w") as said:
        command = [sys.executable, "manage.py", "run"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(folder, more), stdout=said, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(process, log)
        enter(folder, more)
        yield sign_in(port)
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + UP_WITHIN
    while READY not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The library does not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)


def sign_in(port: int) -> Client:
    """A contributor with a token and a session, made without a page."""
    from django.test import Client as Browser  # noqa: PLC0415 (Django is set up only now)

    from videolib.accounts.actions import create_token  # noqa: PLC0415
    from videolib.accounts.models import User  # noqa: PLC0415

    person = User.objects.create_user(OWNER, role="contributor")
    browser = Browser()
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = next(iter(browser.cookies.values()))
    return Client(port, create_token(person, "benchmark"), f"{session.key}={session.value}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=DOWN_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()  # the kernel and its guard take its children along
        process.wait()


def _expect(condition: bool, body: bytes) -> None:
    if not condition:
        raise SystemExit(f"The library answered: {body.decode(errors='replace')[:500]}")
