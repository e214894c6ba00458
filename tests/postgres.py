"""A PostgreSQL of our own for the tests, from the machine's binaries: empty, on a socket in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from stack.postgres import find_binaries

# Nothing of it outlives the tests, so it need not wait for any disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=60")

# PostgreSQL refuses to run as root.
USER = "nobody" if os.geteuid() == 0 else None
MISSING = "PostgreSQL is not installed, so no test runs on it; `make test` installs it where it may."


def start() -> str:
    """Starts a server that ends with this process; the address of its database. SystemExit where there is none."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="videolib-postgres-"))
    if USER:
        shutil.chown(folder, USER)
    data = str(folder / "data")
    _run(folder, str(binaries / "initdb"), "-D", data, "-U", "videolib", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = " ".join([f"-c listen_addresses= -k {folder}", *(f"-c {option}" for option in FAST)])
    control = [str(binaries / "pg_ctl"), "-D", data, "-l", str(folder / "log"), "-w"]
    _run(folder, *control, "-o", options, "start")
    atexit.register(_stop, folder, [*control, "-m", "immediate", "stop"], os.getpid())
    return f"postgres://videolib@{str(folder).replace('/', '%2F')}/postgres"


def _run(folder: Path, *command: str, check: bool = True) -> None:
    environment = {"LC_ALL": "C.UTF-8"}
    subprocess.run(command, cwd=folder, user=USER, env=environment, stdout=subprocess.DEVNULL, check=check)


def _stop(folder: Path, command: list[str], owner: int) -> None:
    if os.getpid() == owner:  # not in a child that was forked from us
        _run(folder, *command, check=False)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(None if find_binaries() else MISSING)
