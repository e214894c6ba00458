"""How much room there is, as the kernel tells it: its files are written here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from transcode.machine import Room, look_around

MEMINFO = "MemTotal:       24732000 kB\nMemFree:  1 kB\nMemAvailable:    8000000 kB\n"
MB = 1024**2
Look = Callable[[dict[str, str]], Room]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """`look({"proc/loadavg": "4.0 …"})`: with these files, and the memory of MEMINFO."""

    def with_files(files: dict[str, str]) -> Room:
        for name, text in {"proc/meminfo": MEMINFO, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return look_around(tmp_path, proc=tmp_path / "proc", cgroups=tmp_path / "groups")

    return with_files


def test_what_the_machine_could_give_is_free(look: Look) -> None:
    room = look({})
    assert room.memory == 8_000_000 * 1024
    assert room.disk > 0


def test_load_is_counted_for_each_processor(look: Look) -> None:
    assert look({"proc/loadavg": "6.00 1.00 1.00 1/86 8786"}).load == 6.0 / (os.cpu_count() or 1)


@pytest.mark.parametrize("folder", ["", "/pod/worker"])
def test_a_container_s_limit_counts_and_its_cache_does_not(look: Look, folder: str) -> None:
    room = look(
        {
            "proc/self/cgroup": f"0::{folder or '/'}\n",
            f"groups{folder}/memory.max": f"{1000 * MB}\n",
            f"groups{folder}/memory.current": f"{900 * MB}\n",
            f"groups{folder}/memory.stat": f"anon {600 * MB}\ninactive_file {300 * MB}\n",
        }
    )
    assert room.memory == 400 * MB


def test_so_does_the_limit_of_an_older_kernel(look: Look) -> None:
    room = look(
        {
            "proc/self/cgroup": "4:memory:/worker\n1:cpu:/\n",
            "groups/memory/worker/memory.limit_in_bytes": f"{700 * MB}\n",
            "groups/memory/worker/memory.usage_in_bytes": f"{500 * MB}\n",
            "groups/memory/worker/memory.stat": f"total_inactive_file {50 * MB}\n",
        }
    )
    assert room.memory == 250 * MB


def test_a_group_without_a_limit_sets_none(look: Look) -> None:
    files = {"proc/self/cgroup": "0::/\n", "groups/memory.max": "max\n", "groups/memory.current": "5\n"}
    assert look(files).memory == 8_000_000 * 1024


def test_what_cannot_be_read_counts_as_plenty(tmp_path: Path) -> None:
    room = look_around(tmp_path, proc=tmp_path / "none", cgroups=tmp_path / "none")
    assert room.memory > 1024**4
    assert room.load == 0.0


def test_of_several_folders_the_fullest_counts(tmp_path: Path) -> None:
    """/proc has no room for anything."""
    assert look_around(tmp_path).disk > 0
    assert look_around(tmp_path, Path("/proc")).disk == 0
