"""A PostgreSQL of our own for the tests, from the machine's binaries: empty, on a socket in a temporary folder."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# Nothing of it outlives the tests, so it need not wait for any disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB", "max_connections=60")

MISSING = "PostgreSQL is not installed, so no test runs on it; `make test` installs it where it may."


def find_binaries() -> Path | None:
    """The folder with initdb and postgres: where Debian keeps the newest, else on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def start() -> str:
    """Starts a server that ends with this process; the address of its empty database `videolib`."""
    binaries = find_binaries()
    if binaries is None:
        raise SystemExit(
            "PostgreSQL is not installed (Debian: apt install postgresql); `make test` does it where it may."
        )
    folder = Path(tempfile.mkdtemp(prefix="videolib-postgres-"))
    # PostgreSQL refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    run: dict[str, object] = {
        "user": user,
        "cwd": folder,
        "check": True,
        "stdout": subprocess.DEVNULL,
        "env": {"LC_ALL": "C.UTF-8"},
    }
    initdb = [binaries / "initdb", "-D", folder / "data", "-U", "videolib", "--auth=trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, **run)  # type: ignore[call-overload]
    options = " ".join([f"-c listen_addresses= -k {folder}", *(f"-c {option}" for option in FAST)])
    control = [binaries / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w"]
    subprocess.run([*control, "-o", options, "start"], **run)  # type: ignore[call-overload]
    atexit.register(_stop, [*control, "-m", "immediate", "stop"], run, folder, os.getpid())
    return f"postgres://videolib@{str(folder).replace('/', '%2F')}/postgres"


def _stop(command: list[object], run: dict[str, object], folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a child that was forked from us
        subprocess.run(command, **{**run, "check": False})  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(None if find_binaries() else MISSING)
