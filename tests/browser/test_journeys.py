"""The main job, as people do it: in through a link, up with a recording, found by a sentence, watched at that second.

The tests follow each other like a day does; each begins where the one before ended.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ffmpeg
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from scripts.say import say
from tests.browser.conftest import Library, until

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

PASSWORD = "a long and calm phrase"
SPOKEN = (
    "Welcome. In this recording I show how we close the month. First, open the purchase ledger. "
    "Then check that every invoice has a cost centre. Now comes the important part. "
    "Protect the spreadsheet with a password before you send it to the auditors. "
    "At the end, archive the folder, and tell the accounting team."
)
TITLE = "Close the month"
# Wherever originals are kept.
PRINT_ORIGINALS = """
from hashlib import sha256
from django.core.files.storage import default_storage as storage
for original in storage.list_objects("originals"):
    print(sha256(storage.open(original.name).read()).hexdigest())
"""
TWO_MEBIBYTES = 2 * 1024 * 1024


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A narrated recording of some 15 MB that fits as it is, with a key frame every 5 s: segments over 2 MiB."""
    folder = tmp_path_factory.mktemp("recording")
    say(SPOKEN, folder / "voice.wav", speed=140)
    noise = ffmpeg.input("testsrc2=size=1280x720:rate=10", f="lavfi", t=26).filter("noise", alls=40, allf="t")
    made = ffmpeg.output(
        noise, ffmpeg.input(str(folder / "voice.wav")), str(folder / "close_the-month.mp4"),
        vcodec="libx264", preset="ultrafast", pix_fmt="yuv420p", video_bitrate="5M", maxrate="5M", bufsize="5M",
        g=50, keyint_min=50, sc_threshold=0, acodec="aac", ar=48000,
    )  # fmt: skip
    made.run(cmd=get_ffmpeg_exe(), quiet=True)
    return folder / "close_the-month.mp4"


@pytest.fixture(scope="session")
def people(library: Library) -> dict[str, str]:
    """Somebody of every role but admin, by name of the role."""
    library.wait_for_line(r"is ready at")
    emails = {role: f"{role}@example.com" for role in ("learner", "contributor", "curator")}
    for role, email in emails.items():
        library.manage("create_user", email, "--role", role, "--name", role.title(), "--password-stdin", stdin=PASSWORD)
    return emails


@pytest.fixture
def sign_in(open_page: Callable[..., Any], library: Library, people: dict[str, str]) -> Callable[..., Any]:
    """`sign_in("learner", width=390)`: a page of that person."""

    def enter(role: str, **options: Any) -> Any:
        page = open_page(**options)
        page.goto("/accounts/login/")
        page.locator("input[name=login]").fill(people[role])
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        page.wait_for_url(f"{library.url}/")
        return page

    return enter


@pytest.fixture(scope="session")
def known() -> dict[str, str]:
    """What one test leaves for the next: the clip's address."""
    return {}


def test_the_first_administrator_comes_in_by_the_printed_link(library: Library, open_page: Any, shot: Any) -> None:
    link = library.wait_for_line(r"open (http\S+)").group(1)
    page = open_page()
    page.goto(link)
    shot(page, "first-admin")
    page.get_by_label("Name").fill("Ada Admin")
    page.get_by_label("E-mail").fill("admin@example.com")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{library.url}/")
    shot(page, "home-empty")
    page.goto("/people/")
    assert page.get_by_text("admin@example.com").first.is_visible()
    again = open_page()
    assert again.goto(link).status in (404, 410)


def test_an_upload_survives_a_cut_of_the_network(
    library: Library, sign_in: Any, recording: Path, known: dict[str, str], shot: Any
) -> None:
    # Other tests of this process may have filled the same library.
    there_before = library.manage("shell", "--no-imports", "-c", PRINT_ORIGINALS).split()
    page = sign_in("contributor")
    page.goto("/upload/")
    session = page.context.new_cdp_session(page)
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 3_000_000}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", conditions)
    offsets: list[int] = []
    page.on("request", lambda sent: offsets.append(int(sent.headers.get("upload-offset", 0))))
    page.locator("input[data-files]").set_input_files(recording)
    until(page, "document.querySelector('[data-transfer] progress').value > 15")
    shot(page, "upload-running")
    session.send("Network.emulateNetworkConditions", {**conditions, "offline": True})
    page.wait_for_timeout(1500)
    session.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": -1})
    words = page.locator("[data-words]")
    words.get_by_label("Title").fill(TITLE)
    words.get_by_label("Title").blur()
    words.get_by_label(re.compile("whole team", re.I)).check()
    page.locator("[data-status=ready]").first.wait_for(timeout=120_000)
    shot(page, "upload-done")
    originals = library.manage("shell", "--no-imports", "-c", PRINT_ORIGINALS).split()
    assert sorted(originals) == sorted([*there_before, _sha256(recording)])
    assert max(offsets) > 0, "it began again instead of going on"
    known["clip"] = page.locator("[data-transfer] a[href^='/clips/']").first.get_attribute("href").split("?")[0]


