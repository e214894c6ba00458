"""The whole product as a newcomer starts it (`manage.py run` on an empty folder), and a real Chromium to use it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SHOTS = Path(__file__).resolve().parent / "shots"
START_SECONDS = 90
STACK = ("-m", "stack")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


@dataclass
class Library:
    """A running library: its address, its folder, what it has said so far, and its settings beside those."""

    url: str
    folder: Path
    log: Path
    settings: dict[str, str] = field(default_factory=dict)

    def manage(self, *args: str, stdin: str = "") -> str:
        """Run a management command on the same folder; its standard output."""
        # Not the settings of the tests: their quick password hashes are unknown to the running library.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
        environment |= {"VIDEOLIB_DATA": str(self.folder), "SITE_URL": self.url, **self.settings}
        command = [sys.executable, "manage.py", *args]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wait_for_line(self, pattern: str) -> re.Match[str]:
        """The first line it said, or says soon, that matches."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if match := re.search(pattern, self.log.read_text()):
                return match
            time.sleep(0.2)
        raise AssertionError(f"no line matches {pattern!r} in:\n{self.log.read_text()}")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Library]:
    """The library of this session, stopped at its end: that of `make run`, or with --on-stack that of `make stack`."""
    folder = tmp_path_factory.mktemp("library")
    on_stack = request.config.getoption("--on-stack")
    with running(folder, command=STACK) if on_stack else running(folder) as library:
        if on_stack:
            library.wait_for_line(r"is ready at")
            library.settings |= settings_of_stack(folder)
        yield library


def settings_of_stack(folder: Path) -> dict[str, str]:
    """What the stack of that folder wrote down for commands."""
    lines = (folder / "stack" / "environment").read_text().splitlines()
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


@contextmanager
def running(
    folder: Path, prepare: tuple[str, ...] = (), command: tuple[str, ...] = ("manage.py", "run"), **settings: str
) -> Iterator[Library]:
    """A library on that folder, with those settings, started by `command` after the command `prepare`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO_", "PYTEST_"))}
    environment |= {"VIDEOLIB_DATA": str(folder), "BIND": f"127.0.0.1:{port}", "PYTHONUNBUFFERED": "1", **settings}
    log = folder / "run.log"
    library = Library(f"http://127.0.0.1:{port}", folder, log, settings)
    if prepare:
        library.manage(*prepare)
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield library
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all; each test opens its own context."""
    if not CHROMIUM:
        reason = "chromium is not installed; `make test` installs it where it may"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any, library: Library) -> Iterator[Callable[..., Any]]:
    """`open_page(width=390, dark=True)`: a page of its own; what it may not load, or throws, fails the test."""
    contexts = []
    complaints: list[str] = []

    def open_one(width: int = 1280, *, dark: bool = False, **options: Any) -> Any:
        context = browser.new_context(
            base_url=library.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: _obeys_policy(said.text, complaints))
        home = (library.url, library.settings.get("S3_ENDPOINT_URL", library.url))
        page.on("request", lambda request: _stays_at_home(request.url, home, complaints))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _obeys_policy(said: str, complaints: list[str]) -> None:
    if "Content Security Policy" in said:
        complaints.append(said)


def _stays_at_home(url: str, home: tuple[str, ...], complaints: list[str]) -> None:
    if not url.startswith((*home, "blob:", "data:", "about:", "chrome")):
        complaints.append(f"a request left the origin: {url}")


def until(page: Any, expression: str, seconds: float = 20) -> None:
    """Wait for a JavaScript expression to be true. Playwright's own wait needs eval, which our pages forbid."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({expression})"):
        assert time.monotonic() < deadline, f"after {seconds} s still not so: {expression}"
        page.wait_for_timeout(50)


@pytest.fixture(scope="session")
def shot() -> Callable[[Any, str], None]:
    """`shot(page, "watch")` keeps a picture of the page in tests/browser/shots, to be looked at."""
    SHOTS.mkdir(exist_ok=True)

    def take(page: Any, name: str) -> None:
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    return take
