"""The stack as a process of ours: started, its programs found among its children, stopped, and nothing of it left."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from benchmarks.library import environment

ROOT = Path(__file__).resolve().parent.parent
UP_WITHIN, DOWN_WITHIN = 180.0, 60.0
READY = "videolib is ready at"
# By what a program's command line is known.
SIGNS = {
    "web": b"granian",
    "media": b"--hostname=media@",
    "speech": b"--hostname=speech@",
    "light": b"--hostname=light@",
    "beat": b"\0beat\0",
    "valkey": b"valkey-server",
    "postgres": b"bin/postgres\0-D",
    "s3": b"\0proxy\0",
    "nginx": b"nginx: master",
}
GUARD = b"lib/guard.py"
# Small disks of their own, which can be filled without hurting anybody: where uploads arrive, and where workers work.
SMALL_DISKS, DISK_SIZE = ("uploads", "scratch"), "2g"
# From Linux's sched.h and mount.h.
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 0x40000, 2

_libc = ctypes.CDLL(None, use_errno=True)


class MachineRoom:
    """`folder` is the VIDEOLIB_DATA of `make stack`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.data = folder / "stack"
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes]

    def start(self, settings: Mapping[str, str]) -> None:
        """Until it is ready. SystemExit when it does not get so."""
        more = {"BIND": f"127.0.0.1:{self.port}", "PYTHONUNBUFFERED": "1", **settings}
        with self.log.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "stack"],
                cwd=ROOT,
                env=environment(self.folder, more),
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + UP_WITHIN
        while READY not in self.log.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The stack does not start:\n{self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    def settings(self) -> dict[str, str]:
        """What the stack wrote down for commands."""
        lines = (self.data / "environment").read_text().splitlines()
        return {name: value.strip("'") for name, value in (line.split("=", 1) for line in lines)}

    def pid_of(self, name: str) -> int | None:
        """The process of a program, if it runs at the moment."""
        supervisor = self.process.pid
        for pid in children_of(supervisor):
            if SIGNS[name] in command_of(pid):
                return pid
        return None

    def processes(self) -> list[int]:
        """All that the supervisor started, and what these did; without its guard, which only sees to its own end."""
        return [pid for pid in family_of(self.process.pid)[1:] if GUARD not in command_of(pid)]

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=DOWN_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def left_behind(self) -> list[str]:
        """Processes that still have to do with this folder."""
        ours, found = str(self.folder).encode(), []
        for place in Path("/proc").glob("[0-9]*"):
            pid = int(place.name)
            if pid == os.getpid():
                continue
            with suppress(OSError):
                seen = (command_of(pid), bytes((place / "cwd").readlink()), (place / "environ").read_bytes())
                if any(ours in each for each in seen[:2]) or b"VIDEOLIB_DATA=" + ours in seen[2]:
                    found.append(seen[0].replace(b"\0", b" ").decode(errors="replace"))
        return found


def mount_small_disks(data: Path) -> bool:
    """Tmpfs that only we and our children see, gone when the last of us is. False where that may not be."""
    if _libc.unshare(CLONE_NEWNS) or _libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
        return False
    for name in SMALL_DISKS:
        place = data / name
        place.mkdir(parents=True, exist_ok=True)
        if _libc.mount(b"tmpfs", bytes(place), b"tmpfs", 0, f"size={DISK_SIZE}".encode()):
            return False
    return True


def unmount_small_disks(data: Path) -> None:
    """At the end, so that the folder can go."""
    for name in SMALL_DISKS:
        _libc.umount2(bytes(data / name), MNT_DETACH)


def children_of(pid: int) -> list[int]:
    """Direct ones."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def family_of(pid: int) -> list[int]:
    """It, its children, and theirs."""
    return [pid, *(each for child in children_of(pid) for each in family_of(child))]


def parent_of(pid: int) -> int | None:
    """None when it is gone."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


def command_of(pid: int) -> bytes:
    """With NULs between its words; empty when it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
