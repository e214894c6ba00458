"""Media in a bucket that checks signatures: played across its addresses, and not for long once the right has ended."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ffmpeg
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from stack.swift import Swift
from tests.browser.conftest import Library, running, until

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

PASSWORD = "a long and calm phrase"
SIGNED_SECONDS = 60
VIDEO = "document.querySelector('video')"
PLAY = f"{VIDEO}.muted = true; {VIDEO}.playbackRate = SPEED; {VIDEO}.play()"


@pytest.fixture(scope="module")
def library(swift: Swift, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library whose media lie there, set up as an operator does."""
    settings = {**swift.settings("library-media"), "SPEECH_ENGINE": "none", "SCREEN_ENGINE": "none"}
    with running(tmp_path_factory.mktemp("library"), prepare=("setup_bucket",), **settings) as library:
        library.wait_for_line(r"is ready at")
        for role in ("learner", "contributor"):
            asked = ("create_user", f"{role}@example.com", "--role", role, "--password-stdin")
            library.manage(*asked, stdin=PASSWORD)
        yield library


@pytest.fixture(scope="module")
def clip(library: Library, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three minutes that everybody may watch: its address."""
    recording = tmp_path_factory.mktemp("recording") / "three minutes.mp4"
    picture = ffmpeg.input("testsrc2=size=320x180:rate=5", f="lavfi", t=180)
    tone = ffmpeg.input("sine=frequency=330", f="lavfi", t=180)
    shape = {"vcodec": "libx264", "preset": "ultrafast", "pix_fmt": "yuv420p", "acodec": "aac", "g": 20}
    ffmpeg.output(picture, tone, str(recording), **shape).run(cmd=get_ffmpeg_exe(), quiet=True)
    owner = ("--owner", "contributor@example.com", "--visibility", "team")
    taken = json.loads(library.manage("import_clips", str(recording), *owner, "--wait", "--json"))
    assert taken["state"] == "ready"
    return f"/clips/{taken['code']}/"


@pytest.fixture
def sign_in(open_page: Callable[..., Any], library: Library) -> Callable[[str], Any]:
    """`sign_in("learner")`: a page of that person."""

    def enter(role: str) -> Any:
        page = open_page()
        page.goto("/accounts/login/")
        page.locator("input[name=login]").fill(f"{role}@example.com")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        page.wait_for_url(f"{library.url}/")
        return page

    return enter


class Traffic:
    """What a page asked us for a clip's media, and then the bucket."""

    def __init__(self, page: Any, library: Library) -> None:
        self.ours: list[Any] = []
        self.buckets: list[Any] = []
        # Of each request to the bucket for a part of a file, the headers as they went over the line: what Playwright
        # tells of a redirected request may be those of another hop. Cookies say nothing here: library and bucket are
        # two ports of one host, which is all that browsers ask.
        self.sent: list[dict[str, str]] = []
        bucket = library.settings["S3_ENDPOINT_URL"]
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.requestWillBeSentExtraInfo", lambda event: self._note_headers(event["headers"], bucket))
        page.on("response", lambda response: self._note(response, library.url, bucket))

    def _note_headers(self, headers: dict[str, str], bucket: str) -> None:
        sent = {name.lower(): value for name, value in headers.items()}
        if "range" in sent and sent.get("host") == bucket.partition("//")[2]:
            self.sent.append(sent)

    def _note(self, response: Any, ours: str, bucket: str) -> None:
        if response.url.startswith(bucket):
            self.buckets.append(response)
        elif response.url.startswith(ours) and re.search(r"/clips/.*\.(mp4|jpg)$", response.url):
            self.ours.append(response)


def test_three_minutes_play_to_their_end_across_the_redirects(
    sign_in: Any, library: Library, clip: str, shot: Any
) -> None:
    page = sign_in("learner")
    traffic = Traffic(page, library)
    page.goto(clip)
    until(page, f"{VIDEO}.readyState >= 2")
    page.evaluate(PLAY.replace("SPEED", "8"))
    until(page, f"{VIDEO}.ended", seconds=90)
    shot(page, "watch-bucket")
    assert page.evaluate(f"{VIDEO}.currentTime") > 179

    assert {response.status for response in traffic.ours} == {302}
    assert all(response.all_headers()["cache-control"] == "no-store" for response in traffic.ours)
    ranges = [response for response in traffic.buckets if response.request.method == "GET" and ".mp4?" in response.url]
    assert len(ranges) > 10
    assert {response.status for response in ranges} == {206}
    assert all("X-Amz-Expires=60" in response.url for response in traffic.buckets)
    assert len(traffic.sent) > 10
    assert not {"authorization", "referer"} & {name for headers in traffic.sent for name in headers}


def test_pictures_come_from_the_bucket(sign_in: Any, library: Library, clip: str) -> None:
    page = sign_in("learner")
    traffic = Traffic(page, library)
    page.goto("/")
    until(page, "[...document.images].some((image) => image.src.endsWith('.jpg') && image.naturalWidth > 0)")
    assert {response.status for response in traffic.ours} == {302}
    assert {response.status for response in traffic.buckets} == {200}


def test_the_original_is_downloaded_under_its_name(sign_in: Any, clip: str) -> None:
    page = sign_in("contributor")
    page.goto(f"{clip}edit/")
    with page.expect_download() as download:
        page.evaluate(f"location.assign('{clip}original')")
    assert download.value.suggested_filename == "three_minutes.mp4"
    assert Path(download.value.path()).stat().st_size > 100_000


def test_a_right_that_ends_ends_what_is_played_within_a_minute(sign_in: Any, library: Library, clip: str) -> None:
    page, owner = sign_in("learner"), sign_in("contributor")
    traffic = Traffic(page, library)
    page.goto(clip)
    until(page, f"{VIDEO}.readyState >= 2")
    page.evaluate(PLAY.replace("SPEED", "1"))
    until(page, f"{VIDEO}.currentTime > 1")

    owner.goto(f"{clip}edit/")
    owner.get_by_label(re.compile("only me", re.I)).check()
    owner.get_by_role("button", name="Save").click()
    owner.wait_for_load_state()
    ended, so_far = time.monotonic(), len(traffic.ours)
    held = [response.url for response in traffic.buckets if ".mp4?" in response.url]
    assert status_of(held[-1]) == 206

    # The player asks for more in vain, and then shows nothing of what it has either.
    until(page, "document.querySelector('.watch-stage .notice-error')", seconds=SIGNED_SECONDS)
    assert "not shared with you any more" in page.locator(".watch-stage .notice-error").inner_text()
    assert page.evaluate(f"{VIDEO}.readyState") == 0
    while time.monotonic() < ended + SIGNED_SECONDS + 1:
        page.wait_for_timeout(500)
    assert {response.status for response in traffic.ours[so_far:]} == {404}
    assert {status_of(address) for address in held} == {403}
    # Not waited for: where there is nothing to play, that never ends.
    page.evaluate(f"() => {{ {VIDEO}.play().catch(() => null); }}")
    page.wait_for_timeout(1000)
    assert page.evaluate(f"{VIDEO}.readyState") == 0


def status_of(address: str) -> int:
    """What whoever kept the address gets."""
    request = urllib.request.Request(address, headers={"Range": "bytes=0-1"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
