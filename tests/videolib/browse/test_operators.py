"""Operators in the search box: what they narrow to, and that everything else stays a word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from videolib.browse.operators import understand
from videolib.browse.search import search_clips


@pytest.fixture
def people(make_user):
    ben = make_user("contributor", email="ben@example.com")
    ben.name = ""
    ben.save()
    return {"ada": make_user("contributor", name="Ada Lovelace"), "ben": ben}


@pytest.fixture
def clips(people, make_clip):
    def make(title, owner, minutes, day, *tags, **columns):
        clip = make_clip(owner, title=title, published_at=datetime(*day, tzinfo=UTC), tags=tags, **columns)
        clip.recording.duration = 60 * minutes
        clip.recording.save()

    make("git one", people["ada"], 1, (2025, 12, 31), "Git Hub")
    make("git five", people["ada"], 5, (2026, 5, 1))
    make("git ten", people["ben"], 10, (2026, 5, 20), "git hub", "draft")
    make("excel", people["ben"], 1, (2026, 6, 1), "sheets")
    make("git secret", people["ben"], 10, (2026, 5, 20), "git hub", visibility="private")


@pytest.fixture
def found(clips, make_user):
    learner = make_user("learner")

    def find(text: str, by=learner) -> list[str]:
        hits = search_clips(by, text)
        assert hits.total == len(hits.hits)
        return [hit.clip.title.removeprefix("git ") for hit in hits.hits]

    return find


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('git tag:"git hub"', {"one", "ten"}),
        ("git TAG:draft", {"ten"}),
        ("git -tag:draft", {"one", "five"}),
        ("tag:sheets git", set()),
        ("git by:lovelace", {"one", "five"}),
        ('git by:"ada love"', {"one", "five"}),
        ("git by:be", {"ten"}),
        ("git by:ben@example.com", set()),
        ("git before:2026", {"one"}),
        ("git before:2026-05-20", {"one", "five"}),
        ("git after:2026-05 shorter:10m", {"five"}),
        ("git after:2026-05-02", {"ten"}),
        ("git longer:5", {"five", "ten"}),
        ("git longer:301s", {"ten"}),
        ("git -longer:5:00", {"one"}),
        ("git longer:1h", set()),
    ],
)
def test_they_narrow_what_is_found_by_words(found, text, expected):
    assert set(found(text)) == expected


def test_a_tag_that_is_still_typed_may_be_the_beginning_of_one(clips, make_user):
    def typed(text: str, **asked: bool) -> set[str]:
        return {hit.clip.title for hit in search_clips(make_user(), text, **asked).hits}

    for text in ("git tag:gi", 'git tag:"git h', "git -tag:she tag:git"):
        assert typed(text, as_typed=True) == {"git one", "git ten"}
    assert typed("git tag:gi") == typed("tag:gi git", as_typed=True) == typed('git tag:"gi"', as_typed=True) == set()


def test_alone_they_list_what_fits_the_newest_first(found):
    assert found('tag:"git hub"') == ["ten", "one"]
    assert found("longer:0") == ["excel", "ten", "five", "one"]
    assert found("by:nobody") == []


def test_nobody_comes_by_them_to_what_is_not_theirs_to_see(found, people):
    assert found("by:me", people["ben"]) == ["excel", "secret", "ten"]
    assert "secret" not in found("by:ben", people["ada"])
    assert search_clips(AnonymousUser(), "longer:0").total == 0


def test_pages_of_them_are_counted_without_their_rows(clips, make_user, monkeypatch):
    monkeypatch.setattr("videolib.browse.filters.MOST_COUNTED", 2)
    page = search_clips(make_user("learner"), "longer:0", limit=1, offset=1)
    assert ([hit.clip.title for hit in page.hits], page.total, page.is_cut) == (["git ten"], 2, True)


@pytest.mark.parametrize(
    "text",
    [
        *("before:soon", "before:2026-13", "before:2026-02-30", "before:0000", "longer:long", "longer:1:99"),
        *("tag:", 'tag:""', 'by:""', "notag:git", "http://tag:80", '"protect tag:git sheet"'),
    ],
)
def test_what_is_not_understood_stays_a_word(db, text):
    asked = understand(text, by=AnonymousUser())
    assert (asked.words, asked.conditions, asked.is_all_of_them) == (text, (), False)


OPERATORS = st.sampled_from(
    ["tag:", "by:", "before:", "after:", "longer:", "shorter:", "-tag:", '"', " ", "me", "9" * 9]
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.lists(OPERATORS | st.text(max_size=12), max_size=8).map("".join))
@example(text="tag:\ud800 by:\udfff by:\x00 tag:\x00 git")
def test_any_text_is_fine(clips, people, text):
    found = search_clips(people["ada"], text)
    assert found.total >= len(found.hits)
