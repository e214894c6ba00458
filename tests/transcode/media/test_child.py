"""The one door to other programs."""

import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from transcode.media import child
from transcode.media.child import ChildFailed, ChildTimeout, Limits

LIMITS = Limits(cpu_seconds=10, wall_seconds=20, memory_bytes=1 << 30, output_bytes=1 << 20)


def python(code: str, *args: str) -> list[str]:
    return [sys.executable, "-c", code, *args]


def is_alive(pid: int) -> bool:
    """Whether a process still runs: a zombie of init's does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_dead(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


def test_a_program_says_its_piece_and_how_it_ended() -> None:
    done = child.run(python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"), limits=LIMITS)
    assert (done.returncode, done.stdout, done.stderr_tail) == (3, b"out\n", "err")


def test_lines_come_while_the_program_still_runs() -> None:
    heard: list[tuple[str, float]] = []
    code = "import time\nfor n in range(3): print('line', n, flush=True); time.sleep(0.2)"
    child.run(python(code), limits=LIMITS, on_line=lambda line: heard.append((line, time.monotonic())))
    assert [line for line, _ in heard] == ["line 0", "line 1", "line 2"]
    assert heard[2][1] - heard[0][1] > 0.2


def test_output_can_go_to_a_file(tmp_path: Path) -> None:
    child.run(python("print('x' * 9)"), limits=LIMITS, stdout_to=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "x" * 9 + "\n"


def test_a_flood_of_errors_neither_blocks_nor_fills_memory() -> None:
    code = "import sys\nfor n in range(200000): print('error', n, file=sys.stderr)\nprint('done')"
    done = child.run(python(code), limits=LIMITS)
    assert done.stdout == b"done\n"
    assert done.stderr_tail.endswith("error 199999")
    assert len(done.stderr_tail) <= child.STDERR_TAIL


def test_a_flood_of_output_ends_the_program() -> None:
    with pytest.raises(ChildFailed):
        child.run(python("import sys\nwhile True: sys.stdout.write('x' * 65536)"), limits=LIMITS)


def test_secrets_of_the_environment_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    done = child.run(python("import os; print(sorted(os.environ))"), limits=LIMITS)
    assert b"SECRET" not in done.stdout
    assert b"HOME" not in done.stdout


def test_open_files_of_ours_stay_closed_and_stdin_is_empty(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        code = "import os, sys; print(sorted(os.listdir('/proc/self/fd')), repr(sys.stdin.read()))"
        done = child.run(python(code), limits=LIMITS, reads=[Path("/proc")])
        assert f"'{file.fileno()}'" not in done.stdout.decode().replace("'3'", "")
    assert b"''" in done.stdout


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine whose kernel has none of confine.py's protections: a program can start others there."""
    monkeypatch.setattr(child, "launcher", lambda *_: [])


@pytest.mark.usefixtures("unconfined")
def test_the_clock_ends_a_program_and_all_it_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1], 'w').write(str(grandchild.pid)); time.sleep(60)"
    )
    with pytest.raises(ChildTimeout) as caught:
        child.run(python(code, str(tmp_path / "pid")), limits=replace(LIMITS, wall_seconds=1.5))
    assert not caught.value.permanent
    assert wait_dead(int((tmp_path / "pid").read_text()))


@pytest.mark.usefixtures("unconfined")
def test_a_grandchild_left_behind_is_killed_and_does_not_hold_us(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1], 'w').write(str(grandchild.pid))"
    )
    started = time.monotonic()
    child.run(python(code, str(tmp_path / "pid")), limits=LIMITS)
    assert time.monotonic() - started < 10
    assert wait_dead(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, ValueError])
def test_whatever_interrupts_us_leaves_no_process_behind(error: type[BaseException]) -> None:
    seen: list[int] = []

    def interrupt(line: str) -> None:
        seen.append(int(line))
        raise error

    with pytest.raises(error):
        child.run(
            python("import os, time; print(os.getpid(), flush=True); time.sleep(60)"), limits=LIMITS, on_line=interrupt
        )
    assert wait_dead(seen[0])


def test_a_worker_killed_outright_takes_its_child_along(tmp_path: Path) -> None:
    inner = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    worker = (
        "import sys\nfrom transcode.media import child\n"
        "from pathlib import Path\n"
        "args = [sys.executable, '-c', sys.argv[1], sys.argv[2]]\n"
        "child.run(args, limits=child.Limits(), cwd=Path(sys.argv[2]).parent)"
    )
    pid_file = tmp_path / "pid"
    root = Path(__file__).resolve().parents[3]
    process = os.spawnve(
        os.P_NOWAIT,
        sys.executable,
        [sys.executable, "-c", worker, inner, str(pid_file)],
        {**os.environ, "PYTHONPATH": str(root)},
    )
    deadline = time.monotonic() + 20
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process, 9)
    os.waitpid(process, 0)
    assert wait_dead(int(pid_file.read_text()))


def test_processor_time_runs_out_for_good() -> None:
    with pytest.raises(ChildTimeout) as caught:
        child.run(python("while True: pass"), limits=replace(LIMITS, cpu_seconds=1))
    assert caught.value.permanent


def test_memory_is_limited() -> None:
    done = child.run(python("x = bytearray(2 << 30)"), limits=LIMITS)
    assert done.returncode == 1
    assert "MemoryError" in done.stderr_tail


def test_a_file_that_grows_too_large_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    done = child.run(
        python("import sys\nwith open(sys.argv[1], 'wb') as f: f.write(bytes(2 << 20))", str(tmp_path / "big")),
        limits=LIMITS,
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert "File too large" in done.stderr_tail
    assert (tmp_path / "big").stat().st_size <= LIMITS.output_bytes


def test_a_program_that_is_not_python_outlives_a_write_that_is_too_large(tmp_path: Path) -> None:
    zero = Path("/dev/zero")
    many = [shutil.which("head") or "head", "-c", str(2 * LIMITS.output_bytes), str(zero)]
    done = child.run(many, limits=LIMITS, reads=[zero], stdout_to=tmp_path / "big")
    assert done.returncode > 0
    assert "File too large" in done.stderr_tail


def test_a_program_killed_from_outside_is_worth_another_try() -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(ChildFailed) as caught:
        child.run(python(code), limits=LIMITS, on_line=lambda line: os.kill(int(line), 9))
    assert not caught.value.permanent


def test_no_shell_reads_the_arguments() -> None:
    done = child.run(python("import sys; print(sys.argv[1])", "$(id); `id` | x"), limits=LIMITS)
    assert done.stdout == b"$(id); `id` | x\n"
