"""`make stack` for real: the production topology comes up from nothing, keeps what it has, leaves nothing behind."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import urllib.request
from collections.abc import Callable

import pytest

from scripts.setup import STACK_PROGRAMS, is_installed
from tests.browser.conftest import settings_of_stack
from tests.running import Library

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
TOKEN = "t" * 16
MONITOR = {"Authorization": f"Bearer {TOKEN}"}
SERVERS = ("postgres", "valkey", "swift", "nginx: master", "granian", "celery")


@pytest.fixture(autouse=True)
def _servers(needs: Callable[[str, bool], None]) -> None:
    for program, package in STACK_PROGRAMS.items():
        needs(package, is_installed(program))


def test_an_empty_folder_becomes_a_stack_that_answers_through_nginx_and_ends(library: Callable[..., Library]) -> None:
    one = library(METRICS_TOKEN=TOKEN).start("-m", "stack")
    assert one.wait_for("videolib is ready at").endswith(f"http://127.0.0.1:{one.port}")
    link = re.search(r"http://\S+/accounts/invitation/\S+", one.wait_for("first one, open"))
    assert link and one.status_of(link[0].removeprefix(f"http://127.0.0.1:{one.port}")) == 200
    asked = urllib.request.Request(f"http://127.0.0.1:{one.port}/readyz", headers=MONITOR)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        said = json.load(answer)
        assert answer.headers["Server"] == "nginx"
    assert {said[name] for name in ("database", "broker", "storage", "workers")} == {"ok"}
    running = "\n".join(one.alive())
    for name in SERVERS:
        assert name in running

    settings = settings_of(one)
    assert settings["DATABASE_URL"].startswith("postgres://") and settings["S3_BUCKET"]
    secrets = [re.split("[:@]", settings["DATABASE_URL"])[2], settings["S3_SECRET_ACCESS_KEY"]]
    secrets.append(re.split("[:@]", settings["BROKER_URL"])[2])
    assert not any(secret in line for secret in secrets for line in one.alive())

    one.stop()
    assert one.process.returncode == 0
    assert one.is_gone(within=1)
    shown = "\n".join(one.lines)
    assert "Traceback" not in shown and "is still at work" not in shown
    assert not any(secret in shown for secret in secrets)


def test_what_is_kept_outlives_it_even_if_it_is_killed(library: Callable[..., Library]) -> None:
    one = library().start("-m", "stack")
    one.wait_for("first one, open")
    before = settings_of(one)
    one.environment |= before
    made = one.manage("create_user", "ada@example.com", "--role", "admin", "--name", "Ada")
    assert made.returncode == 0, made.stderr
    one.process.kill()
    one.process.wait()
    assert one.is_gone()
    one.environment["VIDEOLIB_DATA"], one.environment["BIND"] = str(one.data), f"127.0.0.1:{one.port}"
    one.start("-m", "stack").wait_for("videolib is ready at")
    after = settings_of(one)
    assert after["S3_SECRET_ACCESS_KEY"] == before["S3_SECRET_ACCESS_KEY"]
    one.stop(signal.SIGTERM)
    assert "There is no administrator" not in "\n".join(one.lines[-20:])


def test_a_port_in_use_is_said_in_a_sentence(library: Callable[..., Library]) -> None:
    one = library()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", one.port))
        taken.listen()
        refused = one.run("-m", "stack")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"Cannot listen on 127.0.0.1:{one.port}" in refused.stderr


def settings_of(one: Library) -> dict[str, str]:
    """What the stack wrote down for commands, for its owner's eyes only."""
    assert stat.S_IMODE((one.data / "stack" / "environment").stat().st_mode) == 0o600
    return settings_of_stack(one.data)
