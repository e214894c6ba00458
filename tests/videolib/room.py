"""A machine room of its own for a test: commands with real settings, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests import SETTINGS_OF_THE_SHELL

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Room:
    """`data` is its VIDEOLIB_DATA, `settings` are others that differ from the defaults."""

    data: Path
    settings: dict[str, str] = field(default_factory=dict)

    def manage(self, *args: object, status: int = 0) -> str:
        """A command of manage.py; what it prints. Fails with its errors where it ends otherwise."""
        engines = {"SPEECH_ENGINE": "none", "SCREEN_ENGINE": "none"}
        own = {"VIDEOLIB_DATA": str(self.data), "LOG_LEVEL": "ERROR", **engines, **self.settings}
        not_kept = {*SETTINGS_OF_THE_SHELL, "DJANGO_SETTINGS_MODULE"}
        kept = {name: value for name, value in os.environ.items() if name not in not_kept}
        command = [sys.executable, "manage.py", *map(str, args)]
        ended = subprocess.run(command, cwd=ROOT, env={**kept, **own}, capture_output=True, text=True, check=False)
        assert ended.returncode == status, ended.stdout[-2000:] + ended.stderr[-4000:]
        return ended.stdout + ended.stderr

    def call(self, module: str, name: str, *args: object, status: int = 0, **options: str) -> str:
        """A function of a module of tests/videolib, in that library."""
        given = [repr(each if isinstance(each, int) else str(each)) for each in args]
        given += [f"{key}={value!r}" for key, value in options.items()]
        code = f"import tests.videolib.{module} as module; module.{name}({', '.join(given)})"
        return self.manage("shell", "--no-imports", "--command", code, status=status)
