"""Searches of one person: very many within a minute are answered 429, on the page, while typing and in the API."""

from __future__ import annotations

import pytest
from django.core.cache import cache

pytestmark = pytest.mark.django_db

DOORS = ["/search/?q=git", "/search/?q=git&as_typed=1", "/api/v1/search?q=git"]


@pytest.fixture
def client(client_of, make_user, settings):
    """A learner who may search twice a minute."""
    cache.clear()
    settings.SEARCHES_PER_MINUTE = 2
    return client_of(make_user("learner"))


@pytest.fixture(autouse=True)
def _within_one_minute(monkeypatch):
    monkeypatch.setattr("videolib.lib.limits.time.time", lambda: 6015.0)


@pytest.mark.parametrize("door", DOORS)
def test_one_too_many_is_told_how_long_to_wait(client, door):
    answers = [client.get(door) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2]["Retry-After"] == "45"
    assert "You searched very often within a minute. Go on in a minute." in answers[2].text


def test_all_doors_count_together(client):
    assert [client.get(door).status_code for door in DOORS] == [200, 200, 429]


def test_a_page_for_people_json_for_programs_and_a_sentence_for_htmx(client):
    for door in DOORS[:2]:
        client.get(door)
    page, program = client.get(DOORS[0]), client.get(DOORS[2])
    part = client.get(DOORS[1], headers={"HX-Request": "true"})
    assert "<h1>Too often</h1>" in page.text
    assert program.json() == {"detail": "You searched very often within a minute. Go on in a minute."}
    assert (part["Content-Type"], part.text[:12]) == ("text/plain", "You searched")


def test_everybody_counts_for_themselves(client, client_of, make_user):
    for _ in range(3):
        client.get(DOORS[0])
    assert client_of(make_user("learner")).get(DOORS[0]).status_code == 200


def test_other_pages_are_open_all_the_same(client):
    for _ in range(3):
        client.get(DOORS[0])
    assert client.get("/browse/").status_code == 200


def test_signed_out_nobody_searches(client, client_of):
    assert [client_of().get(door).status_code for door in DOORS] == [302, 302, 401]
