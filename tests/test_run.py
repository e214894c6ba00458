"""`manage.py run` for real: it comes up, does its work, and leaves nothing behind however it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import ROOT, UP_WITHIN, Library

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


def test_an_empty_folder_becomes_a_library_that_answers_works_and_ends(library: Callable[..., Library]) -> None:
    one = library().start()
    began = time.monotonic()
    assert one.wait_for("videolib is ready at").endswith(f"http://127.0.0.1:{one.port}")
    assert time.monotonic() - began < UP_WITHIN
    link = re.search(r"http://\S+/accounts/invitation/\S+", one.wait_for("first one, open"))
    assert link and one.status_of(link[0].removeprefix(f"http://127.0.0.1:{one.port}")) == 200
    assert one.status_of("/accounts/login/") == 200

    broker = one.data / "run" / "broker.url"
    assert stat.S_IMODE(broker.stat().st_mode) == stat.S_IMODE((one.data / "secret_key").stat().st_mode) == 0o600
    served = one.manage(
        "shell", "--no-imports", "-c", "from transcode.nudge import queues_served as q; print(*sorted(q()))"
    )
    assert served.stdout.split() == ["light", "media", "screen", "speech"], served.stderr
    assert one.status_of("/healthz") == 200
    with urllib.request.urlopen(f"http://127.0.0.1:{one.port}/readyz", timeout=30) as answer:
        said = json.load(answer)
    assert said.pop("oldest_waiting_seconds") is None
    assert said == dict.fromkeys(("database", "broker", "storage", "workers"), "ok")
    password = broker.read_text().split(":")[2].partition("@")[0]
    assert not any(password in line for line in one.alive())

    one.stop()
    assert one.process.returncode == 0
    assert one.is_gone(within=1)
    assert not broker.exists()
    shown = "\n".join(one.lines)
    assert "Traceback" not in shown
    assert password not in shown


def test_a_second_one_on_the_same_folder_is_refused_with_a_sentence(library: Callable[..., Library]) -> None:
    one = library().start()
    one.wait_for("starting")
    refused = one.manage("run")
    assert refused.returncode == 1
    assert re.search(r"runs already \(process \d+\); stop that one, or name another folder", refused.stderr)
    assert refused.stderr.count("\n") == 1
    one.stop(signal.SIGTERM)


def test_killed_outright_it_leaves_nothing_and_starts_again(library: Callable[..., Library]) -> None:
    one = library().start()
    one.wait_for("videolib is ready at")
    port_before = (one.data / "run" / "broker.url").read_text().rpartition(":")[2]
    one.process.kill()
    one.process.wait()
    assert one.is_gone()
    one.start().wait_for("videolib is ready at")
    assert (one.data / "run" / "broker.url").read_text().rpartition(":")[2] == port_before
    one.stop()


def test_a_program_that_dies_is_started_again(library: Callable[..., Library]) -> None:
    one = library().start()
    one.wait_for("videolib is ready at")
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            named = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"valkey-server" in named and f"PPid:\t{one.process.pid}" in (folder / "status").read_text():
            os.kill(int(folder.name), signal.SIGKILL)
    assert "valkey stopped (killed by SIGKILL); it starts again" in one.wait_for("stopped")
    time.sleep(2)
    answered = one.manage(
        "shell", "--no-imports", "-c", "from videolib.celery import app; app.connection().connect(); print('yes')"
    )
    assert answered.stdout.strip() == "yes", answered.stderr
    one.stop()


def test_a_port_in_use_is_said_in_a_sentence_that_names_the_setting(library: Callable[..., Library]) -> None:
    one = library()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", one.port))
        taken.listen()
        refused = one.manage("run")
    assert refused.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{one.port} (Address already in use)" in refused.stderr
    assert "BIND=" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"BIND": "nonsense"}, "BIND is 'nonsense'; set it to a host and a port"),
        ({"BIND": "192.0.2.1:8000"}, "Cannot listen on 192.0.2.1:8000 (Cannot assign requested address)"),
        ({"VIDEOLIB_DATA": "/proc/library"}, "VIDEOLIB_DATA is '/proc/library', which cannot be made"),
        ({"DATABASE_URL": "mysql://localhost/videolib"}, "DATABASE_URL names a database that videolib does not know"),
        ({"DATABASE_URL": "postgres://localhost"}, "DATABASE_URL names no database"),
        ({"DATABASE_URL": "postgres://localhost:99999/videolib"}, "DATABASE_URL is no address for it"),
        ({"DATABASE_URL": "postgres://127.0.0.1:1/videolib"}, "is it up, and does DATABASE_URL name it?"),
        ({"SPEECH_ENGINE": "ears"}, "SPEECH_ENGINE is 'ears'; set it to one of"),
        ({"SCREEN_ENGINE": "eyes"}, "SCREEN_ENGINE is 'eyes'; set it to one of rapidocr, tesseract, none"),
        ({"SEARCH_MEANING": "deep"}, "SEARCH_MEANING is 'deep'; set it to one of minilm, none"),
        ({"BROKER_URL": "sqlite://"}, "BROKER_URL is no address for it"),
    ],
)
def test_what_is_set_wrong_ends_the_start_with_a_sentence(
    library: Callable[..., Library], settings: dict[str, str], sentence: str
) -> None:
    refused = library(**settings).manage("run")
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_with_a_broker_elsewhere_it_starts_none(library: Callable[..., Library]) -> None:
    first = library().start()
    first.wait_for("videolib is ready at")
    second = library(BROKER_URL=(first.data / "run" / "broker.url").read_text()).start()
    second.wait_for("videolib is ready at")
    assert not any("valkey-server" in line for line in second.alive())
    second.stop()
    first.stop()


def test_one_program_alone_runs_in_the_process_it_was_started_in(library: Callable[..., Library]) -> None:
    one = library()
    unprepared = one.manage("run", "web")
    assert (unprepared.returncode, unprepared.stderr.count("\n")) == (1, 1)
    assert "run manage.py migrate first" in unprepared.stderr
    assert one.manage("migrate", "-v", "0").returncode == 0
    command = [sys.executable, "manage.py", "run", "web"]
    one.process = subprocess.Popen(
        command, cwd=ROOT, env=one.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    one.wait_for("first administrator")
    deadline = time.monotonic() + UP_WITHIN
    while time.monotonic() < deadline:
        try:
            assert one.status_of("/accounts/login/") == 200
            break
        except urllib.error.URLError:
            time.sleep(0.2)
    assert b"granian" in Path(f"/proc/{one.process.pid}/cmdline").read_bytes()
    one.stop(signal.SIGTERM)
    assert one.is_gone()


MAKE_A_JOB = "from transcode.actions import accept_recording as a; print(a('originals/none', 1).code)"


def test_in_json_every_line_is_an_object_and_those_of_a_job_name_its_recording(
    library: Callable[..., Library],
) -> None:
    one = library(LOG_FORMAT="json", JOB_ATTEMPTS="1").start()
    one.wait_for("videolib is ready at")
    code = one.manage("shell", "--no-imports", "-c", MAKE_A_JOB).stdout.strip()
    one.wait_for("(attempt 1)")
    # A line of the web server's: somebody asks by a name that is not the library's.
    asked = urllib.request.Request(f"http://127.0.0.1:{one.port}/", headers={"Host": "elsewhere.example"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(asked, timeout=30)
    one.wait_for("elsewhere.example")
    one.stop()

    entries = [json.loads(line) for line in one.lines]
    assert {"time", "level", "logger", "message", "program"} <= set.intersection(*map(set, entries))
    assert {"videolib", "media", "web"} <= {entry["program"] for entry in entries}
    of_the_job = [entry for entry in entries if entry.get("recording") == code]
    assert {(entry["step"], entry["program"]) for entry in of_the_job} == {("inspect", "media")}
    assert any("FileNotFoundError" in entry.get("exception", "") for entry in of_the_job)
    assert all("recording" not in entry for entry in entries if entry["program"] != "media")
