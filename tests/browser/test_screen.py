"""What stands on the screen, beside the picture and over it: follows the time, is copied, leads to its second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ffmpeg
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import until

pytestmark = pytest.mark.browser

# Lines with the part of the picture they take; the first two stand until second 4, the others from then on.
SHOWN = (
    (0, 4, 0.1, 0.1, "kubectl get pods -n checkout"),
    (0, 4, 0.1, 0.3, "ERR_CONN_RESET"),
    (4, 8, 0.1, 0.1, "SELECT invoice FROM ledger"),
    (4, 8, 0.6, 0.1, "OK"),
)
WIDTH, HEIGHT, LETTERS = 1280, 720, 36


@pytest.fixture
def recording_file(tmp_path: Path) -> Path:
    for number, start in enumerate((0, 4)):
        picture = Image.new("RGB", (WIDTH, HEIGHT), "#10141c")
        pen = ImageDraw.Draw(picture)
        for at, _, left, top, text in SHOWN:
            if at == start:
                pen.text((left * WIDTH, top * HEIGHT), text, font=ImageFont.load_default(LETTERS), fill="#e0e4ec")
        picture.save(tmp_path / f"{number}.png")
    stills = ffmpeg.input(str(tmp_path / "%d.png"), framerate="1/4").filter("fps", 10)
    made = ffmpeg.output(stills, str(tmp_path / "screen.mp4"), vcodec="libx264", pix_fmt="yuv420p", g=10)
    made.run(cmd=get_ffmpeg_exe(), quiet=True)
    return tmp_path / "screen.mp4"


@pytest.fixture
def watched(
    transactional_db: None,
    data_folder: Path,
    settings: Any,
    recording_file: Path,
    make_user: Callable[..., Any],
    make_clip: Callable[..., Any],
) -> Any:
    """A clip that plays, and what was read off it."""
    from transcode.actions import accept_recording, store_original
    from transcode.models import Job, ScreenText, State, Step
    from transcode.tasks import RUN
    from videolib.clips.models import Clip

    settings.SPEECH_ENGINE = "none"
    clip = make_clip(make_user("contributor"), title="Pods")
    recording = accept_recording(*store_original(recording_file))
    for step in (Step.INSPECT, Step.MAKE_PLAYABLE):
        RUN[step](recording.jobs.get(step=step).pk)
    Job.objects.filter(recording=recording, state=State.QUEUED).update(state=State.DONE)
    Job.objects.update_or_create(recording=recording, step=Step.READ_SCREEN, defaults={"state": State.DONE})
    for start, end, left, top, text in SHOWN:
        box = {"left": left, "top": top, "width": len(text) * 0.016, "height": 0.055}
        ScreenText.objects.create(recording=recording, start=start, end=end, text=text, confidence=0.9, **box)
    Clip.objects.filter(pk=clip.pk).update(recording=recording)
    return clip


@pytest.fixture
def open_clip(
    watched: Any, make_user: Callable[..., Any], client_of: Callable[..., Any], live_server: Any, browser: Any
) -> Iterator[Callable[..., Page]]:
    """`open_clip(width=390)`: its page, as a learner has it."""
    session = client_of(make_user("learner")).cookies["sessionid"].value
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(query: str = "", width: int = 1280, **options: Any) -> Page:
        context: BrowserContext = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
        page.goto(f"{live_server.url}{watched.get_absolute_url()}{query}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def shown(page: Page) -> list[str]:
    return [text.strip() for text in page.locator("[data-screen-lines] li:visible span").all_inner_texts()]


def seek(page: Page, seconds: float) -> None:
    until(page, "document.querySelector('video').readyState >= 2")
    page.evaluate(f"document.querySelector('video').currentTime = {seconds}")
    until(page, "!document.querySelector('video').seeking")


def test_the_list_shows_what_is_there_now_and_follows_the_time(open_clip: Callable[..., Page]) -> None:
    page = open_clip()
    expect(page.locator("[data-screen-lines] li:visible")).to_have_count(2)
    assert shown(page) == ["kubectl get pods -n checkout", "ERR_CONN_RESET"]
    seek(page, 5)
    expect(page.locator("[data-screen-lines] li:visible").first).to_contain_text("SELECT invoice")
    page.get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 4
    expect(page.locator("[data-screen-lines] [aria-current]")).to_have_count(2)


def test_a_line_leads_to_the_second_it_came_by_keyboard_too(open_clip: Callable[..., Page]) -> None:
    page = open_clip()
    until(page, "document.querySelector('video').readyState >= 2")
    page.get_by_role("button", name="Show all").click()
    link = page.locator("[data-screen-lines] a", has_text="SELECT invoice")
    link.focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('video').currentTime >= 3.9")


def test_what_is_there_is_copied_as_it_is_read(open_clip: Callable[..., Page]) -> None:
    page = open_clip("?t=5", permissions=["clipboard-read", "clipboard-write"])
    until(page, "document.querySelector('video').currentTime >= 5")
    expect(page.locator("[data-screen-lines] li:visible").first).to_contain_text("SELECT invoice")
    page.locator("[data-screen-copy]").click()
    expect(page.locator("[data-screen-copy]")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "SELECT invoice FROM ledger\tOK"


@pytest.mark.parametrize("width", [1280, 390])
def test_text_is_selected_on_a_paused_picture(open_clip: Callable[..., Page], width: int) -> None:
    page = open_clip("?t=1", width=width)
    until(page, "document.querySelector('video').readyState >= 2")
    line = page.locator(".screen-overlay span", has_text="ERR_CONN_RESET")
    line.wait_for(state="attached")
    film, box = page.locator("video").bounding_box(), line.bounding_box()
    assert film and box
    assert box["x"] == pytest.approx(film["x"] + 0.1 * film["width"], abs=3)
    assert box["y"] == pytest.approx(film["y"] + 0.3 * film["height"], abs=3)
    assert box["width"] == pytest.approx(len("ERR_CONN_RESET") * 0.016 * film["width"], abs=4)
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert page.evaluate("getSelection().toString().trim()") == "ERR_CONN_RESET"
    assert page.evaluate("document.querySelector('video').paused")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 3)
    until(page, "!document.querySelector('video').paused")
    expect(page.locator(".screen-overlay")).to_have_count(0)


def test_a_single_click_on_text_plays_as_anywhere_on_the_picture(open_clip: Callable[..., Page]) -> None:
    page = open_clip("?t=1")
    page.locator(".screen-overlay span", has_text="ERR_CONN_RESET").click()
    until(page, "!document.querySelector('video').paused")


def test_it_fits_a_phone_in_the_dark(open_clip: Callable[..., Page]) -> None:
    page = open_clip(width=390, color_scheme="dark")
    expect(page.locator("[data-screen-lines] li:visible")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_javascript_a_link_leads_to_a_plain_list(open_clip: Callable[..., Page]) -> None:
    page = open_clip(java_script_enabled=False)
    page.get_by_role("link", name="Everything that can be read").click()
    assert [line.split()[1] for line in page.locator("li").all_inner_texts()] == [
        "kubectl",
        "ERR_CONN_RESET",
        "SELECT",
        "OK",
    ]
