"""How much room this machine has at the moment: memory, processors, disk. Plain reading of what the kernel says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")
# By version of control groups: where its tree begins, its limit, what is used, and what of that is only cache.
MEMORY_FILES = (
    ("", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


@dataclass(frozen=True)
class Room:
    """Free `memory` and `disk` in bytes; `load` is how many processes run or want to, for each processor."""

    memory: int
    load: float
    disk: int


def look_around(*folders: Path, proc: Path = PROC, cgroups: Path = CGROUPS) -> Room:
    """The room there is now, on the fullest disk of these folders. What cannot be read counts as plenty."""
    free = [_free_in_machine(proc), *_free_in_groups(proc, cgroups)]
    return Room(min(free), _load(proc), min(shutil.disk_usage(folder).free for folder in folders))


def _free_in_machine(proc: Path) -> int:
    lines = dict(line.split(":", 1) for line in _read(proc / "meminfo").splitlines() if ":" in line)
    # "    23606 kB", with what the kernel would give back of its caches.
    return int(lines["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in lines else 2**62


def _free_in_groups(proc: Path, cgroups: Path) -> Iterator[int]:
    """What is left in each control group this process is in, those around it too: a container's limit is one."""
    for line in _read(proc / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            tree, limit, usage, cache = MEMORY_FILES[bool(controllers)]
            # In a container the path may be the machine's own, which is not to be seen from inside: then the root is.
            for folder in (cgroups / tree, *_folders(cgroups / tree, path)):
                yield from _free_in_group(folder, limit, usage, cache)


def _folders(root: Path, path: str) -> Iterator[Path]:
    for part in path.strip("/").split("/"):
        root = root / part
        yield root


def _free_in_group(folder: Path, limit: str, usage: str, cache: str) -> Iterator[int]:
    allowed, used = _read(folder / limit).strip(), _read(folder / usage).strip()
    if allowed.isdigit() and used.isdigit():
        stat = dict(line.split() for line in _read(folder / "memory.stat").splitlines())
        yield int(allowed) - int(used) + int(stat.get(cache, 0))


def _load(proc: Path) -> float:
    said = _read(proc / "loadavg").split()
    return float(said[0]) / (os.cpu_count() or 1) if said else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
