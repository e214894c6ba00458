"""Runs the processes of `make run`: one log, a restart for what dies, and nothing left behind.

One thread and one loop. Every program leads a process group of its own, so that Ctrl-C reaches the supervisor alone and
it ends them in order.
"""

from __future__ import annotations

import ctypes
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from videolib.lib.joint_log import JointLog

GUARD = Path(__file__).with_name("guard.py")
GRACE_SECONDS = 8.0  # for work under way, before a program is killed
LAST_GRACE_SECONDS = 2.0  # for the first stage, which the others need to end well
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # who ran this long and dies starts again at once
TRIES_TO_GET_READY = 3
PROBE_SECONDS = 0.1  # between two questions whether a program is ready
IDLE_SECONDS = 5.0
LONGEST_LINE = 64 * 1024
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Program:
    """What to start, and how to know that it is ready: by a line it prints, or by asking; else as soon as it runs.

    What is to be done `once` is ready when it has ended well.
    """

    name: str
    args: tuple[str, ...]
    ready_line: str = ""
    probe: Callable[[], bool] | None = None
    once: bool = False
    noise: tuple[str, ...] = ()  # lines with one of these are not shown
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


class StartError(Exception):
    """A program does not start; one sentence for the person at the terminal."""


@dataclass
class Running:
    """One program and the process it runs in at the moment, if any."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    is_ready: bool = False
    was_ready: bool = False
    deaths: int = 0  # in a row
    started_at: float = 0.0
    start_at: float = 0.0
    said: bytearray = field(default_factory=bytearray)

    @property
    def is_over(self) -> bool:
        """Whether it was to be done once, and is."""
        return self.start_at == math.inf


class Supervisor:
    """Starts `stages` one after another, each when the one before is ready, and keeps them running."""

    def __init__(
        self, stages: Sequence[Sequence[Program]], on_ready: Callable[[], None], *, as_json: bool = False
    ) -> None:
        """`on_ready` is called once, when everything is ready for the first time. `as_json`: how the log is written."""
        self._stages = [[Running(program) for program in stage] for stage in stages]
        self._on_ready = on_ready
        self._begun = 0
        self._signals_heard = 0
        self._selector = selectors.DefaultSelector()
        self._bell, self._bell_rope = socket.socketpair()
        self._log = JointLog([program.name for stage in stages for program in stage], as_json=as_json)
        self._guard: subprocess.Popen[bytes]

    def run(self) -> None:
        """Until Ctrl-C or SIGTERM, then end everything. Raises StartError when a program does not get ready."""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARD)], stdin=subprocess.PIPE, start_new_session=True
        )
        with self._hearing_signals():
            try:
                while not self._signals_heard:
                    self._start_what_is_due()
                    self._turn()
                    self._advance()
            finally:
                self._end_everything()

    def say(self, line: str) -> None:
        """A line of the supervisor's own."""
        self._log.write("videolib", line)

    # --- Starting ---------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        begun = [running for stage in self._stages[: self._begun] for running in stage]
        if self._begun < len(self._stages) and all(running.is_ready for running in begun):
            self._begun += 1
        elif self._begun == len(self._stages) and all(running.was_ready for running in begun):
            self._begun += 1
            self._on_ready()

    def _start_what_is_due(self) -> None:
        for running in self._all():
            if running.process is None and running.start_at <= time.monotonic():
                self._start(running)

    def _start(self, running: Running) -> None:
        program = running.program
        process = subprocess.Popen(
            program.args,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=program.cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **program.env},
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),  # sound here: this process has one thread
        )
        running.process, running.started_at = process, time.monotonic()
        running.said.clear()
        self._tell_guard(f"+{process.pid}")
        if process.stdout:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, running)
        if not (program.ready_line or program.probe or program.once):
            self._mark_ready(running)

    def _mark_ready(self, running: Running) -> None:
        running.is_ready = running.was_ready = True

    # --- Each turn --------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._patience()):
            if key.data is None:
                self._bell.recv(LONGEST_LINE)
            else:
                self._hear(key.data)
        for running in self._all():
            if running.process and _has_ended(running.process):
                self._bury(running)
            elif running.process and not running.is_ready and running.program.probe and running.program.probe():
                self._mark_ready(running)

    def _patience(self) -> float:
        """Deaths and signals ring the bell; only what must be asked, or waits to start again, needs a clock."""
        waiting = any(not (running.process and running.is_ready) for running in self._all() if not running.is_over)
        return PROBE_SECONDS if waiting or self._begun <= len(self._stages) or self._signals_heard else IDLE_SECONDS

    def _hear(self, running: Running) -> bool:
        """Whether there was anything to hear."""
        pipe = running.process.stdout if running.process else None
        if pipe is None:
            return False
        try:
            data = os.read(pipe.fileno(), LONGEST_LINE)
        except BlockingIOError:
            return False
        if not data and pipe in self._selector.get_map():
            self._selector.unregister(pipe)
        running.said += data
        *lines, rest = bytes(running.said).split(b"\n")
        if len(rest) > LONGEST_LINE or not data:
            lines, rest = [*lines, rest], b""
        running.said[:] = rest
        for line in lines:
            self._show(running, line.decode("utf-8", "replace").rstrip())
        return bool(data)

    def _show(self, running: Running, line: str) -> None:
        program = running.program
        if program.ready_line and line == program.ready_line:
            self._mark_ready(running)
        elif line.strip() and not any(noise in line for noise in program.noise):
            self._log.write(program.name, line)

    def _bury(self, running: Running) -> None:
        process = running.process
        if process is None:
            return
        status = self._reap(running, process)
        if self._signals_heard:
            return
        if running.program.once and status == 0:
            self._mark_ready(running)
            running.start_at = math.inf
            return
        if time.monotonic() - running.started_at > STEADY_SECONDS:
            running.deaths = 0
        running.deaths += 1
        if not running.was_ready and running.deaths >= TRIES_TO_GET_READY:
            raise StartError(f"{running.program.name} does not start; its lines above say why.")
        pause = min(LONGEST_PAUSE_SECONDS, 2.0 ** (running.deaths - 1))
        running.start_at = time.monotonic() + pause
        self.say(f"{running.program.name} stopped ({_in_words(status)}); it starts again in {pause:.0f} s")

    def _reap(self, running: Running, process: subprocess.Popen[bytes]) -> int:
        """Take leave of a program that ended: what it started goes with it, and its last words are shown."""
        # Killed before the leader is reaped: until then its number can belong to no other group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        self._tell_guard(f"-{process.pid}")
        while self._hear(running):
            pass
        if process.stdout:
            if process.stdout in self._selector.get_map():
                self._selector.unregister(process.stdout)
            process.stdout.close()
        running.process, running.is_ready = None, False
        return status

    # --- The end ----------------------------------------------------------------------------------------------------

    def _end_everything(self) -> None:
        self._signals_heard = max(1, self._signals_heard)
        first, *others = self._stages
        try:
            self.say("stopping")
            self._end([running for stage in others for running in stage], GRACE_SECONDS)
            self._end(first, LAST_GRACE_SECONDS)
        finally:
            for running in self._all(everything=True):
                if running.process:
                    self._reap(running, running.process)
            if self._guard.stdin:
                self._guard.stdin.close()
            self._guard.wait()

    def _end(self, programs: Sequence[Running], grace: float) -> None:
        for running in programs:
            if running.process:
                running.process.terminate()
        deadline = time.monotonic() + grace
        while any(running.process for running in programs) and time.monotonic() < deadline:
            if self._signals_heard > 1:  # asked twice
                return
            self._turn()
        for running in programs:
            if running.process:
                self.say(f"{running.program.name} is still at work: it is ended now, and its work done again later")
                self._reap(running, running.process)

    # --- Odds -------------------------------------------------------------------------------------------------------

    def _all(self, *, everything: bool = False) -> Iterator[Running]:
        for stage in self._stages if everything else self._stages[: self._begun]:
            yield from stage

    def _tell_guard(self, line: str) -> None:
        if self._guard.stdin:
            # A guard that somebody killed is no reason to stop.
            with suppress(BrokenPipeError):
                self._guard.stdin.write(f"{line}\n".encode())
                self._guard.stdin.flush()

    @contextmanager
    def _hearing_signals(self) -> Iterator[None]:
        def count(*_: object) -> None:
            self._signals_heard += 1

        before = {number: signal.signal(number, count) for number in (signal.SIGINT, signal.SIGTERM)}
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup wants it
            before[signal.SIGHUP] = signal.signal(signal.SIGHUP, count)
        before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        self._bell_rope.setblocking(False)
        rope = signal.set_wakeup_fd(self._bell_rope.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._bell, selectors.EVENT_READ, None)
        try:
            yield
        finally:
            signal.set_wakeup_fd(rope)
            for number, handler in before.items():
                signal.signal(number, handler)


def _die_with_parent(parent: int) -> Callable[[], None]:
    def ask_the_kernel() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_the_kernel


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Without reaping it."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _in_words(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
