"""No page holds an inline script or style, or an address of another origin: the Content-Security-Policy would break it.

To add a page, add its address to PAGES (or to OPEN_PAGES, for signed-out people).
"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.urls import NoReverseMatch, reverse

# URL name, arguments; "{clip}" is the code of a clip that an admin may open.
PAGES = [
    ("home", {}),
    ("browse", {}),
    ("search", {}),
    ("watch", {"code": "{clip}"}),
    ("clip_edit", {"code": "{clip}"}),
    ("upload", {}),
    ("my_clips", {}),
    ("trash", {}),
    ("me", {}),
    ("people", {}),
    ("audit_log", {}),
    ("library_settings", {}),
    ("account_change_password", {}),
]
OPEN_PAGES = [("account_login", {}), ("account_reset_password", {})]
QUERIES = ["", "?tag=git&sort=rated", "?q=commit", "?q=commit&as_typed=1", "?q=nothing+of+the+kind"]
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


@pytest.fixture
def a_clip(make_user, make_clip):
    cues = [(0, 3, "first we commit"), (3, 6, "then we push")]
    return make_clip(
        make_user("contributor"), title="How to commit", tags=["git"], cues=cues, rating_sum=4, rating_count=1
    )


def address_of(name, arguments, clip):
    filled = {key: str(value).format(clip=clip.code) for key, value in arguments.items()}
    try:
        return reverse(name, kwargs=filled)
    except NoReverseMatch:
        pytest.fail(f"there is no page named {name}")


@pytest.mark.parametrize(("name", "arguments"), PAGES)
def test_pages_keep_to_the_policy(client_of, make_user, a_clip, name, arguments):
    client = client_of(make_user("admin"))
    for query in QUERIES if name in ("browse", "search") else [""]:
        response = client.get(address_of(name, arguments, a_clip) + query)
        assert response.status_code == 200
        assert offences(response.content.decode()) == []


@pytest.mark.parametrize(("name", "arguments"), OPEN_PAGES)
def test_pages_for_signed_out_people_keep_to_the_policy(client, a_clip, name, arguments):
    response = client.get(address_of(name, arguments, a_clip))
    assert response.status_code == 200
    assert offences(response.content.decode()) == []


@pytest.mark.parametrize("number", ["400", "403", "403_csrf", "404", "413", "429", "500"])
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
