"""Which process is which: one that is dead is told from one that is alive, and never guessed at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transcode import process
from transcode.process import here, is_gone, this_process


def named(process_id: int) -> str:
    return f"{here()}/{process_id}/{process._began(process_id)}"


def test_this_process_is_alive() -> None:
    assert this_process() == named(os.getpid())
    assert not is_gone(this_process())


def test_a_child_is_gone_when_it_is_killed_even_before_anybody_buries_it() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = named(child.pid)
    assert not is_gone(name)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    assert is_gone(name)
    child.wait()
    assert is_gone(name)
    assert child.stdin
    child.stdin.close()


def test_another_process_with_the_same_number_is_another_process() -> None:
    assert is_gone(f"{here()}/{os.getpid()}/1")


@pytest.mark.parametrize("name", ["", "another-boot/4026531836/1/1", "another-boot/4026531836/999999/1"])
def test_of_what_ran_elsewhere_nothing_is_claimed(name: str) -> None:
    assert not is_gone(name)


def test_where_the_kernel_tells_nothing_a_process_has_no_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(process, "PROC", tmp_path)
    here.cache_clear()
    try:
        assert this_process() == ""
    finally:
        here.cache_clear()


def test_what_one_process_is_told_its_children_hear() -> None:
    script = (
        "import os\n"
        "from transcode.process import is_ending, tell_to_end\n"
        "reads, writes = os.pipe()\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    os.read(reads, 1)\n"
        "    os._exit(is_ending())\n"
        "assert not is_ending()\n"
        "tell_to_end()\n"
        "os.write(writes, b'x')\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 1
