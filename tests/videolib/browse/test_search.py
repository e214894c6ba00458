"""The search page: clips with their best moments, as typed and by plain GET, whatever is typed."""

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from videolib.search.backends import get_backend

SEARCH = "/search/"
SAID = [(0, 4, "welcome everybody"), (61.5, 66, "now rebase the feature branch"), (70, 74, "and push it again")]


@pytest.fixture
def learner(client_of, make_user):
    return client_of(make_user("learner"))


def found(client, **asked):
    response = client.get(SEARCH, asked)
    assert response.status_code == 200
    return response.content.decode()


def test_signed_out_people_are_sent_to_sign_in(client, db):
    for asked in ({"q": "git"}, {"q": "git", "as_typed": "1"}):
        assert client.get(SEARCH, asked)["Location"].startswith(reverse("account_login"))


def test_a_spoken_sentence_leads_to_its_second(learner, make_clip):
    clip = make_clip(title="Git for the brave", cues=SAID, tags=["git"], rating_sum=9, rating_count=2)
    page = found(learner, q="rebase branch")
    assert "1 clip for “rebase branch”" in page
    assert "<mark>rebase</mark>" in page
    assert re.search(rf'href="/clips/{clip.code}/\?t=61\.5"', page)
    for shown in ("1:01", "Git for the brave", clip.owner.display_name, "1:00", "4.5", 'href="/browse/?tag=git"'):
        assert shown in page


def test_a_title_leads_to_the_beginning(learner, make_clip):
    clip = make_clip(title="Pivot tables")
    page = found(learner, q="pivot")
    assert f'href="/clips/{clip.code}/"' in page
    assert "?t=" not in page


def test_what_is_typed_stays_in_the_box_and_is_escaped(learner, make_clip):
    page = found(learner, q='"><script>alert(1)</script>')
    assert "<script>alert" not in page
    assert 'value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in page


def test_snippets_are_escaped(learner, make_clip):
    make_clip(cues=[(0, 2, "type <b>bold</b> here")])
    page = found(learner, q="bold")
    assert "<b>" not in page
    assert "<mark>bold</mark>" in page


def test_nothing_found_says_what_to_try(learner, make_clip):
    make_clip(title="Something else")
    page = found(learner, q="zebra crossing")
    assert "Nothing found for “zebra crossing”" in page
    assert "Try fewer words" in page


def test_nothing_asked_says_what_can_be_found(learner):
    for text in ("", "   "):
        assert "Search everything that is said" in found(learner, q=text)


def test_results_while_typing_come_without_the_page_around(learner, make_clip):
    make_clip(title="Pivot tables")
    part = found(learner, q="piv", as_typed="1")
    assert "Pivot tables" in part
    assert "<html" not in part


def test_below_the_box_each_clip_is_one_link_to_its_best_second(learner, make_clip):
    clip = make_clip(title="Git", cues=SAID)
    headers = {"HX-Request": "true", "HX-Target": "suggestions"}
    part = learner.get(SEARCH, {"q": "feature bra", "as_typed": "1"}, headers=headers).content.decode()
    assert part.count("data-hit") == 2
    assert f'href="/clips/{clip.code}/?t=61.5"' in part
    assert 'href="/search/?q=feature%20bra"' in part


def test_on_the_search_page_typing_changes_the_address(learner, make_clip):
    headers = {"HX-Request": "true", "HX-Target": "results"}
    answer = learner.get(SEARCH, {"q": "a & b\n" + "x" * 9000, "as_typed": "1"}, headers=headers)
    assert answer["HX-Replace-Url"].startswith("/search/?q=a+%26+b%0A")
    assert len(answer["HX-Replace-Url"]) < 2000


@pytest.mark.parametrize("as_typed", ["", "1"])
@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'",
        "*",
        "NEAR(",
        "a AND",
        "title:",
        "(",
        "^",
        "-",
        "🙂",
        "\x00",
        "a\x00b",
        "x" * 10_240,
        "%",
        "{}",
        "\\",
        "é" * 99,
    ],
)
def test_odd_text_is_never_an_error(learner, make_clip, text, as_typed):
    make_clip(title="A clip", cues=SAID)
    found(learner, q=text, as_typed=as_typed)


@pytest.mark.parametrize("page", ["0", "-1", "two", "99", "999999999999", "٣", "²", ""])
def test_odd_page_numbers_are_never_an_error(learner, make_clip, page):
    make_clip(title="Findable")
    assert "Findable" in found(learner, q="findable", page=page)


def test_further_pages_hold_the_rest(learner, make_clip, make_user):
    owner = make_user("contributor")
    for i in range(23):
        make_clip(owner, title=f"Findable number {i}")
    first, second = found(learner, q="findable"), found(learner, q="findable", page="2")
    titles = re.compile(r"data-hit>(Findable number \d+)<")
    assert "23 clips" in first
    assert 'href="?q=findable&amp;page=2"' in first
    assert len(titles.findall(first)) == 20
    assert len({*titles.findall(first), *titles.findall(second)}) == 23


def test_where_not_all_were_counted_the_number_says_so(learner, make_clip, monkeypatch):
    make_clip(title="Findable")
    find = get_backend().find

    def cut(*args, **asked):
        return replace(find(*args, **asked), total=1500, is_cut=True)

    monkeypatch.setattr(get_backend(), "find", cut)
    assert "1,500+ clips for “findable”" in found(learner, q="findable")
    assert "1,500+ clips for “findab”" in found(learner, q="findab", as_typed="1")
    headers = {"HX-Request": "true", "HX-Target": "suggestions"}
    assert "1,500+ clips" in learner.get(SEARCH, {"q": "findab", "as_typed": "1"}, headers=headers).content.decode()
    answer = learner.get("/api/v1/search", {"q": "findable"}).json()
    assert (answer["total"], answer["is_cut"]) == (1500, True)


def test_nothing_is_found_that_is_not_listed(learner, client_of, make_clip, make_user):
    owner = make_user("contributor")
    hidden = [
        {"visibility": "private"},
        {"visibility": "unlisted"},
        {"hidden_at": timezone.now()},
        {"trashed_at": timezone.now()},
    ]
    for columns in hidden:
        make_clip(owner, title="Zebra plan", cues=[(0, 2, "the zebra crosses")], **columns)
    page = found(learner, q="zebra")
    assert "Zebra plan" not in page
    assert "Nothing found" in page
    assert "Zebra plan" in found(client_of(owner), q="zebra")


def test_the_number_of_queries_does_not_grow_with_clips(learner, make_clip, make_user):
    owner, counts = make_user("contributor"), []
    for number in (3, 15):
        for i in range(number):
            make_clip(owner, title="Findable", cues=SAID, tags=[f"tag {i}"], rating_sum=5, rating_count=1)
        with CaptureQueriesContext(connection) as queries:
            assert "Findable" in found(learner, q="findable rebase")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
