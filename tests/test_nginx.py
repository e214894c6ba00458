"""Media on a disk behind a real nginx, with the configuration that operators use: it sends what we checked, no more."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from django.test.testcases import _MediaFilesHandler

from stack import nginx
from stack.ports import free_ports
from tests.videolib.clips.test_media_addresses import TRICKS
from tests.videolib.stocked_library import Library, stock
from transcode.models import Recording

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

START_SECONDS = 60
SECRET = b"root: nobody may read this"


@dataclass
class Front:
    """nginx, and the library behind it."""

    port: int
    library: Library

    def ask(self, path: str, person: str = "owner", method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        """What a client that tidies no address gets."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        session = self.library.sessions.get(person)
        cookie = {"Cookie": f"sessionid={session}"} if session else {}
        connection.request(method, path, headers=cookie | {name.replace("_", "-"): headers[name] for name in headers})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    def of(self, state: str, name: str) -> str:
        """The address of a clip's file."""
        return f"/clips/{self.library.clips[state].code}/{name}"

    def content(self, state: str, name: str = "source.mp4") -> bytes:
        """What stands in that file."""
        recording = self.library.clips[state].recording
        assert recording
        return f"{name} of {recording.code}".encode()


@pytest.fixture
def front(
    monkeypatch: pytest.MonkeyPatch,
    live_server: Any,
    make_user: Any,
    make_clip: Any,
    data_folder: Path,
    settings: Any,
    tmp_path: Path,
    needs: Callable[[str, bool], None],
) -> Iterator[Front]:
    """A stocked library on a disk, with X_ACCEL, and nginx in front of it."""
    binary = nginx.find_binary()
    needs("nginx", binary is not None)
    assert binary
    # Django's own server for tests would serve the media folder to everybody.
    monkeypatch.setattr(_MediaFilesHandler, "_should_handle", lambda *_: False)
    disk = settings.STORAGES["default"]
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**disk, "OPTIONS": {**disk["OPTIONS"], "nginx_location": "/_media/"}},
    }
    (data_folder / "secret").write_bytes(SECRET)
    library = stock(make_user, make_clip, data_folder / "media")
    port = free_ports("nginx")["nginx"]
    web = live_server.url.removeprefix("http://")
    folder = tmp_path / "nginx"
    folder.mkdir()
    main = nginx.configure(folder, listen=f"127.0.0.1:{port}", web=web, media=data_folder / "media")
    process = subprocess.Popen(nginx.command(binary, main), stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield Front(port, library)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx did not start")


def test_it_sends_the_file_whole_in_ranges_and_not_again(front: Front) -> None:
    path, content = front.of("private", "source.mp4"), front.content("private")
    response, body = front.ask(path)
    assert (response.status, body) == (200, content)
    for name, value in {
        "Content-Type": "video/mp4",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Length": str(len(content)),
        "X-Accel-Redirect": None,
    }.items():
        assert response.headers[name] == value, name
    etag = response.headers["ETag"]

    response, body = front.ask(path, Range="bytes=3-6")
    assert (response.status, body) == (206, content[3:7])
    assert response.headers["Content-Range"] == f"bytes 3-6/{len(content)}"
    assert front.ask(path, Range="bytes=-5")[1] == content[-5:]
    assert front.ask(path, Range="bytes=999-")[0].status == 416
    assert front.ask(path, Range="bytes=0-1", If_Range=etag)[0].status == 206
    assert front.ask(path, Range="bytes=0-1", If_Range='"another"')[0].status == 200
    assert front.ask(path, If_None_Match=etag)[0].status == 304
    response, body = front.ask(path, method="HEAD")
    assert (response.status, body, response.headers["Content-Length"]) == (200, b"", str(len(content)))


def test_a_download_keeps_its_name(front: Front) -> None:
    response, body = front.ask(front.of("for download", "original"), "learner")
    assert (response.status, body) == (200, b"original")
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("name", ["hän 100%.jpg", "a?b#c.jpg", "%2e%2e%2f.jpg", "a+b&c=d;e.jpg", "a\\b.jpg"])
def test_a_file_of_any_name_is_sent(front: Front, data_folder: Path, name: str) -> None:
    (data_folder / "media" / name).write_bytes(b"the picture")
    Recording.objects.filter(clips=front.library.clips["team"]).update(poster_key=name)
    response, body = front.ask(front.of("team", "poster.jpg"))
    assert (response.status, body) == (200, b"the picture")


def test_whoever_may_not_have_it_gets_our_404(front: Front) -> None:
    for person in ("learner", "curator", "signed-out"):
        response, body = front.ask(front.of("private", "source.mp4"), person)
        assert response.status == 404
        assert front.content("private") not in body
    assert front.ask(front.of("team", "source.mp4"), "learner")[1] == front.content("team")


def test_nobody_asks_nginx_for_a_file_by_themselves(front: Front) -> None:
    recording = front.library.clips["private"].recording
    assert recording
    file = f"made/{recording.code}/source.mp4"
    for path in (
        *(f"/_media/{file}", f"//_media/{file}", f"/_media//{file}", f"/_MEDIA/{file}", f"/%5fmedia/{file}"),
        *(f"/x/../_media/{file}", f"/x/%2e%2e/_media/{file}", f"/static/../_media/{file}", f"/_media%2f{file}"),
        *(f"/_media/./{file}", f"/_media/x/../{file}", f"/clips/../_media/{file}", f"/{file}", f"/media/{file}"),
        *("/_media../secret", "/_media/../secret", "/_media/%2e%2e/secret", "/_media/..%2fsecret", "/_media"),
        *("/_media/", "/_media/made/", "/_media%00/", f"http://x/_media/{file}"),
    ):
        for person in ("owner", "admin", "signed-out"):
            response, body = front.ask(path, person)
            assert response.status in (400, 404), path
            assert front.content("private") not in body and SECRET not in body, path


def test_no_bent_path_leads_past_the_check(front: Front) -> None:
    mine, other = front.library.clips["team"], front.library.clips["private"]
    assert other.recording
    for trick in TRICKS:
        bent = trick.format(other=other.code, recording=other.recording.code)
        if not bent.isascii() or " " in bent:  # http.client sends no such line
            continue
        response, body = front.ask(f"/clips/{mine.code}/{bent}", "learner")
        assert response.status in (301, 400, 404, 414), bent
        assert str(other.recording.code).encode() not in body and b"root:" not in body


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "made/../../secret", "..\\secret", "%2e%2e/secret"])
def test_a_key_that_leads_out_of_the_folder_opens_nothing(front: Front, key: str) -> None:
    Recording.objects.filter(clips=front.library.clips["team"]).update(poster_key=key)
    response, body = front.ask(front.of("team", "poster.jpg"))
    assert response.status in (400, 404)
    assert b"root:" not in body


def test_a_file_that_is_gone_is_our_404(front: Front, data_folder: Path) -> None:
    for file in (data_folder / "media").rglob("*.mp4"):
        file.unlink()
    response, body = front.ask(front.of("team", "source.mp4"))
    assert response.status == 404
    assert b"nginx" not in body
