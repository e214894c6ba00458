"""Uploading, in a real browser: the network is cut in the middle, the page reloaded, and not a byte is lost."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import START_SECONDS, Library

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

MEGABYTE = 1024**2
PASSWORD = "correct horse battery"
UMA = "uma@example.com"
# Everything runs on two cores here, the pipeline included.
PATIENCE = 90_000


@pytest.fixture(scope="module")
def contributor(library: Library) -> str:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(library):
        assert time.monotonic() < deadline, "the library did not start"
        time.sleep(0.2)
    library.manage("create_user", UMA, "--role=contributor", "--password-stdin", stdin=PASSWORD)
    return UMA


def _answers(library: Library) -> bool:
    try:
        return urllib.request.urlopen(library.url, timeout=5).status == 200
    except OSError:
        return False


@pytest.fixture
def upload_page(open_page: Callable[..., Any], contributor: str) -> Callable[..., Any]:
    """`upload_page(width=390)`: the upload page, signed in."""

    def open_it(*args: Any, **options: Any) -> Any:
        page = open_page(*args, **options)
        page.goto("/accounts/login/?next=/upload/")
        page.fill("[name=login]", contributor)
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/upload/")
        return page

    return open_it


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of picture, and an MP4 box that players skip to make it 24 MB."""
    from transcode.media.ffmpeg import binary

    file = tmp_path_factory.mktemp("recordings") / "Cut_in-the-middle.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30:duration=2"]
    command = [str(binary()), "-loglevel", "error", *picture, "-pix_fmt", "yuv420p", str(file)]
    subprocess.run(command, check=True, timeout=60)
    filler = os.urandom(24 * MEGABYTE)
    with file.open("ab") as out:
        out.write((len(filler) + 8).to_bytes(4, "big") + b"free" + filler)
    return file


class Network:
    """The line of one page."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")

    def be(self, *, offline: bool = False, upload: int = -1) -> None:
        """`upload`: bytes a second."""
        speed = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        self._session.send("Network.emulateNetworkConditions", speed)


def wait_for_percent(page: Any, percent: int) -> None:
    # Not wait_for_function: that evaluates a string in the page, which our CSP forbids.
    deadline = time.monotonic() + PATIENCE / 1000
    while page.locator(".upload progress").first.evaluate("bar => bar.value") <= percent:
        assert time.monotonic() < deadline, f"{percent} % did not arrive"
        page.wait_for_timeout(50)


def wait_for_state(page: Any, state: str) -> None:
    page.wait_for_selector(f".upload[data-state={state}]", timeout=PATIENCE)


def test_a_cut_network_and_a_reload_lose_nothing(upload_page, library, recording, shot):
    page = upload_page()
    page.on("dialog", lambda dialog: dialog.accept())
    network = Network(page)
    network.be(upload=4 * MEGABYTE)
    page.set_input_files("[data-files]", recording)
    wait_for_percent(page, 5)
    page.fill("[data-words-form] [name=title]", "Written while it travels")
    page.wait_for_selector("[data-saved]:text('Saved')", timeout=PATIENCE)
    shot(page, "upload-travelling")

    network.be(offline=True)
    wait_for_state(page, "retrying")
    network.be(upload=4 * MEGABYTE)
    wait_for_state(page, "sending")
    wait_for_percent(page, 40)

    page.reload()
    wait_for_state(page, "unfinished")
    assert "Choose the same file again" in page.inner_text(".upload")
    shot(page, "upload-unfinished")
    page.set_input_files("[data-files]", recording)
    page.wait_for_selector(".upload [data-status=ready] >> text=Open", timeout=PATIENCE)
    assert page.locator(".upload").count() == 1
    shot(page, "upload-ready")
    page.click("text=Copy link")
    page.wait_for_selector("text=Copied")

    said = library.manage(
        "shell", "-v0", "-c",
        "from videolib.clips.models import Clip;"
        f"clip = Clip.objects.get(owner__email='{UMA}'); print(clip.title, clip.recording.sha256)",
    )  # fmt: skip
    assert said.split("\n")[-2] == f"Written while it travels {hashlib.sha256(recording.read_bytes()).hexdigest()}"


def test_pause_holds_until_somebody_goes_on_and_cancel_forgets(upload_page, library, recording):
    page = upload_page(390, dark=True)
    page.on("dialog", lambda dialog: dialog.accept())
    Network(page).be(upload=2 * MEGABYTE)
    page.set_input_files("[data-files]", recording)
    wait_for_percent(page, 3)
    page.click("[data-does=pause]")
    wait_for_state(page, "paused")
    page.click("[data-does=resume]")
    wait_for_state(page, "sending")
    page.click("[data-cancel] button")
    page.wait_for_selector(".upload", state="detached", timeout=PATIENCE)
    page.reload()
    assert page.locator(".upload").count() == 0
    assert list((library.folder / "uploads").glob("*")) == []


def test_several_dropped_at_once_each_end_in_a_sentence(upload_page, shot):
    page = upload_page(390)
    dropped = page.evaluate_handle(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["not a recording"], "notes.mp4"));
          dropped.items.add(new File([], "<b>empty</b>.webm"));
          return dropped;
        }"""
    )
    page.dispatch_event("main", "drop", {"dataTransfer": dropped})
    page.wait_for_selector("text=This file is empty", timeout=PATIENCE)
    page.wait_for_selector(".upload [data-status=failed]", timeout=PATIENCE)
    assert page.locator(".upload").count() == 2
    assert page.locator("text=<b>empty</b>.webm").first.is_visible()
    shot(page, "upload-refused-390")


