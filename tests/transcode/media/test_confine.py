"""What a child cannot do, tried from inside one on this machine."""

import os
import sys
from pathlib import Path

import pytest

from transcode.media import child
from transcode.media.child import Limits

LIMITS = Limits(cpu_seconds=10, wall_seconds=20, memory_bytes=1 << 30, output_bytes=1 << 20)


@pytest.fixture
def holds() -> None:
    """Machines differ; ours are to have them all."""
    missing = [name for name, held in child.protections().items() if not held]
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"not on this machine: {missing}")
    if missing:
        pytest.skip(f"not on this machine: {missing}")


def attempt(code: str, *args: Path, reads: tuple[Path, ...] = (), cwd: Path | None = None) -> str:
    """What became of some Python in a child: its output, or its last line of errors."""
    command = [sys.executable, "-Ic", f"import sys\n{code}", *map(str, args)]
    done = child.run(command, limits=LIMITS, reads=reads, cwd=cwd)
    return done.stdout.decode().strip() if done.returncode == 0 else done.stderr_tail.splitlines()[-1]


pytestmark = pytest.mark.usefixtures("holds")


def test_a_file_that_was_not_given_cannot_be_read(tmp_path: Path) -> None:
    given, secret = tmp_path / "given", tmp_path / "secret"
    given.write_text("mine")
    secret.write_text("hush")
    read = "print(open(sys.argv[1]).read())"
    assert attempt(read, given, reads=(given,)) == "mine"
    assert "PermissionError" in attempt(read, secret, reads=(given,))
    for path in ("/etc/passwd", "/proc/self/environ", f"/proc/{os.getpid()}/environ", "/proc/self/mem"):
        assert "PermissionError" in attempt(read, Path(path), reads=(given,)), path


def test_a_link_to_another_file_opens_no_door(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    assert "PermissionError" in attempt("print(open(sys.argv[1]).read())", folder / "link", cwd=folder)


def test_only_the_working_folder_can_be_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    write = "open(sys.argv[1], 'w').write('x'); print('written')"
    assert attempt(write, folder / "out", cwd=folder) == "written"
    assert "PermissionError" in attempt(write, tmp_path / "beside", cwd=folder)
    given = tmp_path / "given"
    given.write_text("mine")
    assert "PermissionError" in attempt(write, given, reads=(given,), cwd=folder)
    assert "PermissionError" in attempt("import os; os.remove(sys.argv[1])", given, reads=(given,), cwd=folder)
    assert given.read_text() == "mine"


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_no_socket_can_be_made(family: str) -> None:
    said = attempt(f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM)")
    assert said == "PermissionError: [Errno 1] Operation not permitted"


def test_no_process_can_be_started_but_threads_can() -> None:
    assert "PermissionError" in attempt("import os; os.fork()")
    assert "PermissionError" in attempt("import subprocess; subprocess.run([sys.executable, '-c', ''])")
    threads = "import threading; t = threading.Thread(target=print, args=['hello']); t.start(); t.join()"
    assert attempt(threads) == "hello"


def test_it_cannot_become_another_program() -> None:
    assert "PermissionError" in attempt("import os; os.execv('/bin/sh', ['sh', '-c', 'echo free'])")


def test_it_cannot_end_or_look_into_other_processes() -> None:
    assert "PermissionError" in attempt(f"import os; os.kill({os.getpid()}, 0)")
    trace = "import ctypes; print(ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0))"
    assert attempt(trace, Path(str(os.getpid()))) == "-1"


def test_it_keeps_no_power_of_root_and_cannot_raise_its_limits() -> None:
    powers = attempt("print(open('/proc/self/status').read())", reads=(Path("/proc"),))
    effective = next(line.split()[1] for line in powers.splitlines() if line.startswith("CapEff"))
    assert int(effective, 16) in (0, 1 << 1)  # at most CAP_DAC_OVERRIDE
    assert "NoNewPrivs:\t1" in powers
    assert "Seccomp:\t2" in powers
    said = attempt("import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))")
    assert "not allowed to raise maximum limit" in said


def test_its_network_is_empty() -> None:
    devices = attempt("print(open('/proc/self/net/dev').read())", reads=(Path("/proc"),)).splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] in ([], ["lo"])
    assert attempt("print(open('/proc/self/net/route').read())", reads=(Path("/proc"),)).count("\n") == 0


def test_what_a_machine_lacks_breaks_nothing(tmp_path: Path) -> None:
    """confine() again inside a confined child, where namespaces can no longer be left: the work goes on."""
    package = Path(child.__file__).parents[2]
    code = (
        "sys.path.append(sys.argv[1]); from transcode.media import confine\n"
        "print(confine.confine(sys.executable, [sys.argv[2]], [])['network'])"
    )
    assert attempt(code, package, tmp_path, reads=(package, tmp_path)) == "False"
