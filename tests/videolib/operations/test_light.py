"""A worker for `light`, as the library starts it: what takes long holds up nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.transcode.test_workers import Crew
from videolib.lib.programs import named

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
SEND = "from transcode import nudge; assert nudge.send({task!r}, queue='light')"


def test_while_the_library_is_checked_other_light_work_goes_on(tmp_path: Path) -> None:
    crew = Crew(tmp_path)
    try:
        crew.prepare()
        (tmp_path / "endless").touch()
        processes = next(option for option in named("light").args if option.startswith("--concurrency"))
        crew.start("light", "light", processes, app="tests.videolib.operations.slow_listing")
        for task in ("operations.check_library", "uploads.remove_expired", "clips.empty_trash"):
            crew.manage("shell", "--no-imports", "-c", SEND.format(task=task))
        crew.wait(lambda: all(_succeeded(crew, task) for task in ("uploads.remove_expired", "clips.empty_trash")))
        crew.wait(lambda: _checks(tmp_path) == [None])
        (tmp_path / "endless").unlink()
        crew.wait(lambda: _succeeded(crew, "operations.check_library"))
        assert _checks(tmp_path) != [None]
    finally:
        crew.end()


def _succeeded(crew: Crew, task: str) -> bool:
    return any(f"Task {task}[" in line and " succeeded " in line for line in crew.said().splitlines())


def _checks(data: Path) -> list[str | None]:
    """When each look at the library ended."""
    with closing(sqlite3.connect(data / "library.sqlite3", timeout=30)) as database:
        return [ended for (ended,) in database.execute("SELECT ended_at FROM videolib_librarycheck")]
