"""Moments of a search say where they matched and show what is seen in their second: on the page and in the API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from transcode.models import Recording, ScreenText, Storyboard
from videolib.browse.search import FIELD_NAMES
from videolib.clips.actions import index_clip
from videolib.clips.models import Clip
from videolib.search.lines import FIELDS

SAID = [(0, 4, "welcome everybody"), (61.5, 66, "now rebase the feature branch")]


@pytest.fixture
def learner(client_of: Any, make_user: Any) -> Client:
    client: Client = client_of(make_user("learner"))
    return client


def give_storyboard(clip: Clip) -> None:
    tiles = {"interval": 10.0, "columns": 4, "rows": 2, "tile_width": 160, "tile_height": 90, "count": 12}
    Storyboard.objects.create(recording=clip.recording, sheet_keys=["one.jpg", "two.jpg"], **tiles)


def give_poster(clip: Clip) -> None:
    Recording.objects.filter(pk=clip.recording_id).update(poster_key="poster.jpg")


def moments_on_the_page(client: Client, text: str) -> list[str]:
    return re.findall(r'<a class="moment".*?</a>', client.get("/search/", {"q": text}).text, re.DOTALL)


def moments_of_the_api(client: Client, text: str) -> list[dict[str, Any]]:
    (hit,) = client.get("/api/v1/search", {"q": text}).json()["hits"]
    found: list[dict[str, Any]] = hit["moments"]
    return found


def test_every_field_has_a_name() -> None:
    assert set(FIELD_NAMES) == set(FIELDS)


@pytest.mark.parametrize(
    ("text", "where", "time"),
    [
        ("zebra", "Title", None),
        ("quagga", "Tag", None),
        ("okapi", "Description", None),
        ("rebase", "Spoken", "1:01"),
        ("kubectl", "On screen", "0:42"),
    ],
)
def test_a_moment_says_where_it_matched(
    learner: Client, make_clip: Any, text: str, where: str, time: str | None
) -> None:
    clip = make_clip(title="The zebra", tags=["quagga"], description="An okapi", cues=SAID)
    box = {"left": 0.1, "top": 0.1, "width": 0.2, "height": 0.1, "confidence": 0.9}
    ScreenText.objects.create(recording=clip.recording, start=42.0, end=44.0, text="kubectl get pods", **box)
    index_clip(clip)
    (shown,) = moments_on_the_page(learner, text)
    assert f'<span class="moment-field">{where}</span>' in shown
    assert re.findall(r'"moment-time">([^<]*)<', shown) == ([time] if time else [])
    assert [moment["where"] for moment in moments_of_the_api(learner, text)] == [where]


def test_its_picture_is_the_tile_of_its_second(learner: Client, make_clip: Any) -> None:
    clip = make_clip(cues=SAID)
    give_storyboard(clip)
    give_poster(clip)
    (shown,) = moments_on_the_page(learner, "rebase")
    assert f'src="/clips/{clip.code}/storyboard-0.jpg" alt="" width="640" height="180" loading="lazy"' in shown
    assert 'viewBox="320 90 160 90"' in shown
    assert 'aria-hidden="true"' in shown
    (moment,) = moments_of_the_api(learner, "rebase")
    assert moment["picture"] == {
        "address": f"/clips/{clip.code}/storyboard-0.jpg",
        "left": 320,
        "top": 90,
        "width": 160,
        "height": 90,
        "whole_width": 640,
        "whole_height": 180,
    }


def test_an_upright_one_is_shown_whole(learner: Client, make_clip: Any) -> None:
    clip = make_clip(cues=SAID)
    Recording.objects.filter(pk=clip.recording_id).update(width=720, height=1280)
    give_storyboard(clip)
    (shown,) = moments_on_the_page(learner, "rebase")
    assert "xMidYMid meet" in shown


def test_without_previews_it_is_the_poster(learner: Client, make_clip: Any) -> None:
    clip = make_clip(cues=SAID)
    give_poster(clip)
    (shown,) = moments_on_the_page(learner, "rebase")
    assert f'src="/clips/{clip.code}/poster.jpg" alt=""' in shown
    picture = moments_of_the_api(learner, "rebase")[0]["picture"]
    assert picture.pop("address") == f"/clips/{clip.code}/poster.jpg"
    assert set(picture.values()) == {None}


def test_without_any_picture_there_is_none(learner: Client, make_clip: Any) -> None:
    make_clip(cues=SAID)
    (shown,) = moments_on_the_page(learner, "rebase")
    assert "<img" not in shown
    assert moments_of_the_api(learner, "rebase")[0]["picture"] is None


def test_who_may_not_see_the_clip_gets_no_tile_either(client_of: Any, make_user: Any, make_clip: Any) -> None:
    owner = make_user("contributor")
    clip = make_clip(owner, cues=SAID, visibility="private")
    give_storyboard(clip)
    assert len(moments_on_the_page(client_of(owner), "rebase")) == 1
    other = client_of(make_user("learner"))
    assert moments_on_the_page(other, "rebase") == []
    assert other.get(f"/clips/{clip.code}/storyboard-0.jpg").status_code == 404


def test_pictures_cost_no_query(learner: Client, make_clip: Any, make_user: Any) -> None:
    owner, counts = make_user("contributor"), []
    for number in (2, 10):
        for _ in range(number):
            give_storyboard(make_clip(owner, cues=SAID))
        with CaptureQueriesContext(connection) as queries:
            assert 'viewBox="320 90 160 90"' in learner.get("/search/", {"q": "rebase"}).text
        counts.append(len(queries))
    assert counts[0] == counts[1]
