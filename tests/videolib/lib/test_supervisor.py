"""The supervisor over small real programs: order, restarts, the end, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
DRIVER = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup
from videolib.lib import supervisor
from videolib.lib.supervisor import Program, StartError, Supervisor
supervisor.GRACE_SECONDS = {grace}
supervisor.LAST_GRACE_SECONDS = 0.5
def sh(name, script, **more):
    return Program(name, ("/bin/sh", "-c", script), **more)
def py(name, script, **more):
    return Program(name, (sys.executable, "-S", "-u", "-c", script), **more)
stages = [{stages}]
told = Supervisor(stages, lambda: told.say("all ready"))
try:
    told.run()
except StartError as error:
    sys.exit(f"sentence: {error}")
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"


class Driven:
    """A supervisor in a process of its own, and all it has said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def wait_for(self, words: str) -> str:
        """The first line with these words."""
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip())
            if words in line:
                return line.rstrip()
        raise AssertionError(f"{words!r} was never said: {self.lines}")

    def stop(self, number: int = signal.SIGINT) -> float:
        """Seconds from the signal to the end of everything."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.lines += (self.process.stdout.read() if self.process.stdout else "").splitlines()
        self.process.wait(timeout=20)
        return time.monotonic() - began


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """A word in the environment of everything that is started here."""
    return f"supervised-{tmp_path}"


@pytest.fixture
def drive(mark: str) -> Iterator[Callable[..., Driven]]:
    """`drive("[sh('a', 'sleep 9')], [sh('b', …)]")`; `grace` seconds before who does not end is ended."""
    started: list[Driven] = []

    def start(stages: str, grace: float = 1.0) -> Driven:
        process = subprocess.Popen(
            [sys.executable, "-c", DRIVER.replace("{stages}", stages).replace("{grace}", str(grace))],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env={**os.environ, "MARK": mark},
        )
        started.append(Driven(process))
        return started[-1]

    yield start
    for driven in started:
        driven.process.kill()
        driven.process.wait()
        if driven.process.stdout:
            driven.process.stdout.close()


def alive(mark: str) -> list[str]:
    """The command lines of what still runs with `mark` in its environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"MARK={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def gone(mark: str, within: float = 3.0) -> bool:
    """Whether nothing of it is left, soon."""
    deadline = time.monotonic() + within
    while (left := alive(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left


def test_a_stage_starts_when_the_one_before_is_ready(drive: Callable[..., Driven]) -> None:
    driven = drive(
        "[sh('broker', 'sleep 0.3; echo listening; exec sleep 60', ready_line='listening')],"
        "[sh('web', 'echo hello; exec sleep 60'),"
        " sh('worker', 'sleep 0.2; echo mine; exec sleep 60', ready_line='mine')]"
    )
    driven.wait_for("all ready")
    assert driven.lines[0].endswith("| hello")
    driven.stop()


def test_a_probe_is_asked_until_it_says_yes(drive: Callable[..., Driven]) -> None:
    driven = drive("[sh('web', 'exec sleep 60', probe=lambda asked=[]: asked.append(1) or len(asked) > 3)]")
    driven.wait_for("all ready")
    assert driven.stop() < 10


def test_what_is_done_once_is_ready_when_it_ended_well_and_is_not_done_again(drive: Callable[..., Driven]) -> None:
    driven = drive(
        "[sh('prepare', 'test -n \"$TRIED\" && echo done', env={'TRIED': 'yes'}, once=True)],"
        "[sh('web', 'echo hello; sleep 1; echo later; exec sleep 60')]"
    )
    driven.wait_for("all ready")
    driven.wait_for("later")
    driven.stop()
    assert [line.split("|")[1].strip() for line in driven.lines if "videolib" not in line] == ["done", "hello", "later"]


def test_what_is_to_be_done_once_and_fails_ends_the_start(drive: Callable[..., Driven]) -> None:
    driven = drive("[sh('prepare', 'exit 3', once=True)], [sh('web', 'echo hello; exec sleep 60')]")
    driven.wait_for("sentence: prepare does not start")
    assert not any("hello" in line for line in driven.lines)


def test_lines_carry_the_name_of_who_said_them_and_noise_is_left_out(drive: Callable[..., Driven]) -> None:
    driven = drive("[sh('web', 'echo one; echo noisy; printf \"two\\\\nthree\" >&2; exec sleep 60', noise=('noisy',))]")
    assert driven.wait_for("one") == "web      | one"
    assert driven.wait_for("two") == "web      | two"
    driven.stop()
    assert not any("noisy" in line for line in driven.lines)
    assert "web      | three" in driven.lines  # its last words, though no line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_everything_ends_at_a_signal(drive: Callable[..., Driven], mark: str, number: int) -> None:
    driven = drive("[sh('a', 'sleep 60 & exec sleep 60'), sh('b', 'exec sleep 60')], [sh('c', 'exec sleep 60')]")
    driven.wait_for("all ready")
    assert driven.stop(number) < 10
    assert driven.process.returncode == 0
    assert gone(mark)


def test_who_does_not_end_is_ended(drive: Callable[..., Driven], mark: str) -> None:
    driven = drive(f"[sh('first', 'exec sleep 60')], [py('stubborn', {STUBBORN!r}, ready_line='up')]")
    driven.wait_for("all ready")
    assert driven.stop() < 10
    assert any("stubborn is still at work" in line for line in driven.lines)
    assert gone(mark)


def test_asked_twice_it_waits_for_nobody(drive: Callable[..., Driven], mark: str) -> None:
    driven = drive(f"[], [py('stubborn', {STUBBORN!r}, ready_line='up')]", grace=30)
    driven.wait_for("all ready")
    driven.process.send_signal(signal.SIGINT)
    driven.wait_for("stopping")
    assert driven.stop() < 10
    assert gone(mark)


def test_who_dies_is_started_again(drive: Callable[..., Driven], mark: str) -> None:
    driven = drive("[sh('web', 'sleep 60 & echo up as $$; exec sleep 60', ready_line='x'),]")
    first = int(driven.wait_for("up as").split()[-1])
    os.kill(first, signal.SIGKILL)
    assert driven.wait_for("stopped").endswith("web stopped (killed by SIGKILL); it starts again in 1 s")
    assert int(driven.wait_for("up as").split()[-1]) != first
    assert len([line for line in alive(mark) if line.startswith("sleep")]) <= 2  # what the first had started is gone
    driven.stop()


def test_who_never_gets_ready_ends_the_start_with_a_sentence(drive: Callable[..., Driven], mark: str) -> None:
    driven = drive("[sh('ok', 'exec sleep 60')], [sh('broken', 'echo why; exit 3', ready_line='up')]")
    driven.wait_for("exit status 3")
    assert "sentence: broken does not start" in driven.wait_for("sentence:")
    driven.process.wait(timeout=10)
    assert driven.lines.count("broken   | why") == 3
    assert driven.process.returncode == 1
    assert gone(mark)


def test_a_supervisor_that_is_killed_leaves_nothing(drive: Callable[..., Driven], mark: str) -> None:
    driven = drive("[sh('a', 'sleep 60 & (sleep 60); sleep 60')], [sh('b', 'setsid sleep 3 & exec sleep 60')]")
    driven.wait_for("all ready")
    driven.process.kill()
    driven.process.wait()
    # All but what put itself in a session of its own, as the limited children do: those ask the kernel themselves.
    assert gone(mark, within=8)


def test_a_guard_that_is_killed_stops_nothing(drive: Callable[..., Driven], mark: str) -> None:
    driven = drive("[sh('a', 'exec sleep 60')]")
    driven.wait_for("all ready")
    for folder in Path("/proc").glob("[0-9]*"):
        if is_guard_of(folder, mark):
            os.kill(int(folder.name), signal.SIGKILL)
    assert driven.stop() < 10
    assert gone(mark)


def is_guard_of(folder: Path, mark: str) -> bool:
    """Whether that process is the guard started here."""
    try:
        ours = f"MARK={mark}".encode() in (folder / "environ").read_bytes()
        return ours and b"guard.py" in (folder / "cmdline").read_bytes()
    except OSError:
        return False


def test_nobody_reading_the_log_ends_it(drive: Callable[..., Driven], mark: str) -> None:
    driven = drive("[sh('a', 'while :; do echo line; sleep 0.1; done')]")
    driven.wait_for("line")
    assert driven.process.stdout
    driven.process.stdout.close()
    driven.process.wait(timeout=10)
    assert gone(mark)
