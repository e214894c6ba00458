"""An address of any length ends at a page, signed out, too; so does a form that was sent after the session ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

TYPED = ['"' * 10_000, "é" * 5_000, "%" * 20_000, "a" * 60_000, "\0" * 9_000, "😀" * 5_000]
IDS = ["quotes", "accents", "percents", "letters", "NULs", "emoji"]


def visit(client: Client, address: str) -> Any:
    """Where a browser ends."""
    return client.get(address, follow=True)


@pytest.mark.parametrize("typed", TYPED, ids=IDS)
@pytest.mark.parametrize("page", ["/search/", "/search", "/"])
def test_signed_out_a_long_query_ends_at_sign_in(client: Client, caplog: Any, page: str, typed: str) -> None:
    with caplog.at_level(logging.WARNING, "django.security"):
        response = visit(client, f"{page}?q={quote(typed)}")
    assert response.status_code == 200
    assert response.wsgi_request.path == "/accounts/login/"
    assert not caplog.records


@pytest.mark.parametrize(
    "page",
    [
        "/browse/",
        "/me/",
        "/upload/",
        "/people/",
        "/vocabulary/",
        "/clips/mine/",
        "/api/v1/docs",
        "/django-admin/",
        "/django-admin/login/",
        "/accounts/password/change/",
        "/accounts/login/",
    ],
)
@pytest.mark.parametrize("parameter", ["q", "next"])
def test_so_it_does_on_every_page(client: Client, page: str, parameter: str) -> None:
    response = visit(client, f"{page}?{parameter}={'%22' * 10_000}")
    assert (response.status_code, response.wsgi_request.path) == (200, "/accounts/login/")


def test_whoever_signs_in_comes_to_the_page_without_the_query(client: Client, make_user: Callable[..., Any]) -> None:
    make_user(email="ann@example.com")
    way_back = visit(client, f"/search/?q={'%22' * 10_000}").wsgi_request.GET["next"]
    assert way_back == "/search/"
    answer = client.post(
        "/accounts/login/", {"login": "ann@example.com", "password": "correct horse", "next": way_back}, follow=True
    )
    assert (answer.status_code, answer.wsgi_request.path) == (200, "/search/")


@pytest.mark.parametrize("typed", TYPED, ids=IDS)
def test_signed_in_it_is_searched_for(client_of: Any, make_user: Any, typed: str) -> None:
    response = client_of(make_user()).get(f"/search/?q={quote(typed)}")
    assert response.status_code == 200


def test_signed_in_a_forgotten_slash_is_no_error_either(client_of: Any, make_user: Any) -> None:
    response = visit(client_of(make_user()), f"/search?q={'a' * 60_000}")
    assert (response.status_code, response.wsgi_request.path) == (200, "/search/")


def test_what_fits_is_kept(client: Client) -> None:
    assert client.get("/search?q=git")["Location"] == "/search/?q=git"
    assert client.get("/search/?q=git")["Location"] == "/accounts/login/?next=/search/%3Fq%3Dgit"


def test_an_address_that_is_long_without_a_query_is_a_400_and_no_circle(client: Client) -> None:
    assert visit(client, f"/django-admin/{'a' * 20_000}").status_code == 400


def sent_signed_out(client: Client, stood_on: str, action: str) -> str:
    """The way back that sign-in is given."""
    response = client.post(action, headers={"referer": stood_on}, follow=True)
    assert (response.status_code, response.wsgi_request.path) == (200, "/accounts/login/")
    return response.wsgi_request.GET["next"]


CLIP = "/clips/7f0c1b5e-3f4c-4f5e-9d1a-0a4d2c8f1e11/"
FORMS = [
    *(f"{CLIP}{deed}/" for deed in ("hide", "unhide", "restore", "retry", "rate", "tag", "cue/undo", "delete")),
    "/upload/7f0c1b5e-3f4c-4f5e-9d1a-0a4d2c8f1e11/cancel/",
    "/people/7f0c1b5e-3f4c-4f5e-9d1a-0a4d2c8f1e11/role/",
    "/people/7f0c1b5e-3f4c-4f5e-9d1a-0a4d2c8f1e11/deactivate/",
    "/vocabulary/remove/",
    "/me/tokens/revoke/",
]


@pytest.mark.parametrize("action", FORMS)
def test_a_form_sent_after_the_session_ended_leads_back_to_the_page_it_stood_on(client: Client, action: str) -> None:
    for too_long in ("", f"?q={'%22' * 10_000}"):
        assert sent_signed_out(client, f"http://testserver{CLIP}?t=83#words", action + too_long) == f"{CLIP}?t=83"


@pytest.mark.parametrize(
    "stood_on",
    [
        *("", "https://evil.example/", "http://testserver.evil.example/", "//evil.example/x", "javascript:x", "\\"),
        f"http://testserver/search/?q={'%22' * 10_000}",
    ],
)
def test_from_elsewhere_or_from_too_long_an_address_it_leads_home(client: Client, stood_on: str) -> None:
    assert sent_signed_out(client, stood_on, f"{CLIP}hide/") == "/"


def test_whoever_signs_in_again_can_read_where_they_come_to(client: Client, make_user: Any, make_clip: Any) -> None:
    make_user("curator", email="ann@example.com")
    clip = make_clip()
    way_back = sent_signed_out(client, f"http://testserver/clips/{clip.code}/", f"/clips/{clip.code}/hide/")
    sign_in = {"login": "ann@example.com", "password": "correct horse", "next": way_back}
    page = client.post("/accounts/login/", sign_in, follow=True)
    assert (page.status_code, page.wsgi_request.path) == (200, f"/clips/{clip.code}/")


def test_pages_that_answer_a_form_with_a_page_can_be_read_at_its_address(client_of: Any, make_user: Any) -> None:
    client = client_of(make_user("admin"))
    for address in ("/vocabulary/add/", "/settings/licences/", "/me/tokens/"):
        assert visit(client, address).status_code == 200


def test_signing_in_itself_and_other_redirects_are_left_as_they_are(client: Client, make_user: Any) -> None:
    make_user(email="ann@example.com")
    sign_in = {"login": "ann@example.com", "password": "correct horse", "next": "/me/"}
    answer = client.post("/accounts/login/?next=/me/", sign_in, headers={"referer": "http://testserver/browse/"})
    assert answer["Location"] == "/me/"
