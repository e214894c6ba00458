"""A library as `make run` or `make stack` starts it, for tests of how it comes up and ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Far more than the five seconds an idle machine needs: tests run beside each other.
UP_WITHIN = 90.0
DOWN_WITHIN = 30.0


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Library:
    """A data folder, and the processes that serve it."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data, self.port = data, free_port()
        unset = (
            "BROKER_URL",
            "S3_BUCKET",
            "SITE_URL",
            "DATABASE_URL",
            "SMTP_URL",
            "DJANGO_SETTINGS_MODULE",
            "MAKELEVEL",
        )
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        self.environment = {
            **inherited,
            "VIDEOLIB_DATA": str(data),
            "BIND": f"127.0.0.1:{self.port}",
            "SPEECH_ENGINE": "none",
            "SCREEN_ENGINE": "none",
            "MEDIA_WORKERS": "1",
            **settings,
        }
        self.lines: list[str] = []
        self.process: subprocess.Popen[str]

    def start(self, *command: str) -> Library:
        """Start it, by another command than `make run`'s if one is given; what it says goes to `lines`."""
        if hasattr(self, "process") and self.process.stdout:
            self.process.stdout.close()
        self.process = subprocess.Popen(
            [sys.executable, *(command or ("manage.py", "run"))],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def wait_for(self, words: str) -> str:
        """The next line with these words."""
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip())
            if words in line:
                return line.rstrip()
        raise AssertionError(f"{words!r} was never said:\n" + "\n".join(self.lines))

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same library."""
        return self.run("manage.py", *arguments)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Something else of Python's, to its end."""
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)

    def status_of(self, path: str) -> int:
        """What the web server answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def alive(self) -> list[str]:
        """The command lines of all its processes."""
        found, ours = [], str(self.data).encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                said = (folder / "cmdline").read_bytes()
                # PostgreSQL and Valkey write over their environment; one names the folder, the other is in it.
                seen = (said, bytes((folder / "cwd").readlink()), *(folder / "environ").read_bytes().split(b"\0"))
                if any(ours in word for word in seen):
                    found.append(said.replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def is_gone(self, within: float = DOWN_WITHIN) -> bool:
        """Whether none of its processes is left, soon."""
        deadline = time.monotonic() + within
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.alive()

    def stop(self, number: int = signal.SIGINT) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(number)
        self.lines += (self.process.stdout.read() if self.process.stdout else "").splitlines()
        self.process.wait(timeout=DOWN_WITHIN)
