"""What the restore drill does in processes of its own (test_drill.py)."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import Client

from tests.videolib.backup.conftest import files, rows_let_go, without_waits
from tests.videolib.filled_library import PASSWORD, fill
from videolib.accounts.models import User
from videolib.backup import export, restore, tables
from videolib.browse.search import search_clips
from videolib.clips.actions import get_tag
from videolib.clips.models import Clip, Tag
from videolib.operations.check import check_library

SEARCHES = ("origin", "commit", "größer", "grafana", "done", "screen")
OWNER = "olaf@example.com"


def filled(screen: str) -> None:
    """Everything of filled_library, and one real recording that went through the whole pipeline."""
    fill()
    call_command("import_clips", screen, owner=OWNER, visibility="team", tag=["real"], wait=True)


def told() -> None:
    """What the library holds, as JSON on standard output."""
    owner = User.objects.get(email=OWNER)
    rows = without_waits(rows_let_go())
    for person in rows["videolib.User"]:
        del person["last_login"]  # told() signs in
    report = check_library(read_originals=True)
    found = {
        "rows": rows,
        "files": files(),
        "search": {text: search_clips(owner, text).as_data() for text in SEARCHES},
        "played": _played(Clip.objects.get(title="screen")),
        "faults": report.examples,
        "originals_read": report.originals_read,
    }
    print(json.dumps(found, default=str))


def _played(clip: Clip) -> dict[str, Any]:
    """As its owner watches it: sign-in by password, the page, and the middle of each rendition."""
    client = Client(headers={"host": "localhost"})
    signed_in = client.post("/accounts/login/", {"login": OWNER, "password": PASSWORD})
    address = f"/clips/{clip.code}/"
    assert clip.recording
    played = {}
    for rendition in clip.recording.renditions.all():
        answer = client.get(f"{address}{rendition.name}.mp4", headers={"range": "bytes=1000-2999"})
        played[rendition.name] = [answer.status_code, hashlib.sha256(b"".join(answer)).hexdigest()]
    pages = [client.get(f"{address}{page}").status_code for page in ("", "main.m3u8", "poster.jpg")]
    return {"signed in": signed_in.status_code, "pages": pages, "renditions": played}


def killed(command: str, module: str, name: str, calls: int, place: str) -> None:
    """`command`, killed with -9 when `module`.`name` is called for so many times."""
    where = {"export": export, "restore": restore}[module]
    deed: Callable[..., Any] = getattr(where, name)
    left = calls

    def deed_or_death(*args: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return deed(*args, **options)

    setattr(where, name, deed_or_death)
    call_command(command, place)


def written_meanwhile(place: str) -> None:
    """An export, and after its first table was read somebody else writes: they do not wait, and it is not in."""
    write_rows = export.write_rows

    def write(table: Any, file: Path) -> Any:
        written = write_rows(table, file)
        if table is tables.carried_tables()[0]:
            writer = threading.Thread(target=get_tag, args=["written meanwhile"])
            writer.start()
            writer.join(timeout=20)
            assert not writer.is_alive(), "who writes has to wait"
            assert not Tag.objects.filter(name="written meanwhile").exists()
        return written

    export.write_rows = write
    call_command("export_library", place)
    assert Tag.objects.filter(name="written meanwhile").exists()
