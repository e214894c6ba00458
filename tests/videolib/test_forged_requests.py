"""What another site could make a browser send: no form and no operation takes it without the token of a page."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.client import ClientHandler
from django.test.utils import CaptureQueriesContext

from tests.videolib.access_matrix import ENTRIES, Entry
from tests.videolib.stocked_library import Library
from tests.videolib.test_access_matrix import OF_NO_WEIGHT, address_of, send

SAFE = ("GET", "HEAD", "OPTIONS")
# It only leads to the page of oneself, whatever is sent.
CHANGES_NOTHING = {"accounts/"}
# allauth's page is not offered: there is nothing behind it.
FORMS = [entry for entry in ENTRIES if entry.method not in SAFE and entry.who != "nobody"]


@pytest.fixture
def strict(library: Library) -> Library:
    """A library that checks forms, as it does outside of tests."""
    library.handler = ClientHandler(enforce_csrf_checks=True)
    return library


def who_may(entry: Entry) -> tuple[str, str]:
    """Somebody who would be let in, and the state of the clip in which they are."""
    state, people = next((state, people.split()) for state, people in entry.allowed.items() if people)
    return people[-1], state


def test_without_the_token_of_a_page_every_form_is_refused_and_writes_nothing(strict: Library) -> None:
    wrong = {}
    for entry in FORMS:
        if entry.door == "api" or entry.route in CHANGES_NOTHING:
            continue
        cache.clear()
        strict.upload.path.write_bytes(b"")
        person, state = who_may(entry)
        with CaptureQueriesContext(connection) as queries:
            response = send(entry, strict.client(person), person, address_of(entry, state, strict), strict)
        changes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        written = [sql[:90] for sql in changes if not any(table in sql for table in OF_NO_WEIGHT)]
        if response.status_code != 403 or written:
            wrong[f"{entry.method} {entry.route}"] = (person, response.status_code, written)
    assert wrong == {}


def test_a_session_alone_changes_nothing_through_the_api_and_a_token_needs_no_page(strict: Library) -> None:
    wrong = {}
    for entry in FORMS:
        if entry.door != "api":
            continue
        person, state = who_may(entry)
        address = address_of(entry, state, strict)
        sent = {"data": entry.send or {}, "content_type": "application/json"}
        refused = getattr(strict.client(person), entry.method.lower())(address, **sent).status_code
        taken = send(entry, strict.client(person), person, address, strict).status_code
        # Undone one after the other: a clip that was deleted or restored is put back.
        for clip in strict.clips.values():
            clip.save(update_fields=["trashed_at"])
        if (refused, taken) != (403, entry.ok):
            wrong[f"{entry.method} {entry.route}"] = (person, refused, taken)
    assert wrong == {}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://testserver.evil.example", "null", "http://evil.example:80"]
)
def test_the_token_of_a_page_sent_from_another_site_counts_for_nothing(strict: Library, origin: str) -> None:
    client = strict.client("owner")
    address = f"/clips/{strict.clips['team'].code}/edit/"
    client.get(address)
    token = client.cookies["csrftoken"].value
    form = {"title": "Changed by others", "csrfmiddlewaretoken": token}
    assert client.post(address, form, headers={"origin": origin}).status_code == 403
    assert client.post(address, form, headers={"origin": "http://testserver"}).status_code == 302


def test_the_token_is_a_new_one_after_signing_in(strict: Library) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    before = client.cookies["csrftoken"].value
    form = {"login": "owner@example.com", "password": "correct horse", "csrfmiddlewaretoken": before}
    assert client.post("/accounts/login/", form).status_code == 302
    assert client.cookies["csrftoken"].value != before


def test_no_answer_lets_another_site_read_it(library: Library) -> None:
    for address in ("/api/v1/clips", "/", f"/clips/{library.clips['team'].code}/source.mp4"):
        response = library.client("owner").get(address, headers={"origin": "https://evil.example"})
        response.close()
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]
        assert response["X-Frame-Options"] == "DENY"
