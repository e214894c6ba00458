"""What a program costs: its processor time with all it started, the clock, and the bytes it left behind."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transcode.media import ffmpeg

# As MediaCMS and PeerTube call it, but silent: what is written to a terminal is not what is compared.
FFMPEG_OPTIONS = ("-y", "-nostdin", "-hide_banner", "-loglevel", "error")
SENTENCE = 300  # characters of an error worth printing


@dataclass(frozen=True)
class Cost:
    """Seconds: `cpu` is user and system time of a process and all its descendants."""

    cpu: float = 0.0
    wall: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.cpu + other.cpu, self.wall + other.wall)


@dataclass
class Result:
    """What one contender did with one recording. `parts` are its steps by name, `files` its renditions by name.

    `peak_mb` is the most memory the worker and its largest child had, where that was asked for.
    """

    cost: Cost = field(default_factory=Cost)
    made_bytes: int = 0
    parts: dict[str, Cost] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)
    error: str = ""
    peak_mb: dict[str, float] = field(default_factory=dict)

    def add(self, part: str, cost: Cost) -> None:
        """One more step."""
        self.parts[part] = self.parts.get(part, Cost()) + cost
        self.cost += cost


class Failed(Exception):  # noqa: N818 (a contender's outcome, printed beside the others')
    """A program ended badly; `str()` is the end of what it said."""


def measure(args: Sequence[str], *, cwd: Path | None = None, may_fail: bool = False) -> Cost:
    """Run a program to its end. Raises Failed with the last it said when its exit status is not 0, and must be."""
    began = time.perf_counter()
    process = subprocess.Popen(
        args, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = process.stderr.read() if process.stderr else b""
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stderr:
        process.stderr.close()
    if process.returncode and not may_fail:
        raise Failed(said.decode(errors="replace").strip()[-SENTENCE:] or f"exit status {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall)


def run_ffmpeg(*args: str, cwd: Path | None = None, may_fail: bool = False) -> Cost:
    """One run of the product's own ffmpeg, as measure()."""
    return measure([ffmpeg.binary(), *FFMPEG_OPTIONS, *args], cwd=cwd, may_fail=may_fail)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def peak_mb() -> float:
    """The most memory this process had, in MB; getrusage would begin with what its parent had when it started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def find_recordings(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given; folders walked in name order, hidden files left out."""
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.is_file() and not each.name.startswith("."))
        else:
            yield path
