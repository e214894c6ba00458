"""No page holds an inline script or style, or an address of another origin: the Content-Security-Policy would break it.

Every page that has an address is looked at, as an admin sees it and signed out (conftest.py).
"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

# Where a page is drawn from what is asked.
QUERIES = {"browse": ["?tag=git&sort=rated"], "search": ["?q=commit", "?q=commit&as_typed=1", "?q=nothing+of+the+kind"]}
# Pages of allauth that this library does not offer, and files that the clip of these tests does not have.
NOT_THERE = {
    *("account_email", "account_reauthenticate", "account_confirm_login_code", "clip_main", "clip_playlist"),
    *("clip_rendition", "clip_poster", "clip_storyboard", "clip_sheet", "clip_original"),
}
# Links may lead elsewhere (a licence, say): they load nothing.
LOADING = {"src", "srcset", "poster", "data", "action", "formaction", "xlink:href", "hx-get", "hx-post"}


class Offences(HTMLParser):
    """Collects what the policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.in_script = tag == "script"
        if tag == "style":
            self.found.append("<style>")
        for name, value in named.items():
            if name == "style" or name.startswith(("on", "hx-on")):
                self.found.append(f"<{tag} {name}=…>")
            loads = name in LOADING or (name == "href" and tag in ("link", "use", "image", "base"))
            if loads and _is_elsewhere(value):
                self.found.append(f"<{tag} {name}={value!r}>")
            if value.strip().lower().startswith("javascript:"):
                self.found.append(f"<{tag} {name}=javascript:>")

    def handle_data(self, data: str) -> None:
        if self.in_script and data.strip():
            self.found.append(f"<script>{data.strip()[:40]}")

    def handle_endtag(self, tag: str) -> None:
        self.in_script = False


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def offences(page: str) -> list[str]:
    parser = Offences()
    parser.feed(page)
    return parser.found


def offences_on_all(client, addresses):
    """By address; and the names of the pages that were looked at."""
    found, seen = {}, set()
    for name, address in addresses.items():
        for query in ["", *QUERIES.get(name, [])]:
            response = client.get(address + query)
            assert response.status_code != 404 or name in NOT_THERE, address
            if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
                seen.add(name)
                found[address + query] = offences(response.text)
    return {address: found[address] for address in found if found[address]}, seen


def test_pages_keep_to_the_policy(client_of, admin, addresses):
    found, seen = offences_on_all(client_of(admin), addresses)
    assert found == {}
    assert {"watch", "clip_cue", "upload_row", "person_clips", "vocabulary", "api_docs"} <= seen


def test_pages_for_signed_out_people_keep_to_the_policy(client, addresses, settings):
    settings.SIGNUP_DOMAINS = frozenset({"example.com"})
    addresses = {name: address for name, address in addresses.items() if "/accounts/" in address}
    found, seen = offences_on_all(client, addresses)
    assert found == {}
    assert {"account_login", "account_signup", "account_reset_password", "invitation"} <= seen


@pytest.mark.parametrize("number", ["400", "400_host", "403", "403_csrf", "404", "405", "413", "429", "500"])
def test_error_pages_keep_to_the_policy(number, rf, db):
    from django.contrib.auth.models import AnonymousUser
    from django.template.loader import render_to_string

    request = rf.get("/")
    request.user = AnonymousUser()
    assert offences(render_to_string(f"{number}.html", request=request)) == []


def test_every_page_carries_the_policy(client_of, make_user):
    policy = client_of(make_user()).get("/")["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if rule.strip())
    assert rules["default-src"] == "'self'"
    assert "unsafe" not in policy
    assert rules["worker-src"] == rules["media-src"] == "'self' blob:"
    for name in ("script-src", "style-src"):
        assert name not in rules, "default-src decides"


@pytest.mark.parametrize(
    "page",
    [
        "<script>x()</script>",
        "<script type=module>\nimport 'x'</script>",
        "<style>a{}</style>",
        "<p style='color:red'>",
        "<b onclick='x()'>",
        "<b hx-on:click='x()'>",
        "<script src='https://cdn.example/x.js'></script>",
        "<img src='//elsewhere.example/x.png'>",
        "<img src='data:image/png;base64,AA'>",
        "<link rel=stylesheet href='http://elsewhere.example/x.css'>",
        "<a href='JavaScript:x()'>",
    ],
)
def test_this_test_would_notice(page):
    assert offences(page) != []


def test_this_test_lets_pass_what_is_allowed():
    page = (
        "<script src='/static/x.js' type=module></script><a href='https://example.org/licence'>x</a><img src='/p.jpg'>"
    )
    assert offences(page) == []
