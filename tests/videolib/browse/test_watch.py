"""The watch page: who sees what, where it starts, and what stands there while work is under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from transcode.models import Cue, Job, Recording, Rendition, ScreenText, State, Step, Storyboard, Transcript
from videolib.browse.watch import start_of
from videolib.clips import actions
from videolib.clips.models import Clip
from videolib.templatetags.describe import described


def watch(client: Client, clip: Clip, query: str = "") -> str:
    response = client.get(f"/clips/{clip.code}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def add_job(clip: Clip, step: Step, state: State, **columns: Any) -> Job:
    return Job.objects.create(recording=clip.recording, step=step, state=state, queue="media", **columns)


@pytest.fixture
def learner(make_user: Callable[..., Any]) -> Any:
    return make_user("learner")


# --- Who ------------------------------------------------------------------------------------------------------------


def test_a_signed_out_visitor_is_sent_to_sign_in_whether_there_is_a_clip_or_not(
    make_clip: Callable[..., Clip], client: Client
) -> None:
    for address in (make_clip().get_absolute_url(), "/clips/9f5a3a55-0000-4000-8000-000000000000/"):
        assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_a_private_clip_is_a_404_for_others(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(visibility="private")
    for role in ("learner", "contributor", "curator"):
        for part in ("", "?part=stage", "?part=transcript", "?part=progress"):
            assert client_of(make_user(role)).get(clip.get_absolute_url() + part).status_code == 404
    assert "Private" in watch(client_of(clip.owner), clip)
    assert clip.title in watch(client_of(make_user("admin")), clip)


def test_only_who_may_gets_the_buttons(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(cues=[(0, 2, "hello")])
    addresses = [f"/clips/{clip.code}/{deed}" for deed in ("edit/", "delete/", "cue/", "pin/", "hide/", "original")]

    def offered(user: Any) -> list[bool]:
        page = watch(client_of(user), clip)
        return [f'"{address}' in page for address in addresses]

    assert offered(make_user("learner")) == [False, False, False, False, False, False]
    assert offered(clip.owner) == [True, True, True, False, False, True]
    assert offered(make_user("curator")) == [True, True, True, True, True, False]
    Clip.objects.update(allow_download=True)
    assert offered(make_user("learner"))[-1]


def test_whoever_watches_may_rate_once_there_is_a_picture(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    assert 'name="stars"' in watch(client_of(learner), clip)
    assert 'name="stars"' in watch(client_of(clip.owner), clip)
    unplayable = make_clip(playable=False)
    assert 'name="stars"' not in watch(client_of(unplayable.owner), unplayable)


# --- Where it starts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("", 0),
        ("12", 12),
        ("12.5", 12.5),
        ("12.5s", 12.5),
        ("1:05", 65),
        ("1:00:05.5", 3605.5),
        ("-5", 0),
        ("nan", 0),
        ("inf", 0),
        ("1e400", 0),
        ("soon", 0),
        ("9" * 400, 0),
        ("\0", 0),
    ],
)
def test_a_link_names_a_second(asked: str, seconds: float) -> None:
    assert start_of(asked, None) == seconds


def test_a_second_behind_the_end_is_the_end() -> None:
    assert start_of("99", 60.5) == 60.5


def test_the_player_is_told_where_to_start(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    assert 'data-start="12.340"' in watch(client_of(learner), clip, "?t=12.34")
    assert 'data-start="0.000"' in watch(client_of(learner), clip, "?t=x'\"<")


# --- Words ----------------------------------------------------------------------------------------------------------


def test_each_cue_is_a_link_to_its_second(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip(cues=[(0, 2, "open the <menu>"), (63.42, 66, "press save")])
    page = watch(client_of(learner), clip)
    assert f'href="{clip.get_absolute_url()}?t=63.4"' in page and "1:03" in page
    assert "open the &lt;menu&gt;" in page
    for kind in ("vtt", "srt", "txt"):
        assert f"/clips/{clip.code}/captions.{kind}" in page


def test_a_silenced_cue_is_there_only_for_who_may_undo_it(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip(cues=[(0, 2, "thanks for watching")])
    actions.correct_cue(clip, start=0, end=2, text="", by=clip.owner)
    assert "(nothing is said here)" in watch(client_of(clip.owner), clip)
    assert "(nothing is said here)" not in watch(client_of(learner), clip)


@pytest.mark.parametrize(
    ("state", "error", "sentence", "asks_again"),
    [
        (State.QUEUED, "", "once this clip", True),
        (State.RUNNING, "", "Still listening", True),
        (State.DONE, "", "Nobody speaks in this clip", False),
        (State.SKIPPED, "There is no sound in this recording.", "There is no sound in this recording.", False),
        (State.SKIPPED, "", "Speech is not written down in this library", False),
        (State.FAILED, "The model is missing.", "The words could not be written down. The model is missing.", False),
    ],
)
def test_where_there_are_no_words_it_says_why(
    state: State,
    error: str,
    sentence: str,
    asks_again: bool,
    make_clip: Callable[..., Clip],
    learner: Any,
    client_of: Callable[..., Client],
) -> None:
    clip = make_clip()
    add_job(clip, Step.TRANSCRIBE, state, error=error)
    part = watch(client_of(learner), clip, "?part=transcript")
    assert sentence in part and "<html" not in part
    assert ("hx-trigger" in part) is asks_again


def test_the_owner_may_try_again_where_it_may_help(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    add_job(clip, Step.TRANSCRIBE, State.FAILED, may_retry=True)
    assert "/retry/" in watch(client_of(clip.owner), clip)
    assert "/retry/" not in watch(client_of(learner), clip)


def test_words_that_come_later_are_in_the_part(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    transcript = Transcript.objects.create(recording=clip.recording, engine="test", model="none", language="de")
    Cue.objects.create(transcript=transcript, start=1, end=2, text="guten Tag")
    part = watch(client_of(learner), clip, "?part=transcript")
    assert "guten Tag" in part and 'data-language="de"' in part and 'data-cues="1"' in part
    assert 'srclang="de"' in watch(client_of(learner), clip)


# --- While it is worked on ------------------------------------------------------------------------------------------


def test_a_clip_that_cannot_be_played_yet_shows_how_far_it_is(
    make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(playable=False)
    add_job(clip, Step.INSPECT, State.RUNNING)
    page = watch(client_of(clip.owner), clip)
    assert "<video" not in page and f"/clips/{clip.code}/status/" in page
    Recording.objects.update(playable_at=timezone.now())
    assert "<video" in watch(client_of(clip.owner), clip, "?part=stage")


def test_a_draft_has_a_page(make_user: Callable[..., Any], client_of: Callable[..., Client]) -> None:
    owner = make_user("contributor")
    draft = actions.create_draft("On its way", by=owner, visibility="team")
    for part in ("", "?part=stage", "?part=transcript", "?part=progress"):
        assert "<video" not in watch(client_of(owner), draft, part)


def test_a_failed_clip_says_why_and_offers_to_try_again(
    make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(playable=False)
    add_job(clip, Step.INSPECT, State.FAILED, error="This file holds no picture.", may_retry=True)
    page = watch(client_of(clip.owner), clip)
    assert "This file holds no picture." in page and f'action="/clips/{clip.code}/retry/"' in page
    words = watch(client_of(clip.owner), clip, "?part=transcript")
    assert "this recording did not become a clip" in words and "The words appear here" not in words


def test_better_versions_are_awaited_until_they_are_there(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    job = add_job(clip, Step.MAKE_RENDITIONS, State.RUNNING, percent=40)
    part = watch(client_of(learner), clip, "?part=progress")
    assert "hx-trigger" in part and 'data-versions="0"' in part and "hidden" in part
    assert 'value="40"' in watch(client_of(clip.owner), clip, "?part=progress")
    Job.objects.filter(pk=job.pk).update(state=State.DONE)
    add_rendition(clip, "source", 720)
    add_rendition(clip, "480p", 480)
    add_storyboard(clip)
    part = watch(client_of(learner), clip, "?part=progress")
    assert "hx-trigger" not in part and 'data-versions="2 with previews"' in part


def add_rendition(clip: Clip, name: str, height: int) -> None:
    columns: dict[str, Any] = {"fps": 30, "bandwidth": 1, "average_bandwidth": 1, "codecs": "avc1", "size_bytes": 1}
    Rendition.objects.create(
        recording=clip.recording, name=name, key=name, playlist="", width=1280, height=height, **columns
    )


def add_storyboard(clip: Clip) -> None:
    tiles = {"interval": 2, "columns": 5, "rows": 5, "tile_width": 160, "tile_height": 90, "count": 3}
    Storyboard.objects.create(recording=clip.recording, sheet_keys=["sheet"], **tiles)


def test_without_scripts_the_best_version_plays_from_that_second(
    make_clip: Callable[..., Clip], learner: Any, client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    add_rendition(clip, "480p", 480)
    add_rendition(clip, "source", 720)
    page = watch(client_of(learner), clip, "?t=5")
    assert f'src="/clips/{clip.code}/source.mp4#t=5.000"' in page


# --- Description ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("first\nsecond", "first<br>second"),
        ("<script>", "&lt;script&gt;"),
        ("a & b", "a &amp; b"),
        (
            "see https://example.com/a?b=1&c=2.",
            'see <a href="https://example.com/a?b=1&amp;c=2" rel="nofollow noopener">https://example.com/a?b=1&amp;c=2</a>.',
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("0:05 open", '<a href="CLIP?t=5" data-jump="5">0:05</a> open'),
        (
            "(0:59), 00:00:07",
            '(<a href="CLIP?t=59" data-jump="59">0:59</a>), <a href="CLIP?t=7" data-jump="7">00:00:07</a>',
        ),
        ("at 14:30 we meet", "at 14:30 we meet"),
        ("ratio 0:5 or 1:2:3:4 or 0:99", "ratio 0:5 or 1:2:3:4 or 0:99"),
        (
            "https://example.com/0:05",
            '<a href="https://example.com/0:05" rel="nofollow noopener">https://example.com/0:05</a>',
        ),
    ],
)
def test_a_description_is_safe_and_its_links_work(text: str, html: str, make_clip: Callable[..., Clip]) -> None:
    clip = make_clip(description=text)
    assert described(clip) == html.replace("CLIP", clip.get_absolute_url())


# --- How much it asks -----------------------------------------------------------------------------------------------


def test_queries_do_not_grow_with_cues_tags_ratings_and_clips(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    from videolib.community.actions import rate_clip

    client = client_of(make_user("curator"))

    def count(clip: Clip) -> int:
        with CaptureQueriesContext(connection) as queries:
            watch(client, clip)
        return len(queries)

    small = make_clip(cues=[(0, 1, "a")], tags=["one"])
    few = count(small)
    large = make_clip(small.owner, cues=[(n, n + 1, "word") for n in range(200)], tags=[f"tag {n}" for n in range(15)])
    for n in range(20):
        actions.correct_cue(large, start=n, end=n + 1, text="right", by=large.owner)
    for _ in range(5):
        rate_clip(large, 4, by=make_user())
    add_rendition(large, "480p", 480)
    assert count(large) == few <= 20


def test_what_stands_on_the_screen_is_fetched_once_the_page_is_there(
    client_of: Callable[..., Client], make_clip: Callable[..., Clip], learner: Any
) -> None:
    clip = make_clip()
    assert 'id="screen"' not in watch(client_of(learner), clip), "nobody reads this clip"
    add_job(clip, Step.READ_SCREEN, state=State.DONE)
    box = {"left": 0.1, "top": 0.2, "width": 0.25, "height": 0.05}
    line = {"start": 7.0, "end": 9.0, "text": "if a < b: ORA-00942", "confidence": 0.9}
    ScreenText.objects.create(recording=clip.recording, **line, **box)
    page = watch(client_of(learner), clip)
    assert 'hx-get="?part=screen"' in page and "ORA-00942" not in page
    part = watch(client_of(learner), clip, "?part=screen")
    assert "if a &lt; b: ORA-00942" in part
    assert 'data-box="0.1000 0.2000 0.2500 0.0500"' in part and "?t=7" in part
    assert "hx-trigger" not in part


def test_while_the_screen_is_read_its_part_asks_again_and_where_nothing_was_found_it_is_not_shown(
    client_of: Callable[..., Client], make_clip: Callable[..., Clip], learner: Any
) -> None:
    clip = make_clip()
    job = add_job(clip, Step.READ_SCREEN, state=State.RUNNING)
    part = watch(client_of(learner), clip, "?part=screen")
    assert "The screen is being read." in part and 'hx-trigger="every 10s"' in part
    Job.objects.filter(pk=job.pk).update(state=State.DONE)
    part = watch(client_of(learner), clip, "?part=screen")
    assert "hidden" in part and "hx-trigger" not in part
