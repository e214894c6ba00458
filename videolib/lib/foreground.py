"""What `make run` and `make stack` see to before they supervise: alone on their data, and the address is free."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from videolib.lib.supervisor import PR_SET_PDEATHSIG, StartError

# After `kill -9` the ones that held the port need a moment to die.
PORT_PATIENCE_SECONDS = 2.0


@contextmanager
def sole_supervisor(data: Path) -> Iterator[None]:
    """Held while we run: two of them on one data folder would each start a broker and a sweeper."""
    with open(data / "run" / "supervisor.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise StartError(
                f"The library in {data} runs already (process {lock.read().strip()}); stop that one, "
                "or name another folder with VIDEOLIB_DATA and another port with BIND."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def wait_for_port(host: str, port: int) -> None:
    """Refuse a port that is taken, in a sentence that names the setting."""
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while error := _why_not(host, port):
        if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
            raise StartError(
                f"Cannot listen on {host}:{port} ({error.strerror}); free it, or choose another address, as in "
                f"BIND={host}:{port + 1}."
            )
        time.sleep(0.1)


def _why_not(host: str, port: int) -> OSError | None:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return error
    return None


def die_with_make() -> None:
    """`make` passes no signal on when it is killed; a shell that started us and ends is no reason to stop."""
    if os.environ.pop("MAKELEVEL", None):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
