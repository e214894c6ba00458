"""The ways to a clip that need JavaScript: the search box, filters, previews, the menu; and that all works without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def filled(
    transactional_db: None, data_folder: Path, make_user: Callable[..., Any], make_clip: Callable[..., Any]
) -> Any:
    """Three clips, one with previews; and the person who looks at them."""
    from transcode.models import Storyboard

    owner = make_user("contributor", name="Ada")
    clip = make_clip(owner, title="Git for the brave", cues=[(7, 9, "rebase the feature branch")], tags=["git"])
    sheet = default_storage.save("sheet.jpg", ContentFile(jpeg(data_folder, (640, 180))))
    Storyboard.objects.create(
        recording=clip.recording,
        sheet_keys=[sheet],
        interval=10,
        columns=4,
        rows=2,
        tile_width=160,
        tile_height=90,
        count=6,
    )
    rows = [(1, 3, "drag the feature into\nthe rows, and"), (3, 5, "The rows fill up")]
    make_clip(owner, title="Pivot tables", cues=rows, tags=["excel"])
    short = make_clip(owner, title="A short one")
    short.recording.duration = 20
    short.recording.save()
    return make_user("learner")


def jpeg(folder: Path, size: tuple[int, int]) -> bytes:
    picture = folder / "picture.jpg"
    Image.new("RGB", size, "#336699").save(picture)
    return picture.read_bytes()


@pytest.fixture
def open_library(
    filled: Any, client_of: Callable[..., Any], live_server: Any, browser: Any
) -> Iterator[Callable[..., Page]]:
    """`open_library("/browse/")`: the page in Chromium, signed in. What the console complains of fails the test."""
    session = client_of(filled).cookies["sessionid"].value
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_page(path: str, **options: Any) -> Page:
        context: BrowserContext = browser.new_context(**options)
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # That there is no page at an address is what one of the tests asks for.
    assert [text for text in complaints if "404" not in text] == []


def test_the_search_box_leads_to_a_second_by_keyboard_alone(open_library):
    page = open_library("/")
    page.keyboard.press("/")
    page.keyboard.type("rebase feat", delay=20)
    first = page.locator("#suggestions [data-hit]").first
    expect(first).to_contain_text("Git for the brave")
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#site-search")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    page.keyboard.type("u", delay=20)
    expect(first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/clips/*/?t=7", wait_until="commit")


def test_a_suggestion_is_taken_by_keyboard_alone(open_library):
    page = open_library("/")
    page.keyboard.press("/")
    page.keyboard.type("exc", delay=20)
    suggestion = page.get_by_role("region", name="Found while you type").get_by_role("link", name="excel Tag")
    expect(suggestion).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(suggestion).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/browse/?tag=excel", wait_until="commit")


def test_more_like_it_comes_below_the_player(open_library, make_clip):
    make_clip(title="Pivot charts")
    page = open_library("/browse/?tag=excel")
    page.get_by_role("link", name="Pivot tables").first.click()
    like = page.get_by_role("region", name="More like this")
    page.get_by_text("More like this").scroll_into_view_if_needed()
    like.get_by_role("link", name="Pivot charts").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pivot charts")


def test_a_moment_shows_its_second(open_library):
    page = open_library("/search/?q=rebase")
    tile = page.locator(".moment-tile .tile")
    expect(tile).to_be_visible()
    shape = tile.bounding_box()
    assert shape["width"] / shape["height"] == pytest.approx(16 / 9, rel=0.02)
    page.wait_for_function("document.querySelector('.moment-tile img').naturalWidth == 640")


def test_a_transcript_is_searched_over_line_and_cue_ends(open_library):
    page = open_library("/browse/?tag=excel")
    page.get_by_role("link", name="Pivot tables").first.click()
    field, found = page.locator("#search-words"), page.locator("#found-words")
    marks = page.locator("[data-cue-list] mark")
    field.fill("into  the rows")
    expect(found).to_have_text("1 found")
    expect(marks).to_have_text(["into the rows"])
    field.fill("and the rows")
    expect(found).to_have_text("1 found")
    expect(marks).to_have_text(["and", "The rows"])
    field.fill("the")
    expect(found).to_have_text("3 found")
    field.press("Enter")
    expect(found).to_have_text("1 of 3")
    expect(page.locator("mark.chosen")).to_have_text("the")
    field.fill("columns")
    expect(found).to_have_text("Not found")
    expect(marks).to_have_count(0)


def test_a_long_transcript_is_searched_without_a_wait(open_library, make_clip):
    said = "and then we drag the layer a little further to the left, where nothing else is in the way"
    clip = make_clip(cues=[(second, second + 1, said) for second in range(1000)])
    page = open_library(f"/clips/{clip.code}/")
    page.locator("#search-words").press("e")
    expect(page.locator("#found-words")).to_have_text(f"{1000 * said.count('e')} found", timeout=15_000)


def test_a_search_in_the_transcript_is_no_change_of_the_words(open_library):
    page = open_library("/browse/?tag=excel")
    page.get_by_role("link", name="Pivot tables").first.click()
    page.locator("#search-words").fill("rows")
    expect(page.locator("#found-words")).to_have_text("2 found")
    swap = "document.dispatchEvent(new CustomEvent('htmx:afterSwap', { detail: { target: document.body } }))"
    assert page.evaluate(f"{{ let told = 0; document.addEventListener('words', () => told++); {swap}; told }}") == 0
    expect(page.locator("[data-cue-list] mark")).to_have_count(2)


def test_the_search_page_answers_while_one_types_and_can_be_shared(open_library):
    page = open_library("/search/?q=pivot")
    page.locator("#site-search").press("End")
    page.locator("#site-search").press_sequentially(" feature", delay=20)
    expect(page.locator("#results .result")).to_have_count(2)
    page.wait_for_url("**/search/?q=pivot+feature")
    page.reload()
    expect(page.locator("#results .result")).to_have_count(2)


def test_filters_apply_when_chosen_and_the_way_back_works(open_library):
    page = open_library("/browse/")
    page.select_option("#id_length", "under-1")
    expect(page.locator("[data-card]")).to_have_count(1)
    page.wait_for_url("**/browse/?length=under-1")
    page.go_back()
    expect(page.locator("[data-card]")).to_have_count(3)


def test_a_card_under_the_pointer_shows_what_happens_in_the_clip(open_library):
    page = open_library("/browse/")
    page.locator("[data-card]", has_text="Git for the brave").hover()
    expect(page.locator("[data-card] canvas")).to_have_count(1)
    page.mouse.move(2, 2)
    expect(page.locator("[data-card] canvas")).to_have_count(0)


def test_nothing_moves_for_people_who_want_less_motion(open_library):
    page = open_library("/browse/", reduced_motion="reduce")
    page.locator("[data-card]", has_text="Git for the brave").hover()
    page.wait_for_timeout(700)
    expect(page.locator("[data-card] canvas")).to_have_count(0)


def test_all_of_it_works_without_javascript(open_library):
    page = open_library("/", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.locator(".menu > summary").click()
    page.locator(".menu-panel").get_by_text("Browse").click()
    page.select_option("#id_length", "under-1")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-card]")).to_have_count(1)
    page.fill("#site-search", "rebase")
    page.press("#site-search", "Enter")
    page.locator("a.moment").first.click()
    page.wait_for_url("**/clips/*/?t=7", wait_until="commit")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_its_window(open_library, width):
    page = open_library("/", viewport={"width": width, "height": 800})
    for path in ("/", "/browse/?tag=git", "/search/?q=feature", "/no-such-page/"):
        page.goto(urljoin(page.url, path))
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path
