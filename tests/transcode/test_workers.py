"""Real workers with a real broker, whose steps only sleep: told to end, killed, frozen, and idle beside busy ones.

Where a lease would last an hour, only what does not wait for leases can have brought a job back.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from videolib.lib import broker

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
SOON = 60.0  # far more than an idle machine needs
HOUR = "3600"
MAKE_JOBS = """
from transcode.actions import start_step
from transcode.models import Recording, Step
for _ in range({number}):
    start_step(Recording.objects.create(original_key="originals/none", size_bytes=1), Step.INSPECT)
"""


class Crew:
    """A library of its own with a broker, and the workers that were started on it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.settings: dict[str, str] = {}
        self.processes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def prepare(self, **settings: str) -> None:
        """Start the broker and make the tables."""
        self.settings = {"LEASE_SECONDS": HOUR, "SWEEP_SECONDS": "1", "SLEEP_SECONDS": "3", **settings}
        self._start(broker.program(), "--port", str(self.port), "--save", "", "--dir", str(self.data))
        self.manage("migrate", "-v", "0")

    def start(
        self, name: str, queues: str = "media", *flags: str, app: str = "benchmarks.sleeping"
    ) -> subprocess.Popen[bytes]:
        """A worker with one slot, in a process group of its own; waited for until it takes work."""
        log = self.data / f"{name}.log"
        options = (f"--hostname={name}@test", f"--queues={queues}", "--concurrency=1", "--loglevel=INFO")
        few = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        process = self._start(sys.executable, "-m", "celery", "--app", app, "worker", *options, *few, *flags, log=log)
        self.wait(lambda: "videolib worker is ready" in log.read_text())
        return process

    def start_sweeper(self) -> None:
        """What nudges and takes back by the clock."""
        self.start("light", "light", "--beat", f"--schedule={self.data / 'beat'}")

    def make_jobs(self, number: int = 1) -> None:
        """Queue so many, each for a recording of its own."""
        self.manage("shell", "--no-imports", "-c", MAKE_JOBS.format(number=number))

    def jobs(self) -> list[dict[str, Any]]:
        """All rows, with the key that their recording shows."""
        with closing(sqlite3.connect(self.data / "library.sqlite3", timeout=30)) as database:
            database.row_factory = sqlite3.Row
            found = database.execute(
                "SELECT job.*, poster_key FROM transcode_job job JOIN transcode_recording recording"
                " ON recording.id = recording_id ORDER BY job.id"
            )
            return [dict(row) for row in found]

    def files(self) -> list[str]:
        """Keys of everything that is stored."""
        media = self.data / "media"
        return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())

    def wait(self, happened: Callable[[], Any]) -> None:
        """Until it is so."""
        deadline = time.monotonic() + SOON
        while not happened():
            assert time.monotonic() < deadline, f"{self.jobs()}\n{self.said()}"
            time.sleep(0.05)

    def wait_for_states(self, *states: str) -> None:
        """Until the jobs stand so."""
        self.wait(lambda: [job["state"] for job in self.jobs()] == list(states))

    def worker_of(self, number: int = 0) -> int:
        """The process that holds a job."""
        return int(self.jobs()[number]["worker"].split("/")[2])

    def said(self) -> str:
        """All that the workers logged."""
        return "\n".join(path.read_text() for path in self.data.glob("*.log"))

    def end(self) -> None:
        """Everything that was started, at once."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def assert_made_once(self) -> None:
        """One set of outputs for each recording, nothing beside them, no folder left in scratch."""
        shown = sorted(job["poster_key"] for job in self.jobs())
        assert self.files() == shown
        # It goes right after the job has ended.
        self.wait(lambda: list((self.data / "scratch").iterdir()) == [])

    def manage(self, *arguments: str) -> None:
        """`manage.py` in this library."""
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=self._environment(), check=True)

    def _environment(self) -> dict[str, str]:
        ours = {"VIDEOLIB_DATA": str(self.data), "BROKER_URL": f"redis://127.0.0.1:{self.port}/0", **self.settings}
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**inherited, "PYTHONWARNINGS": "ignore", **ours}

    def _start(self, *command: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        with (log or self.data / "broker.log").open("wb") as said:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(), stdout=said, stderr=said, start_new_session=True
            )
        self.processes.append(process)
        return process


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    made = Crew(tmp_path)
    yield made
    made.end()


@pytest.mark.parametrize("report", ["0.1", "60"])
def test_a_worker_that_is_told_to_end_gives_its_job_to_another_at_once(crew: Crew, report: str) -> None:
    """Also in the middle of something that says nothing of its progress, and goes on to its end for nothing."""
    crew.prepare(REPORT_SECONDS=report, SLEEP_SECONDS="6")
    workers = {worker.pid: worker for worker in (crew.start("first"), crew.start("second"))}
    crew.make_jobs()
    crew.wait_for_states("running")
    before = crew.jobs()[0]
    first = workers.pop(os.getpgid(crew.worker_of()))
    (second,) = workers.values()
    first.send_signal(signal.SIGTERM)
    crew.wait(lambda: crew.jobs()[0]["claim"] != before["claim"])
    crew.wait_for_states("running")
    after = crew.jobs()[0]
    assert (after["state"], after["attempt"]) == ("running", 1)
    assert after["worker"] != before["worker"]
    assert first.wait(timeout=SOON) == 0
    crew.wait_for_states("done")
    crew.assert_made_once()
    assert second.poll() is None


def test_the_last_worker_that_is_told_to_end_leaves_its_job_to_the_next_that_starts(crew: Crew) -> None:
    crew.prepare()
    first = crew.start("first")
    crew.make_jobs()
    crew.wait_for_states("running")
    first.send_signal(signal.SIGTERM)
    crew.wait_for_states("queued")
    assert crew.jobs()[0]["attempt"] == 0
    assert first.wait(timeout=SOON) == 0
    crew.start("second")
    crew.wait_for_states("done")
    crew.assert_made_once()


def test_the_job_of_a_killed_pool_process_is_tried_again_at_once_and_the_try_counts(crew: Crew) -> None:
    crew.prepare()
    crew.start("first")
    crew.make_jobs()
    crew.wait_for_states("running")
    before = crew.jobs()[0]
    os.kill(crew.worker_of(), signal.SIGKILL)  # as the kernel does when memory is short
    crew.wait(lambda: crew.jobs()[0]["claim"] != before["claim"])
    crew.wait_for_states("done")
    assert crew.jobs()[0]["attempt"] == 2
    assert crew.files() == [crew.jobs()[0]["poster_key"]]


def test_the_job_of_a_killed_worker_is_taken_back_by_the_one_that_starts_in_its_place(crew: Crew) -> None:
    crew.prepare()
    first = crew.start("first")
    crew.make_jobs()
    crew.wait_for_states("running")
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    crew.start("second")
    crew.wait_for_states("done")
    assert crew.jobs()[0]["attempt"] == 2
    assert crew.files() == [crew.jobs()[0]["poster_key"]]


def test_a_worker_frozen_past_its_lease_and_thawed_changes_nothing_any_more(crew: Crew) -> None:
    crew.prepare(LEASE_SECONDS="5")
    crew.start_sweeper()
    first = crew.start("first")
    crew.make_jobs()
    crew.wait_for_states("running")
    frozen = crew.jobs()[0]
    os.killpg(first.pid, signal.SIGSTOP)
    crew.start("second")
    crew.wait(lambda: crew.jobs()[0]["claim"] not in (frozen["claim"], None))
    crew.wait_for_states("done")
    made = crew.jobs()[0]
    os.killpg(first.pid, signal.SIGCONT)
    crew.wait(lambda: "is another worker's now" in (crew.data / "first.log").read_text())
    crew.wait(lambda: list((crew.data / "scratch").iterdir()) == [])
    assert crew.jobs() == [made]
    crew.assert_made_once()
    # It is of use again.
    crew.make_jobs()
    crew.wait_for_states("done", "done")


def test_an_idle_worker_takes_what_a_busy_one_could_only_have_kept_waiting(crew: Crew) -> None:
    """No worker holds messages beside the one it is at, however long that takes."""
    crew.prepare(SLEEP_SECONDS="30")
    crew.start("first")
    crew.make_jobs()
    crew.wait_for_states("running")
    crew.make_jobs()
    crew.start("second")
    crew.wait_for_states("running", "running")
    assert crew.worker_of(0) != crew.worker_of(1)


def test_one_nudge_that_arrives_is_enough_for_all_that_waits_and_everybody_who_is_idle(crew: Crew) -> None:
    crew.prepare(SLEEP_SECONDS="0.5")
    crew.make_jobs(6)
    with socket.create_connection(("127.0.0.1", crew.port)) as connection:
        connection.sendall(b"FLUSHALL\r\n")  # every nudge is lost
        assert connection.recv(100) == b"+OK\r\n"
    crew.start("first")
    crew.start("second")
    crew.wait_for_states(*["done"] * 6)
    crew.assert_made_once()
    logs = [(crew.data / f"{name}.log").read_text().count("inspect of recording") for name in ("first", "second")]
    assert sum(logs) == 6
