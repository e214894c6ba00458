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


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of others is told, as in a /proc with hidepid=2, or where no file handle is left to read with."""
    monkeypatch.setattr(process, "_stat", lambda _: [])


@pytest.mark.usefixtures("unreadable")
def test_who_cannot_be_looked_at_is_alive_as_long_as_the_number_is_somebody_s() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{here()}/{child.pid}/1"
    assert not is_gone(name)
    child.kill()
    child.communicate()
    assert is_gone(name)


@pytest.mark.usefixtures("unreadable")
def test_so_is_who_belongs_to_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not is_gone(f"{here()}/1/1")


SCRIPT = """
import ctypes, os, sys
from pathlib import Path
from transcode.process import here, is_gone, this_process
libc = ctypes.CDLL(None, use_errno=True)
way, living = sys.argv[1:]
NEWNS, NEWPID, REC, PRIVATE = 0x20000, 0x20000000, 0x4000, 0x40000
if libc.unshare(NEWNS | (NEWPID if way == "inner" else 0)) or libc.mount(b"none", b"/", None, REC | PRIVATE, None):
    raise SystemExit("may not")
if way == "hidden":
    if libc.mount(b"proc", b"/proc", b"proc", 0, b"hidepid=2"):
        raise SystemExit("may not")
    name = f"{here()}/{living}/" + Path(f"/proc/{living}/stat").read_text().rpartition(")")[2].split()[19]
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    assert not Path(f"/proc/{living}").exists() and here()
    print(is_gone(name))
elif not os.fork():
    # The first of a namespace, in the /proc of the one around it.
    print(os.getpid(), repr(here()), repr(this_process()), flush=True)
    os._exit(0)
else:
    os.wait()
"""


@pytest.mark.parametrize(("way", "said"), [("hidden", "False"), ("inner", "1 '' ''")])
def test_it_is_so_on_a_real_proc(way: str, said: str) -> None:
    """That hides other people's processes; and that counts them otherwise than we do."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", SCRIPT, way, str(os.getpid())]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.stderr.strip() == "may not":
        pytest.skip("this account may not mount /proc")
    assert (done.stdout.strip(), done.stderr) == (said, "")


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
