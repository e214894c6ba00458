"""PostgreSQL from the machine's own binaries: a cluster in one folder, on a loopback port, entered by password."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg

DATABASE = "videolib"
# PostgreSQL refuses to run as root. In a namespace of its own a process is nobody, and may still enter root's folders.
AS_NOBODY = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--") if os.geteuid() == 0 else ()
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
MAKE_DATABASE = """\
CREATE ROLE {name} LOGIN PASSWORD '{password}';
CREATE DATABASE {name} OWNER {name};
"""
# As docker-compose.yml has it. With PostgreSQL's own 128 MB each search copies its pages out of the system's cache.
MEMORY = {"shared_buffers": "512MB"}


def find_binaries() -> Path | None:
    """The folder with initdb and postgres: where Debian keeps the newest, else on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def make_cluster(binaries: Path, folder: Path, password: str) -> None:
    """The cluster in `folder`, with a database of the library's own; one that is there stays. CalledProcessError."""
    if folder.is_dir():
        return
    draft = folder.with_suffix(".new")  # half a cluster, if we are stopped now
    shutil.rmtree(draft, ignore_errors=True)
    options = ("-U", "postgres", "-E", "UTF8", "--auth=scram-sha-256", "--pwfile=/dev/stdin")
    _run(binaries / "initdb", "-D", str(draft), *options, said=f"{password}\n")
    statements = MAKE_DATABASE.format(name=DATABASE, password=password)
    _run(binaries / "postgres", "--single", "-D", str(draft), "postgres", said=statements)
    draft.rename(folder)


def command(binaries: Path, folder: Path, port: int) -> tuple[str, ...]:
    """What starts it. SIGTERM ends it once everybody has left."""
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", **MEMORY}
    chosen = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return (*AS_NOBODY, str(binaries / "postgres"), "-D", str(folder), *chosen)


def address(port: int, password: str) -> str:
    """As DATABASE_URL names it."""
    return f"postgres://{DATABASE}:{password}@127.0.0.1:{port}/{DATABASE}"


def answers(url: str) -> bool:
    """Whether the library could enter."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def _run(program: Path, *arguments: str, said: str) -> None:
    command = [*AS_NOBODY, str(program), *arguments]
    subprocess.run(command, env=ENVIRONMENT, input=said, text=True, capture_output=True, cwd="/", check=True)