def test_it_is_heard_and_found_by_a_sentence_and_jumps_to_it(sign_in: Any, known: dict[str, str], shot: Any) -> None:
    page = sign_in("learner")
    for _ in range(60):
        page.goto("/search/?q=protect+the+spreadsheet+with+a+password")
        if page.locator(".moment mark").count():
            break
        page.wait_for_timeout(1000)
    shot(page, "search")
    box = page.locator("#site-search")
    box.fill("")
    box.press_sequentially("protect the spreadsh", delay=30)
    page.locator("[data-hit]").first.wait_for()
    box.fill("protect the spreadsheet with a password")
    box.press("Enter")
    page.wait_for_url("**/search/?q=*")
    moment = page.locator(".moment").first
    assert "password" in moment.inner_text().lower()
    moment.click()
    page.wait_for_url(re.compile(r"/clips/.*t="))
    at = float(re.search(r"[?&]t=([\d.]+)", page.url).group(1))  # type: ignore[union-attr]
    assert at > 5
    until(page, "document.querySelector('video').readyState >= 2")
    stands = page.evaluate("document.querySelector('video').currentTime")
    assert abs(stands - at) < 1
    shot(page, "watch")


def test_it_plays_over_large_segments_with_captions_and_seeks(sign_in: Any, known: dict[str, str], shot: Any) -> None:
    page = sign_in("learner")
    page.goto(known["clip"])
    playlist = page.request.get(f"{known['clip']}source.m3u8").text()
    assert max(int(size) for size in re.findall(r"BYTERANGE:(\d+)", playlist)) > TWO_MEBIBYTES
    until(page, "document.querySelector('video').readyState >= 2")
    page.locator("body").press("c")
    page.evaluate("document.querySelector('video').muted = true; document.querySelector('video').play()")
    until(page, "document.querySelector('video').currentTime > 2", seconds=20)
    until(page, "document.querySelector('.plyr__caption')?.textContent.length > 3", seconds=20)
    shot(page, "watch-captions")
    cue = page.locator("[data-cue-list] [data-jump]").nth(3)
    wanted = float(cue.get_attribute("data-jump"))
    cue.click()
    until(page, f"Math.abs(document.querySelector('video').currentTime - {wanted}) < 1.5")
    page.evaluate("document.querySelector('video').currentTime = document.querySelector('video').duration - 3")
    until(page, "document.querySelector('video').ended", seconds=30)


def test_people_rate_tag_and_pin(sign_in: Any, known: dict[str, str], shot: Any) -> None:
    learner = sign_in("learner")
    learner.goto(known["clip"])
    learner.locator("label", has=learner.locator("#star-4")).click()
    learner.locator("#rating .stars").wait_for()
    learner.locator("#new-tag").fill("Accounting")
    learner.locator(".tag-add button").click()
    learner.locator("#tags .tag", has_text="Accounting").wait_for()
    learner.reload()
    assert learner.locator("#star-4").is_checked()
    curator = sign_in("curator")
    curator.goto(known["clip"])
    curator.locator("#pin button").click()
    curator.locator("#pin button[aria-pressed=true]").wait_for()
    curator.goto("/")
    assert curator.get_by_role("link", name=TITLE).first.is_visible()
    shot(curator, "home")


def test_a_private_clip_is_nowhere_for_anybody_else(sign_in: Any, known: dict[str, str]) -> None:
    owner = sign_in("contributor")
    owner.goto(f"{known['clip']}edit/")
    owner.get_by_label(re.compile("only me", re.I)).check()
    owner.get_by_role("button", name="Save").click()
    owner.wait_for_load_state()
    learner = sign_in("learner")
    for name in ("", "main.m3u8", "source.m3u8", "source.mp4", "poster.jpg", "storyboard.vtt", "storyboard-0.jpg",
                 "captions.vtt", "captions.srt", "captions.txt", "original", "status/", "edit/"):  # fmt: skip
        assert learner.request.get(f"{known['clip']}{name}").status == 404, name
    code = known["clip"].strip("/").rpartition("/")[2]
    for path in ("", "/transcript", "/jobs", "/rating"):
        assert learner.request.get(f"/api/v1/clips/{code}{path}").status == 404, path
    learner.goto("/search/?q=spreadsheet")
    assert learner.locator(".moment").count() == 0
    learner.goto("/")
    assert learner.get_by_text(TITLE).count() == 0


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_pages_fit_their_width_in_light_and_dark(
    sign_in: Any, known: dict[str, str], shot: Any, width: int, dark: bool
) -> None:
    page = sign_in("contributor", width=width, dark=dark)
    pages = {
        "home": "/", "browse": "/browse/", "search": "/search/?q=spreadsheet", "watch": known["clip"],
        "edit": f"{known['clip']}edit/", "upload": "/upload/", "mine": "/clips/mine/", "trash": "/clips/trash/",
        "me": "/me/", "docs": "/api/v1/docs", "missing": "/no-such-page/",
    }  # fmt: skip
    for name, address in pages.items():
        page.goto(address)
        shot(page, f"{name}-{width}-{'dark' if dark else 'light'}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
