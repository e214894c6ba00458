"""A temporary library for benchmarks: its own folder, and no setting of the shell that would lead out of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Settings that would lead out of the temporary library, or change what is measured.
OUTSIDE = (
    *("DATABASE_URL", "BROKER_URL", "S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY_ID"),
    *("S3_SECRET_ACCESS_KEY", "SMTP_URL", "SITE_URL", "ALLOWED_HOSTS", "BIND", "DEBUG", "MAKELEVEL"),
)
# Speech and on-screen text are measured by benchmarks of their own.
NO_WORDS = {"SPEECH_ENGINE": "none", "SCREEN_ENGINE": "none"}


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a library in `folder`, with these settings more."""
    kept = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    return {**kept, "VIDEOLIB_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "videolib.settings", **more}


def enter(folder: Path, more: Mapping[str, str]) -> None:
    """Make that library this process's own, before anything of Django is imported."""
    wanted = environment(folder, more)
    for name in OUTSIDE:
        if name not in more:
            os.environ.pop(name, None)
    os.environ.update(wanted)
    import django  # noqa: PLC0415 (settings are read at this moment, from the environment just made)

    django.setup()


def migrate(folder: Path) -> None:
    """Empty tables, in a process of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=environment(folder, {}), check=True, stdout=subprocess.DEVNULL)
