"""Sessions that others planted, and ways back that lead elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "http:evil",
    "HTTPS://evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
    "//evil.example%2f..",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\x00//evil.example",
    "//\u3002evil.example",
    "/%09/evil.example/../..//x",
]
PASSWORD = {"login": "ann@example.com", "password": "correct horse"}


def planted(client: Client) -> str:
    """A session that somebody else knows, as a browser would bring it."""
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    return str(session.session_key)


def leaves(location: str) -> bool:
    """Whether a browser that is given this address goes to another site, or runs it.

    Browsers drop tabs and line breaks, and read a backslash as a slash.
    """
    read = "".join(c for c in location if c not in "\t\r\n").strip("\x00 ").replace("\\", "/")
    return not read.startswith("/") or read.startswith("//")


class TestFixation:
    def test_signing_in_changes_the_session(self, client: Client, make_user: Any) -> None:
        make_user(email="ann@example.com")
        known = planted(client)
        client.post("/accounts/login/", PASSWORD)
        assert client.get("/me/").status_code == 200
        assert client.cookies["sessionid"].value != known
        assert not Session.objects.filter(session_key=known).exists()
        thief = Client()
        thief.cookies["sessionid"] = known
        assert thief.get("/me/").status_code == 302

    def test_so_does_accepting_an_invitation(self, client: Client, invite: Any, accepting: Any) -> None:
        known, path = planted(client), invite("ann@example.com")
        client.post(path, accepting())
        assert client.get("/me/").status_code == 200
        assert client.cookies["sessionid"].value != known
        assert not Session.objects.filter(session_key=known).exists()

    def test_so_does_signing_up(self, client: Client, settings: Any) -> None:
        settings.SIGNUP_DOMAINS = frozenset({"example.com"})
        known, words = planted(client), "plum-tower-9 lantern"
        said = {"email": "ann@example.com", "name": "Ann", "password1": words, "password2": words}
        client.post("/accounts/signup/", said)
        assert client.get("/me/").status_code == 200
        assert client.cookies["sessionid"].value != known

    def test_signing_out_ends_it_and_keeps_nothing(self, client: Client, make_user: Any) -> None:
        make_user(email="ann@example.com")
        client.post("/accounts/login/", PASSWORD)
        old = client.cookies["sessionid"].value
        client.post("/accounts/logout/")
        assert not Session.objects.filter(session_key=old).exists()

    def test_another_person_after_the_first_inherits_nothing(self, client: Client, make_user: Any) -> None:
        make_user(email="ann@example.com")
        client.post("/accounts/login/", PASSWORD)
        known = client.cookies["sessionid"].value
        session = client.session
        session["of"] = "ann"
        session.save()
        client.force_login(
            make_user(email="bob@example.com"), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        assert client.cookies["sessionid"].value != known
        assert "of" not in client.session

    def test_a_new_password_ends_all_other_sessions(self, make_user: Any, client_of: Any) -> None:
        ann = make_user(email="ann@example.com")
        here, elsewhere, words = client_of(ann), client_of(ann), "plum-tower-9 lantern"
        said = {"oldpassword": "correct horse", "password1": words, "password2": words}
        assert here.post("/accounts/password/change/", said).status_code == 302
        assert here.get("/me/").status_code == 200
        assert elsewhere.get("/me/").status_code == 302

    def test_a_session_from_the_address_counts_for_nothing(
        self, client: Client, make_user: Any, client_of: Any
    ) -> None:
        session = client_of(make_user()).cookies["sessionid"].value
        assert client.get(f"/me/?sessionid={session}").status_code == 302
        assert client.get("/me/", headers={"sessionid": session}).status_code == 302

    def test_scripts_cannot_read_its_cookie_and_other_sites_cannot_send_it(
        self, client: Client, make_user: Any
    ) -> None:
        make_user(email="ann@example.com")
        cookie = client.post("/accounts/login/", PASSWORD).cookies["sessionid"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
class TestNobodyIsLedElsewhere:
    def test_after_signing_in(self, client: Client, make_user: Any, elsewhere: str) -> None:
        make_user(email="ann@example.com")
        assert not leaves(client.post("/accounts/login/", {**PASSWORD, "next": elsewhere})["Location"])

    def test_by_a_link_to_sign_in(self, client: Client, client_of: Any, make_user: Any, elsewhere: str) -> None:
        ann = make_user(email="ann@example.com")
        # Whoever is in already is led on at once.
        assert not leaves(client_of(ann).get("/accounts/login/", {"next": elsewhere})["Location"])
        page = client.get("/accounts/login/", {"next": elsewhere})
        assert page.status_code == 200
        answer = client.post(f"{page.wsgi_request.get_full_path()}", PASSWORD)
        assert not leaves(answer["Location"])

    def test_after_signing_out_and_up(self, client_of: Any, make_user: Any, elsewhere: str) -> None:
        client = client_of(make_user())
        assert not leaves(client.get("/accounts/signup/", {"next": elsewhere})["Location"])
        assert not leaves(client.post("/accounts/logout/", {"next": elsewhere})["Location"])

    def test_by_the_admin_pages(self, client_of: Any, make_user: Any, elsewhere: str) -> None:
        client = client_of(make_user("admin"))
        answer = client.get("/django-admin/login/", {"next": elsewhere}, follow=True)
        assert all(not leaves(address) for address, _ in answer.redirect_chain)

    def test_by_the_list_of_people(self, client_of: Any, admin: Any, make_user: Any, elsewhere: str) -> None:
        ann = make_user(email="ann@example.com")
        answer = client_of(admin).post(f"/people/{ann.code}/quota/", {"quota": "1", "next": elsewhere})
        assert not leaves(answer["Location"])


@pytest.mark.parametrize(
    "path", ["//evil.example/clips", "//evil.example/%2e%2e", "/\\evil.example/clips", "//evil.example"]
)
def test_no_forgotten_slash_leads_elsewhere(client: Client, path: str) -> None:
    response = client.generic("GET", "/", PATH_INFO=path)
    assert response.status_code == 404 or not leaves(response["Location"])


@pytest.mark.parametrize("page", ["//evil.example/", "/\\evil.example/", "///evil.example", "/\t/evil.example/"])
@pytest.mark.parametrize("query", ["", f"?q={'%22' * 10_000}"])
def test_a_form_sent_signed_out_leads_to_no_other_site_whatever_page_it_says_it_stood_on(
    client: Client, make_user: Any, page: str, query: str
) -> None:
    make_user(email="ann@example.com")
    headers = {"referer": f"http://testserver{page}"}
    answer = client.post(f"/clips/7f0c1b5e-3f4c-4f5e-9d1a-0a4d2c8f1e11/hide/{query}", headers=headers)
    assert not leaves(answer["Location"])
    back = client.get(answer["Location"]).wsgi_request.GET.get("next", "/")
    assert not leaves(client.post("/accounts/login/", {**PASSWORD, "next": back})["Location"])
