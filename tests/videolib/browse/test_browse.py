"""The browse page: filters by tag, person, length and date, in an order, page by page."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from videolib.browse import filters

BROWSE = "/browse/"


@pytest.fixture
def browse(client_of, make_user):
    client = client_of(make_user("learner"))

    def get(**asked):
        response = client.get(BROWSE, asked)
        assert response.status_code == 200
        get.page = response.content.decode()
        return re.findall(r'card-title[^>]*><a [^>]*title="([^"]+)"', get.page)

    return get


def make_length(make_clip, title, seconds):
    clip = make_clip(title=title)
    clip.recording.duration = seconds
    clip.recording.save()
    return clip


def test_signed_out_people_are_sent_to_sign_in(client, db):
    assert client.get(BROWSE)["Location"].startswith(reverse("account_login"))


def test_an_empty_library_says_what_to_do(browse, db):
    assert browse() == []
    assert "ask an admin to make you a contributor" in browse.page


def test_several_tags_narrow_to_clips_that_have_all_of_them(browse, make_clip):
    make_clip(title="Both", tags=["git", "ci"])
    make_clip(title="One", tags=["git"])
    assert sorted(browse(tag="git")) == ["Both", "One"]
    assert browse(tag=["git", "ci"]) == ["Both"]


def test_a_tag_is_found_in_any_case_and_spacing(browse, make_clip):
    make_clip(title="Tagged", tags=["Git Hub"])
    assert browse(tag="  GIT   hub ") == ["Tagged"]


def test_tag_counts_say_what_choosing_them_as_well_would_show(browse, make_clip):
    make_clip(tags=["git", "ci"])
    make_clip(tags=["git", "ci"])
    make_clip(tags=["ci"])
    browse(tag="git")
    assert re.search(r'href="/browse/\?tag=git&amp;tag=ci">ci <span class="count">.*?2</span>', browse.page, re.S)


def test_only_one_persons_clips(browse, make_clip, make_user):
    ada, ben = make_user("contributor", name="Ada"), make_user("contributor", name="Ben")
    make_clip(ada, title="By Ada")
    make_clip(ben, title="By Ben")
    assert browse(person=str(ada.code)) == ["By Ada"]
    assert f'<option value="{ada.code}" selected>Ada (1)</option>' in browse.page
    assert f'<option value="{ben.code}">Ben (1)</option>' in browse.page


def test_of_many_people_those_with_most_clips_are_offered_and_whoever_is_chosen(
    browse, make_clip, make_user, monkeypatch
):
    monkeypatch.setattr(filters, "MOST_PEOPLE", 2)
    people = {name: make_user("contributor", name=name) for name in ("Ada", "Ben", "Cleo <3")}
    for number, owner in enumerate(people.values(), 1):
        for _ in range(number):
            make_clip(owner)
    browse()
    assert re.findall(r"<option[^>]*>([^<]*\(\d\))", browse.page) == ["Ben (2)", "Cleo &lt;3 (3)"]
    assert len(browse(person=str(people["Ada"].code))) == 1
    assert f'<option value="{people["Ada"].code}" selected>Ada (1)</option>' in browse.page


def test_a_person_without_clips_that_fit_is_still_named(browse, make_clip, make_user):
    make_clip()
    ada = make_user("contributor", name="Ada")
    assert browse(person=str(ada.code)) == []
    assert "Ada (0)" in browse.page


@pytest.mark.parametrize(
    ("length", "seconds"),
    [("under-1", 59.9), ("1-5", 60), ("1-5", 299.9), ("5-15", 300), ("over-15", 900), ("over-15", 100_000)],
)
def test_lengths_meet_without_gap_and_overlap(browse, make_clip, length, seconds):
    make_length(make_clip, "This", seconds)
    found = [name for name in ("under-1", "1-5", "5-15", "over-15") if browse(length=name) == ["This"]]
    assert found == [length]


def test_dates_reach_back_a_week_a_month_a_year(browse, make_clip):
    for days in (1, 20, 200, 700):
        make_clip(title=f"{days} days", published_at=timezone.now() - timedelta(days=days))
    assert browse(date="week") == ["1 days"]
    assert browse(date="month") == ["1 days", "20 days"]
    assert browse(date="year") == ["1 days", "20 days", "200 days"]


def test_orders_are_new_best_rated_and_title(browse, make_clip):
    now = timezone.now()
    make_clip(title="beta", published_at=now - timedelta(days=2), rating_sum=184, rating_count=40)
    make_clip(title="Alpha", published_at=now - timedelta(days=1), rating_sum=5, rating_count=1)
    make_clip(title="Gamma", published_at=now)
    assert browse() == browse(sort="new") == ["Gamma", "Alpha", "beta"]
    assert browse(sort="rated") == ["beta", "Alpha", "Gamma"]
    assert browse(sort="title") == ["Alpha", "beta", "Gamma"]


def test_each_chosen_filter_can_be_taken_off(browse, make_clip):
    make_clip(title="Fits", tags=["git", "ci"])
    browse(tag=["git", "ci"], length="1-5", sort="title")
    assert 'href="/browse/?tag=ci&amp;length=1-5&amp;sort=title"' in browse.page
    assert 'href="/browse/?tag=git&amp;tag=ci&amp;sort=title"' in browse.page


def test_filters_that_leave_nothing_say_so(browse, make_clip):
    make_clip()
    assert browse(tag="no such tag") == []
    assert "No clip fits all of these" in browse.page


@pytest.mark.parametrize(
    "asked",
    [
        {"page": "nine"},
        {"page": "-1"},
        {"page": "99999999999999999999"},
        {"sort": "worst"},
        {"length": "endless"},
        {"date": "\x00"},
        {"person": "me"},
        {"person": "\x00"},
        {"tag": ["", " ", "\x00", ","]},
        {"unknown": "'; drop table"},
    ],
)
def test_what_is_not_understood_is_left_out(browse, make_clip, asked):
    make_clip(title="Still here")
    assert browse(**asked) == ["Still here"]


def test_a_tag_of_any_length_or_number_is_no_error(browse, make_clip):
    make_clip()
    assert browse(tag="x" * 10_000) == []
    assert browse(tag=[f"tag {i}" for i in range(300)]) == []


def test_pages_keep_the_filters(browse, make_clip, make_user):
    owner = make_user("contributor")
    for i in range(30):
        make_clip(owner, title=f"Clip {i:02}", tags=["git"])
    assert browse(tag="git", sort="title") == [f"Clip {i:02}" for i in range(24)]
    assert 'href="?tag=git&amp;sort=title&amp;page=2"' in browse.page
    assert browse(tag="git", sort="title", page="2") == [f"Clip {i:02}" for i in range(24, 30)]
    assert browse(tag="git", sort="title", page="9") == [f"Clip {i:02}" for i in range(24, 30)]


def test_neither_clips_nor_counts_tell_of_what_is_not_listed(browse, make_clip, make_user):
    shy = make_user("contributor", name="Shy Person")
    make_clip(title="Shown", tags=["git"])
    for hidden in ({"visibility": "private"}, {"visibility": "unlisted"}, {"hidden_at": timezone.now()}):
        make_clip(shy, title="Not shown", tags=["git", "secret"], **hidden)
    assert browse() == ["Shown"]
    assert "secret" not in browse.page
    assert "Shy Person" not in browse.page
    assert "1 clip</p>" in browse.page
    assert re.search(r'tag=git">git <span class="count">.*?1</span>', browse.page, re.S)


def test_a_chosen_tag_is_written_as_on_a_clip_one_comes_across_and_else_as_it_was_typed(browse, make_clip):
    make_clip(tags=["GitHub"])
    make_clip(visibility="private", tags=["HushHush Tag"])
    browse(tag=["github", "hushhush tag"])
    assert "GitHub" in browse.page
    assert "hushhush tag" in browse.page
    assert "HushHush" not in browse.page


def test_the_number_of_queries_does_not_grow_with_clips(client_of, make_user, make_clip):
    client = client_of(make_user())
    address = f"{BROWSE}?tag=all&length=1-5&date=week&sort=rated"
    counts = []
    for number in (3, 21):
        for i in range(number):
            make_clip(tags=[f"tag {i}", "all"], rating_sum=5, rating_count=1)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11


def test_of_very_many_clips_the_newest_are_counted_and_shown(browse, make_clip, monkeypatch):
    monkeypatch.setattr(filters, "MOST_COUNTED", 2)
    for number in range(3):
        make_clip(title=f"Clip {number}", tags=["git"] if number else ["ancient"])
    assert browse() == ["Clip 2", "Clip 1"]
    assert "2+ clips" in browse.page
    assert "git" in browse.page and "ancient" not in browse.page


def test_up_to_that_many_are_counted_exactly(browse, make_clip, monkeypatch):
    monkeypatch.setattr(filters, "MOST_COUNTED", 2)
    make_clip(title="One")
    make_clip(title="Two")
    assert sorted(browse()) == ["One", "Two"]
    assert "2 clips" in browse.page


def test_tags_are_suggested_by_their_beginning_first(client_of, make_user, make_clip):
    make_clip(tags=["digital", "Git", "git hub"])
    make_clip(tags=["Git"])
    client = client_of(make_user())
    assert client.get("/tags/", {"q": "GIT"}).json() == ["Git", "git hub", "digital"]
    assert client.get("/tags/", {"q": "hub"}).json() == ["git hub"]


def test_tags_of_clips_one_may_not_come_across_are_not_suggested(client_of, make_user, make_clip):
    owner = make_user("contributor")
    make_clip(owner, visibility="private", tags=["secret plan"])
    assert client_of(make_user()).get("/tags/", {"q": "secret"}).json() == []
    assert client_of(owner).get("/tags/", {"q": "secret"}).json() == ["secret plan"]


@pytest.mark.parametrize("typed", ["%", "_", "\x00", "'", "x" * 10_000, "🙂"])
def test_odd_text_suggests_nothing_and_is_no_error(client_of, make_user, make_clip, typed):
    make_clip(tags=["git"])
    suggested = client_of(make_user()).get("/tags/", {"q": typed})
    assert suggested.status_code == 200
    assert suggested.json() in ([], ["git"] if typed == "\x00" else [])