def test_told_to_wait_it_says_so_and_goes_on_by_itself(upload_page):
    page, turned_away = upload_page(), []

    def answer(route: Any) -> None:
        if route.request.method != "POST" or turned_away:
            route.continue_()
            return
        turned_away.append(route.request.url)
        route.fulfill(status=429, headers={"Retry-After": "2"}, body="Very many uploads. Go on in a minute.\n")

    page.route("**/uploads/", answer)
    page.set_input_files("[data-files]", {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"not a recording"})
    page.wait_for_selector("text=Very many uploads. Go on in a minute.", timeout=PATIENCE)
    wait_for_state(page, "done")
    assert len(turned_away) == 1


def test_without_javascript_a_form_takes_one_file(upload_page, recording, shot):
    page = upload_page(390, java_script_enabled=False)
    shot(page, "upload-plain-390")
    page.set_input_files("form [name=file]", recording)
    page.click("form:has([name=file]) button")
    page.wait_for_url("**/clips/**")
    assert page.inner_text("h1") == "Cut in the middle"


def test_pieces_grow_with_the_line_and_shrink_with_it(upload_page):
    page = upload_page()
    pieces = page.evaluate("""async () => {
        const address = document.querySelector('script[src*="upload"]').src.replace(/upload[^/]*$/, 'pace.js');
        const { Pace, PIECE } = await import(address);
        let now = 0;
        performance.now = () => now;
        const pace = new Pace();
        return [[PIECE, 200], [5 * PIECE, 400], [8 * PIECE, 4000], [2 * PIECE, 20000]].map(([bytes, took]) => {
            now += took;
            return pace.pieceAfter(bytes) / PIECE;
        });
    }""")
    assert pieces == [5, 8, 2, 1]


def test_on_a_quick_line_a_file_travels_in_few_pieces(upload_page, tmp_path):
    """As if a second were a thousand: the first piece is small, the second as large as they get, and that is it."""
    page = upload_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "PATCH" else None)
    file = tmp_path / "large.mp4"
    with file.open("wb") as out:
        out.truncate(88 * MEGABYTE)
    page.evaluate("() => { const now = performance.now.bind(performance); performance.now = () => now() / 1000; }")
    page.set_input_files("[data-files]", file)
    page.wait_for_selector(".upload[data-state=done], .upload[data-state=refused]", timeout=PATIENCE)
    assert len(sent) == 3
