"""Which process this is, so that a dead one can be told from a busy one, and whether it was told to end."""

from __future__ import annotations

import os
from functools import cache
from mmap import mmap
from pathlib import Path

PROC = Path("/proc")
# Of /proc/PID/stat, counted from the state on, which stands behind the name in brackets.
STATE, STARTED = 0, 19
DEAD = "ZX"

# One byte that a worker shares with the processes it forks: written in a signal handler, where no lock may be taken.
_told_to_end = mmap(-1, 1)


def tell_to_end() -> None:
    """This process and all it forked: take no more work, and give back what you hold."""
    _told_to_end[0] = 1


def is_ending() -> bool:
    """Whether somebody said so."""
    return _told_to_end[0] == 1


def this_process() -> str:
    """A name that no other process has, now or ever: machine, process id, and when it began. Empty where unknown."""
    began = _began(os.getpid())
    return f"{here()}/{os.getpid()}/{began}" if here() and began else ""


@cache
def here() -> str:
    """The machine since its last start, and the container in it: where a process id says who is meant."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        numbers = (PROC / "self/ns/pid").stat().st_ino
        # /proc of an outer container counts processes otherwise: who is 7 to us is somebody else there.
        return f"{boot}/{numbers}" if (PROC / "self").readlink().name == str(os.getpid()) else ""
    except OSError:
        return ""


def is_gone(name: str) -> bool:
    """Whether the process of that name is dead. True only where that is certain: it ran here, and does no more."""
    place, process_id, began = name.rsplit("/", 2) if name else ("", "", "")
    if not place or place != here():
        return False
    fields = _stat(int(process_id))
    if fields:
        return fields[STATE] in DEAD or fields[STARTED] != began
    # It is hidden from us (hidepid=2), or we have no file handle left to read with.
    return not _exists(int(process_id))


def _began(process_id: int) -> str:
    """When it began, in the kernel's own count; empty where that cannot be read."""
    fields = _stat(process_id)
    return fields[STARTED] if fields else ""


def _stat(process_id: int) -> list[str]:
    try:
        return (PROC / str(process_id) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _exists(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
