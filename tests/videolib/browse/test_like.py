"""More like this: clips like the one that is watched, of those the person comes across."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from videolib.browse.search import MOST_LIKE
from videolib.clips.models import Clip

HTMX = {"HX-Request": "true"}


@pytest.fixture
def learner(client_of: Any, make_user: Any) -> Client:
    client: Client = client_of(make_user("learner"))
    return client


@pytest.fixture
def clip(make_clip: Any) -> Clip:
    made: Clip = make_clip(title="Rebase a branch")
    return made


def page(clip: Clip) -> str:
    return f"/clips/{clip.code}/like/"


def operation(clip: Clip) -> str:
    return f"/api/v1/clips/{clip.code}/like"


def test_clips_of_the_same_words_are_shown_but_not_itself(learner: Client, make_clip: Any, clip: Clip) -> None:
    make_clip(title="Merge a <branch>")
    make_clip(title="Pivot tables")
    part = learner.get(page(clip), headers=HTMX).text
    assert "More like this" in part
    assert "Merge a &lt;branch&gt;" in part
    assert "<html" not in part
    assert not [title for title in ("Rebase a branch", "Pivot tables") if title in part]
    (told,) = learner.get(operation(clip)).json()
    assert told["title"] == "Merge a <branch>"


def test_at_most_six(learner: Client, make_clip: Any, make_user: Any, clip: Clip) -> None:
    owner = make_user("contributor")
    for number in range(9):
        make_clip(owner, title=f"Branch {number}")
    assert learner.get(page(clip), headers=HTMX).text.count("data-card") == MOST_LIKE == 6
    assert len(learner.get(operation(clip)).json()) == 6


def test_where_nothing_is_like_it_there_is_nothing(learner: Client, clip: Clip) -> None:
    assert learner.get(page(clip), headers=HTMX).text.strip() == ""
    assert "Nothing like it yet" in learner.get(page(clip)).text
    assert learner.get(operation(clip)).json() == []


def test_without_javascript_a_link_leads_to_a_page_of_them(learner: Client, make_clip: Any, clip: Clip) -> None:
    make_clip(title="Merge a branch")
    watched = learner.get(clip.get_absolute_url()).text
    assert f'hx-get="{page(clip)}"' in watched
    assert f'<a href="{page(clip)}">More like this</a>' in watched
    assert "Merge a branch" not in watched
    whole = learner.get(page(clip)).text
    assert "<html" in whole
    assert "Merge a branch" in whole


@pytest.mark.parametrize(
    "columns",
    [
        {"visibility": "private"},
        {"visibility": "unlisted"},
        {"hidden_at": timezone.now()},
        {"trashed_at": timezone.now()},
        {"playable": False},
    ],
)
def test_none_that_is_not_listed(
    learner: Client, make_clip: Any, make_user: Any, clip: Clip, columns: dict[str, Any]
) -> None:
    other = make_clip(make_user("contributor"), title="Branch", **columns)
    assert "Branch" not in learner.get(page(clip), headers=HTMX).text
    assert learner.get(operation(clip)).json() == []
    gone = columns.get("visibility") != "unlisted"
    assert learner.get(page(other)).status_code == (404 if gone else 200)
    assert learner.get(operation(other)).status_code == (404 if gone else 200)


def test_signed_out_people_are_sent_to_sign_in(clip: Clip) -> None:
    assert Client().get(page(clip))["Location"].startswith("/accounts/login/")
    assert Client().get(operation(clip)).status_code == 401


@pytest.mark.parametrize("address", [page, operation])
def test_the_number_of_queries_does_not_grow(
    learner: Client, make_clip: Any, make_user: Any, clip: Clip, address: Any
) -> None:
    owner, counts = make_user("contributor"), []
    for _ in range(2):
        for number in range(2):
            make_clip(owner, title="Branch", tags=[f"one {number}", "two"])
        with CaptureQueriesContext(connection) as queries:
            assert learner.get(address(clip), headers=HTMX).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
