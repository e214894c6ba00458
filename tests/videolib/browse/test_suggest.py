"""Suggestions while typing: titles, tags and searches that found something, of what the person comes across."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from videolib.accounts.models import User
from videolib.analytics.actions import record_search
from videolib.analytics.models import Sought
from videolib.browse.suggest import MOST, suggest

API = "/api/v1/suggest"
BOX = {"HX-Request": "true", "HX-Target": "suggestions"}
NOT_LISTED: list[dict[str, Any]] = [
    {"visibility": "private"},
    {"visibility": "unlisted"},
    {"hidden_at": timezone.now()},
    {"trashed_at": timezone.now()},
    {"playable": False},
]


@pytest.fixture
def learner(make_user: Any) -> User:
    person: User = make_user("learner")
    return person


def texts(person: User, typed: str) -> list[str]:
    return [f"{each.kind} {each.text}" for each in suggest(person, typed)]


def ask_often(words: str, times: int = 3) -> None:
    for _ in range(times):
        record_search(words, found=True)


def test_titles_that_begin_so_come_before_those_that_hold_it(learner: User, make_clip: Any) -> None:
    clip = make_clip(title="Pivot tables")
    make_clip(title="How to PIVOT")
    make_clip(title="Something else")
    assert texts(learner, "piv") == ["clip Pivot tables", "clip How to PIVOT"]
    assert suggest(learner, "pivot t")[0].address == f"/clips/{clip.code}/"


def test_tags_lead_to_their_clips(learner: User, make_clip: Any) -> None:
    make_clip(title="One", tags=["digits", "git", "git hub"])
    assert texts(learner, "GI") == ["tag git", "tag git hub", "tag digits"]
    assert suggest(learner, "git h")[0].address == "/browse/?tag=git%20hub"


class TestSearches:
    def test_those_of_several_searches_are_offered_the_most_often_first(self, learner: User, make_clip: Any) -> None:
        make_clip(title="Rebase a feature branch on main", tags=["merge"])
        for words, times in (("rebase a branch", 3), ("rebase merge", 4), ("rebase main", 2)):
            ask_often(words, times)
        assert texts(learner, "reb")[:2] == ["search rebase merge", "search rebase a branch"]
        assert suggest(learner, "rebase m")[0].address == "/search/?q=rebase+merge"
        assert "search rebase main" not in texts(learner, "reb")

    def test_not_those_that_found_nothing_nor_those_of_long_ago(self, learner: User, make_clip: Any) -> None:
        make_clip(title="Rebase now or then")
        for _ in range(3):
            record_search("rebase now", found=False)
        Sought.objects.create(words="rebase then", day=timezone.localdate() - timedelta(days=91), found=9)
        assert texts(learner, "reb") == ["clip Rebase now or then"]

    def test_not_what_is_typed_already(self, learner: User, make_clip: Any) -> None:
        make_clip(title="Something to rebase")
        ask_often("rebase")
        assert texts(learner, "Rebase") == ["clip Something to rebase"]

    @pytest.mark.parametrize("words", ["rebase salaries", "rebase ada lovelace", "rebase x"])
    def test_never_with_a_word_that_stands_in_no_title_and_no_tag(
        self, learner: User, make_clip: Any, words: str
    ) -> None:
        make_clip(title="Rebase a branch", cues=[(0, 2, "salaries of ada lovelace, x")])
        ask_often(words, 9)
        assert texts(learner, "reb") == ["clip Rebase a branch"]

    @pytest.mark.parametrize("columns", NOT_LISTED)
    def test_never_with_a_word_of_clips_of_others(
        self, learner: User, make_user: Any, make_clip: Any, columns: Any
    ) -> None:
        owner = make_user("contributor")
        make_clip(owner, title="Rebase a branch")
        make_clip(owner, title="Project zebra", tags=["quagga"], **columns)
        ask_often("rebase zebra")
        ask_often("rebase quagga")
        assert texts(learner, "reb") == ["clip Rebase a branch"]


@pytest.mark.parametrize("columns", NOT_LISTED)
def test_nothing_of_what_is_not_listed(learner: User, make_user: Any, make_clip: Any, columns: Any) -> None:
    make_clip(make_user("contributor"), title="Zebra crossing", tags=["zebras"], **columns)
    assert texts(learner, "zeb") == []


def test_at_most_eight_and_some_of_each_kind(learner: User, make_user: Any, make_clip: Any) -> None:
    owner = make_user("contributor")
    for number in range(10):
        make_clip(owner, title=f"Gitflow part{number}", tags=[f"gitlab {number}"])
        ask_often(f"gitflow part{number}")
    found = suggest(learner, "git")
    assert len(found) == MOST
    assert [each.kind for each in found] == ["search"] * 3 + ["tag"] * 3 + ["clip"] * 2


def test_the_same_is_offered_once(learner: User, make_clip: Any) -> None:
    make_clip(title="Something about git hub", tags=["git hub"])
    ask_often("git hub")
    assert texts(learner, "git") == ["search git hub", "clip Something about git hub"]


@pytest.mark.parametrize(
    "typed", ["", " ", "%", "_", "\\", "'", '"', "\x00", "a\x00b", "🙂", "a" * 9000, "\ud800", "%s", "-", "tag:", "é"]
)
def test_any_text_is_fine(learner: User, make_clip: Any, client_of: Any, typed: str) -> None:
    make_clip(title="A clip", tags=["git"])
    assert all(each.kind != "clip" or typed == "A clip" for each in suggest(learner, typed))
    asked = {"q": typed.encode("utf-8", "replace").decode()}
    client = client_of(learner)
    assert client.get(API, asked).status_code == 200
    assert client.get("/search/", {**asked, "as_typed": "1"}, headers=BOX).status_code == 200


def test_wildcards_of_the_database_are_letters_like_others(learner: User, make_clip: Any) -> None:
    make_clip(title="100%_done")
    make_clip(title="100 percent done")
    assert texts(learner, "100%_") == ["clip 100%_done"]


def test_the_number_of_queries_does_not_grow(learner: User, make_user: Any, make_clip: Any) -> None:
    owner, counts = make_user("contributor"), []
    for number in (2, 12):
        for i in range(number):
            make_clip(owner, title=f"Gitflow {number} part{i}", tags=[f"gitlab {i}"])
            ask_often(f"gitflow part{i}")
            ask_often("gitflow unknown")
        with CaptureQueriesContext(connection) as queries:
            suggest(learner, "git")
        counts.append(len(queries))
    assert counts == [5, 5]


def test_below_the_box_they_stand_above_the_clips_without_those_that_are_there(
    learner: User, client_of: Any, make_clip: Any
) -> None:
    make_clip(title="Rebase <b>a</b> branch", tags=["rebase & merge"])
    ask_often("rebase branch")
    part = client_of(learner).get("/search/", {"q": "reb", "as_typed": "1"}, headers=BOX).text
    words, _, clips = part.partition("</ul>")
    assert 'aria-label="Suggestions"' in words
    assert 'href="/search/?q=rebase+branch"' in words
    assert 'href="/browse/?tag=rebase%20%26%20merge"' in words
    assert "rebase &amp; merge" in words
    assert "/clips/" not in words
    assert "Rebase &lt;b&gt;a&lt;/b&gt; branch" in clips


def test_the_api_says_what_each_is(learner: User, client_of: Any, make_clip: Any) -> None:
    clip = make_clip(title="Rebase a branch", tags=["rebase"])
    assert client_of(learner).get(API, {"q": "reb"}).json() == [
        {"kind": "tag", "text": "rebase", "address": "/browse/?tag=rebase"},
        {"kind": "clip", "text": "Rebase a branch", "address": f"/clips/{clip.code}/"},
    ]


def test_signed_out_people_get_none(db: None) -> None:
    assert Client().get(API, {"q": "reb"}).status_code == 401


def test_whoever_asks_very_often_is_told_to_wait(learner: User, client_of: Any, settings: Any) -> None:
    settings.SEARCHES_PER_MINUTE = 1
    client = client_of(learner)
    assert [client.get(API, {"q": "reb"}).status_code for _ in range(2)] == [200, 429]


def test_on_postgresql_titles_have_an_index_for_it(db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite reads the titles")
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'title_holds'")
        assert "gin_trgm_ops" in cursor.fetchone()[0]
