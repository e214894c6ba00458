"""What the children really ask the kernel for while strangers' files are worked on: read off strace."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.transcode.media.attackers import CANARY, attackers
from tests.transcode.media.conftest import Make
from transcode.media import child, confine

ROOT = Path(__file__).resolve().parents[3]
# Every step that opens an upload, as the tasks take them.
STEPS = """
import sys
from pathlib import Path
from transcode.media import encode, hls, sound
from transcode.media.errors import MediaError
from transcode.media.plan import make_plan
from transcode.media.probe import probe

into = Path(sys.argv[1])
for path in map(Path, sys.argv[2:]):
    try:
        facts = probe(path)
        plan = make_plan(facts)
        hls.write_first(path, facts, plan, into)
        encode.write_rest(path, facts, plan, into)
        sound.SoundOnDisk(path, facts, into).length()
        print("ready", path.name)
    except MediaError as error:
        assert error.permanent, (path, error)
        print("refused", path.name)
"""
OPENED = re.compile(r'^(\d+) +(?:open|openat|openat2|creat)\((?:[^"]*, )?"([^"]*)".*= \d+(?:<([^>]*)>)?')


@pytest.fixture
def strace(needs: Callable[[str, bool], None]) -> str:
    needs("strace", shutil.which("strace") is not None)
    return shutil.which("strace") or ""


def traced(strace: str, into: Path, files: list[Path]) -> tuple[str, list[str]]:
    """What the steps said, and the calls about files and network of all their children, one a line."""
    log = into.parent / "trace"
    command = [strace, "-f", "-qq", "-y", "-s", "500", "-e", "trace=%file,%network,execve", "-o", str(log)]
    steps = [sys.executable, "-c", STEPS, str(into), *map(str, files)]
    done = subprocess.run([*command, *steps], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, list(of_programs(log.read_text().splitlines()))


def of_programs(lines: list[str]) -> Iterator[str]:
    """Leaves out what our own process did, and each launcher until it became its program."""
    ours = {lines[0].split()[0]}
    for line in lines[1:]:
        process = line.split()[0]
        if "execve(" in line:
            ours = ours | {process} if "launch.py" in line else ours - {process}
        if process not in ours:
            yield line


def opened(lines: list[str]) -> set[Path]:
    """The files that were opened, by their real paths as the kernel tells them."""
    return {Path(found[3] or found[2]) for found in map(OPENED.match, lines) if found}


def is_allowed(path: Path, given: list[Path], into: Path) -> bool:
    homes = [*child.PYTHON_HOMES, ROOT / "transcode", into, *map(Path, confine.LIBRARIES)]
    homes += [Path(each).resolve() for each in (*homes, *confine.SYSTEM_FILES, *given)]
    return any(path.is_relative_to(home) for home in (*homes, *map(Path, confine.SYSTEM_FILES)))


def test_no_file_is_read_that_was_not_given_and_no_socket_opened(strace: str, made: Make, tmp_path: Path) -> None:
    uploads, into = tmp_path / "uploads", tmp_path / "work"
    uploads.mkdir()
    into.mkdir()
    files = attackers(made, uploads)
    said, lines = traced(strace, into, files)
    assert said.count("ready") >= 3, said
    assert said.count("ready") + said.count("refused") == len(files)
    assert sum("execve(" in line and "ffmpeg" in line and "= 0" in line for line in lines) > 3
    assert not [line for line in lines if re.search(r"\b(socket|socketpair|connect|bind|sendto|sendmsg)\(", line)]
    assert not [line for line in lines if CANARY in line]  # not even asked for
    assert not [path for path in opened(lines) if not is_allowed(path, files, into)]
    assert not [path for path in opened(lines) if path.parent == uploads and path not in files]


def test_the_trace_would_show_a_file_that_was_not_given(strace: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush")
    code = f"import subprocess; subprocess.run(['/bin/cat', {str(secret)!r}])"
    log = tmp_path / "trace"
    subprocess.run(
        [strace, "-f", "-qq", "-y", "-e", "trace=%file", "-o", str(log), sys.executable, "-c", code], check=True
    )
    assert secret in opened(log.read_text().splitlines())
    assert not is_allowed(secret, [], tmp_path / "work")
