"""What the stack consists of: each server's folder, port and secret, the library's settings, and who starts when."""

from __future__ import annotations

import getpass
import shlex
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

from stack import nginx, postgres, swift
from stack.ports import free_ports
from videolib.lib import broker, env, programs
from videolib.lib.supervisor import Program, StartError

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "videolib"
# All that a process of the library, or a command, is to be told to be part of this stack; for shells, too.
ENVIRONMENT_FILE = "environment"
MISSING = "{what} is not installed; `make stack` as root installs it on Debian, or do it with: apt install {package}"
# It tells of its own start and end; what it refuses and what breaks is not LOG.
POSTGRES_NOISE = ("LOG:  ", "HINT:  Future log output")


@dataclass(frozen=True)
class Stack:
    """A topology with its files written, nothing of it started."""

    folder: Path
    front: tuple[str, int]  # where nginx listens
    ports: dict[str, int]
    settings: dict[str, str]

    def stages(self) -> list[list[Program]]:
        """As Supervisor takes them. Django must be set up with `settings`."""
        web, beat = programs.web(), programs.beat()
        return [
            [self._postgres(), programs.valkey(self.folder / "valkey" / "valkey.conf"), *self._s3()],
            [_once("migrate", "--verbosity=0"), _once("setup_bucket")],
            [web, *programs.workers_of_one_machine()],
            [beat, self._nginx()],
        ]

    def _postgres(self) -> Program:
        command = postgres.command(_postgres_binaries(), self.folder / "postgres", self.ports["postgres"])
        probe = partial(postgres.answers, self.settings["DATABASE_URL"])
        return Program("postgres", command, probe=probe, noise=POSTGRES_NOISE, env=postgres.ENVIRONMENT, cwd=ROOT)

    def _s3(self) -> list[Program]:
        folder = self.folder / "s3"
        return [
            Program(
                "s3" if name == "proxy" else f"s3-{name}",
                swift.command(folder, name),
                probe=partial(swift.answers, self.ports[name]),
                env=swift.environment(folder),
                cwd=folder,
            )
            for name in swift.SERVERS
        ]

    def _nginx(self) -> Program:
        folder = self.folder / "nginx"
        command = nginx.command(_nginx_binary(), folder / "nginx.conf")
        return Program("nginx", command, probe=partial(_listens, *self.front), cwd=folder)


def prepare(folder: Path, front: tuple[str, int]) -> Stack:
    """A stack in `folder`, made where it is missing, behind an nginx that listens at `front`. StartError."""
    binaries, _ = _postgres_binaries(), _nginx_binary()
    if not swift.is_installed():
        raise StartError(MISSING.format(what="Swift", package="python3-swift"))
    for name in ("valkey", "s3", "nginx"):
        (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    ports = free_ports("web", "postgres", "valkey", *swift.SERVERS)
    password, s3_secret = (env.kept_secret(folder / name, _secret) for name in ("postgres_password", "s3_secret"))
    postgres.make_cluster(binaries, folder / "postgres", password)
    bucket = swift.configure(folder / "s3", ports, s3_secret, user=getpass.getuser())
    nginx.configure(folder / "nginx", listen=_joined(*front), web=f"127.0.0.1:{ports['web']}", media=folder / "media")
    settings = {
        "VIDEOLIB_DATA": str(folder),
        "BIND": f"127.0.0.1:{ports['web']}",
        "SITE_URL": env.text("SITE_URL", f"http://{_joined(*front)}"),
        "DATABASE_URL": postgres.address(ports["postgres"], password),
        "BROKER_URL": broker.configure(folder / "valkey" / "valkey.conf", ports["valkey"]),
        **bucket.settings(BUCKET),
    }
    _write_environment(folder / ENVIRONMENT_FILE, settings)
    return Stack(folder, front, ports, settings)


def _once(*command: str) -> Program:
    return Program(command[0], (sys.executable, "manage.py", *command), once=True, cwd=ROOT)


def _postgres_binaries() -> Path:
    if found := postgres.find_binaries():
        return found
    raise StartError(MISSING.format(what="PostgreSQL", package="postgresql"))


def _nginx_binary() -> Path:
    if found := nginx.find_binary():
        return found
    raise StartError(MISSING.format(what="nginx", package="nginx"))


def _secret() -> str:
    return token_hex(32)


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _write_environment(file: Path, settings: dict[str, str]) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()))


def _listens(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=2):
        return True
    return False
