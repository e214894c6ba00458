"""What every test may ask for: people, clips, and the shared recordings where they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from stack.swift import Swift, is_installed
from tests import swift as swift_server
from tests.running import Library

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/browser --on-stack` is the same journeys on PostgreSQL, Valkey, S3 and nginx."""
    parser.addoption("--on-stack", action="store_true", help="drive the library of `make stack` instead of `make run`")


@pytest.fixture(autouse=True, scope="session")
def _a_closed_answer_ends_no_test() -> Iterator[None]:
    """On PostgreSQL an answer that a test closes itself would close the connection of the test's own transaction."""
    from django.db.backends.postgresql.base import DatabaseWrapper

    close = DatabaseWrapper.close_if_unusable_or_obsolete

    def close_outside_transactions(connection: DatabaseWrapper) -> None:
        if not connection.in_atomic_block:
            close(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseWrapper, "close_if_unusable_or_obsolete", close_outside_transactions)
        yield


@pytest.fixture
def shared_data() -> Path:
    """The folder of real recordings beside the clone."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is not beside this clone")
    return SHARED


@pytest.fixture
def data_folder(tmp_path: Path, settings: Any) -> Path:
    """An empty VIDEOLIB_DATA: uploads, scratch and media of this test only."""
    from django.core.files.storage import default_storage

    settings.VIDEOLIB_DATA = tmp_path
    for name in ("media", "uploads", "scratch", "run"):
        folder = tmp_path / name
        folder.mkdir()
        setattr(settings, f"{name.upper()}_ROOT", folder)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "videolib.lib.storage.DiskStorage",
            "OPTIONS": {"location": str(tmp_path / "media"), "base_url": None},
        },
    }
    assert default_storage.path("x") == str(tmp_path / "media" / "x")
    return tmp_path


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """`make_user("curator")`: a person of that role; the password is "correct horse"."""
    from videolib.accounts.models import User

    def make(role: str = "learner", name: str = "", email: str = "", **columns: Any) -> User:
        number = User.objects.count() + 1
        email = email or f"{role}{number}@example.com"
        return User.objects.create_user(
            email, "correct horse", role=role, name=name or f"{role.title()} {number}", **columns
        )

    return make


@pytest.fixture
def client_of() -> Callable[[Any], Client]:
    """`client_of(user)`: a signed-in client of its own."""

    def make(user: Any = None) -> Client:
        client = Client()
        if user:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def make_clip(make_user: Callable[..., Any]) -> Callable[..., Any]:
    """`make_clip(owner, visibility="team", cues=[(0, 2, "hello")])`: a playable clip without any file behind it."""
    from transcode.models import Cue, Recording, Transcript
    from videolib.clips import actions
    from videolib.clips.models import Clip

    def make(owner: Any = None, *, cues: Any = (), tags: Any = (), playable: bool = True, **columns: Any) -> Clip:
        owner = owner or make_user("contributor")
        now = timezone.now() if playable else None
        recording = Recording.objects.create(
            original_key="originals/none", size_bytes=1000, duration=60.0, width=1280, height=720, playable_at=now
        )
        columns = {"title": "A clip", "visibility": "team", "published_at": now, **columns}
        clip = Clip.objects.create(owner=owner, recording=recording, **columns)
        if cues:
            transcript = Transcript.objects.create(recording=recording, engine="test", model="none", language="en")
            Cue.objects.bulk_create(Cue(transcript=transcript, start=s, end=e, text=t) for s, e, t in cues)
        for tag in tags:
            actions.tag_clip(clip, tag, by=owner)
        actions.index_clip(clip)
        return clip

    return make


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Callable[..., Library]]:
    """`library(SPEECH_WORKERS="2")`: one that is not started yet, and leaves nothing behind."""
    made: list[Library] = []

    def make(**settings: str) -> Library:
        made.append(Library(tmp_path / f"library {len(made)}", **settings))
        return made[-1]

    yield make
    for one in made:
        if hasattr(one, "process"):
            one.process.kill()
            one.process.wait()
            assert one.is_gone()
            if one.process.stdout:
                one.process.stdout.close()


@pytest.fixture(scope="session")
def needs() -> Callable[[str, bool], None]:
    """`needs("chromium", found)`: skip with the reason, or fail under CI, when the program is missing."""

    def check(program: str, found: bool) -> None:
        if found:
            return
        reason = f"{program} is not installed; `make test` installs it where it may"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return check


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of an S3 service on a loopback port: it takes any key, and each test a bucket of its own."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture(scope="session")
def swift(needs: Callable[[str, bool], None]) -> Iterator[Swift]:
    """An S3 service that checks signatures, of this session's own."""
    needs("python3-swift", is_installed())
    service, stop = swift_server.start()
    yield service
    stop()


@pytest.fixture(scope="session")
def screen_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real little recording: 3 s of H.264 with a tone, that fits as it is."""
    import ffmpeg
    from imageio_ffmpeg import get_ffmpeg_exe

    path = tmp_path_factory.mktemp("screen") / "screen.mp4"
    picture = ffmpeg.input("testsrc2=size=640x360:rate=10", f="lavfi", t=3)
    tone = ffmpeg.input("sine=frequency=440", f="lavfi", t=3)
    made = ffmpeg.output(picture, tone, str(path), vcodec="libx264", acodec="aac", pix_fmt="yuv420p", g=20)
    made.run(cmd=get_ffmpeg_exe(), quiet=True)
    return path
