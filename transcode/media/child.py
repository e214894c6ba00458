"""The only place that starts a program: limits, a clean environment, and nothing left running."""

import marshal
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

from transcode.media.errors import MediaError

LAUNCHER = Path(__file__).with_name("launch.py")
STDOUT_LIMIT = 16 * 1024 * 1024  # facts of a long recording or a few small frames; media goes to files
STDERR_TAIL = 4000
CHUNK = 65536
# What a program gets to see of our environment: nothing. Two arenas, because each thread's own arena takes
# 64 MB of address space, which RLIMIT_AS counts.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
PYTHON_HOMES = (Path(sys.prefix), Path(sys.base_prefix))  # what a Python program reads: its library and packages


@dataclass(frozen=True)
class Limits:
    """What a child may use; seconds and bytes."""

    cpu_seconds: int = 60
    memory_bytes: int = 4 * 1024**3  # address space, of which a program touches a fraction
    output_bytes: int = 1024**3  # the largest file it may write
    wall_seconds: float = 120.0
    niceness: int = 10  # pages are answered first
    open_files: int = 64


@dataclass(frozen=True)
class Finished:
    """How a program ended. `returncode` is negative for a signal; `stdout` is empty when lines were asked for."""

    returncode: int
    stdout: bytes
    stderr_tail: str


class ChildFailed(MediaError):  # noqa: N818 (says what happened, as subprocess.TimeoutExpired does)
    """A program broke a limit or was killed; `stderr_tail` is the last it said."""

    def __init__(self, message: str, *, permanent: bool, stderr_tail: str) -> None:
        super().__init__(message, permanent=permanent)
        self.stderr_tail = stderr_tail

    def __str__(self) -> str:
        return f"{self.message} {self.stderr_tail[-500:]}".strip()


class ChildTimeout(ChildFailed):
    """A program took longer than it may, by the clock or in processor time."""


def run(
    args: Sequence[str],
    *,
    limits: Limits,
    reads: Sequence[Path] = (),
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    stdout_to: Path | None = None,
) -> Finished:
    """Runs a program to its end and returns how it ended, whatever its exit status.

    `args[0]` is an absolute path. Of the machine's files it can open `reads`, its own libraries and what is in
    `cwd`, the one folder it can write to; it has no network and starts no other program (confine.py says how far).
    `on_line` gets each line of stdout as it comes. Raises ChildTimeout past `wall_seconds` or `cpu_seconds`,
    ChildFailed when the program was killed or says more than STDOUT_LIMIT. However this function is left, the
    program and all that it started are dead by then.
    """
    with ExitStack() as stack:
        target = stack.enter_context(stdout_to.open("wb")) if stdout_to else None
        process = start([*launcher(args, limits, reads, cwd), *args], cwd, target)
        stack.callback(end, process)
        heard = Heard(on_line)
        follow(process, heard, time.monotonic() + limits.wall_seconds)
    finished = Finished(process.returncode, bytes(heard.stdout), heard.stderr_text())
    refuse_killed(finished)
    return finished


@cache
def protections() -> dict[str, bool]:
    """Which of confine.py's protections hold on this machine, for this account."""
    held: dict[str, bool] = marshal.loads(run((), limits=Limits()).stdout)
    return held


def launcher(args: Sequence[str], limits: Limits, reads: Sequence[Path], cwd: Path | None) -> list[str]:
    """The command that confines and limits itself, then becomes `args`."""
    homes = PYTHON_HOMES if args and args[0] == sys.executable else ()
    order = {
        "limits": asdict(limits),
        "reads": [str(path.absolute()) for path in (*homes, *reads)],
        "writes": [str(cwd.absolute())] if cwd else [],
        "parent": os.getpid(),
    }
    return [sys.executable, "-I", "-S", str(LAUNCHER), marshal.dumps(order).hex()]


def start(command: Sequence[str], cwd: Path | None, stdout: IO[bytes] | None) -> subprocess.Popen[bytes]:
    """The child, in a session of its own."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout or subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=CLEAN_ENVIRONMENT,
        start_new_session=True,
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kills the whole group, then reaps the leader: until then its id can belong to nobody else."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()


@dataclass
class Heard:
    """What the child has said so far."""

    on_line: Callable[[str], None] | None
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def add_stdout(self, data: bytes) -> None:
        self.stdout += data
        if self.on_line:
            *lines, rest = bytes(self.stdout).split(b"\n")
            self.stdout = bytearray(rest)
            for line in lines:
                self.on_line(line.decode("utf-8", "replace"))
        if len(self.stdout) > STDOUT_LIMIT:
            raise ChildFailed("A program said too much.", permanent=True, stderr_tail=self.stderr_text())

    def add_stderr(self, data: bytes) -> None:
        self.stderr = (self.stderr + data)[-STDERR_TAIL:]

    def stderr_text(self) -> str:
        return self.stderr.decode("utf-8", "replace").strip()


def follow(process: subprocess.Popen[bytes], heard: Heard, deadline: float) -> None:
    """Reads both pipes until the child is dead and they are empty.

    The child's death is watched by its own handle, so that a grandchild which keeps a pipe open cannot
    hold us; the group is killed before the rest is read.
    """
    handle = os.pidfd_open(process.pid)
    with selectors.DefaultSelector() as selector, os.fdopen(handle, "rb", buffering=0) as death:
        selector.register(death, selectors.EVENT_READ)
        for pipe, add in ((process.stdout, heard.add_stdout), (process.stderr, heard.add_stderr)):
            if pipe:
                selector.register(pipe, selectors.EVENT_READ, add)
        while selector.get_map():
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise ChildTimeout(
                    "This recording took longer than it may.", permanent=False, stderr_tail=heard.stderr_text()
                )
            for key, _ in ready:
                take(selector, key, process)


def take(selector: selectors.BaseSelector, key: selectors.SelectorKey, process: subprocess.Popen[bytes]) -> None:
    """One chunk of a pipe, or the news of the child's death."""
    if key.data is None:
        selector.unregister(key.fileobj)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return
    data = os.read(key.fd, CHUNK)
    if data:
        key.data(data)
    else:
        selector.unregister(key.fileobj)


def refuse_killed(finished: Finished) -> None:
    """A program that was ended by a signal did not fail by itself: the error says what killed it."""
    if finished.returncode == -signal.SIGXCPU:
        raise ChildTimeout(
            "This recording needs more computing time than it may take.",
            permanent=True,
            stderr_tail=finished.stderr_tail,
        )
    if finished.returncode == -signal.SIGKILL:  # by the kernel: out of memory, or CPU_GRACE passed
        raise ChildFailed("A program was killed.", permanent=False, stderr_tail=finished.stderr_tail)
