"""Every route and API operation x everybody x a clip in every state, against the matrix written in access_matrix.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache as limits
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse
from django.utils.http import int_to_base36

from tests.videolib import access_matrix as matrix
from tests.videolib.access_matrix import ENTRIES, GUESTS, MAY, PEOPLE, STATES, TO_SIGN_IN, Entry, is_among
from tests.videolib.stocked_library import MARKS, Library
from videolib.api.views import api
from videolib.operations import readiness

# Nothing is behind it: who is led on asks it without us.
BUCKET = {
    "BACKEND": "videolib.lib.bucket.BucketStorage",
    "OPTIONS": {
        "bucket_name": "team",
        "public_endpoint_url": "https://media.example.com",
        "region_name": "us-east-1",
        "access_key": "key",
        "secret_key": "secret",
        "addressing_style": "path",
    },
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADMIN_PAGES = "django-admin/"
# What a request may write though it is turned away: that a session or a token was used.
OF_NO_WEIGHT = ("django_session", "videolib_apitoken")


@pytest.fixture(autouse=True)
def all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here depends on the machine."""
    monkeypatch.setattr(readiness, "ask", lambda: {"all": readiness.OK})


# --- The walk -------------------------------------------------------------------------------------------------------


GROUPS = {
    "pages of a clip": (*matrix.CLIP_PAGES, *matrix.CLIP_WORK),
    "bytes of a clip": matrix.CLIP_BYTES,
    "operations on a clip": matrix.CLIP_OPERATIONS,
    "lists and vocabulary": (*matrix.LISTS, *matrix.SUGGESTIONS, *matrix.VOCABULARY),
    "uploads": matrix.UPLOADS,
    "people and settings": (*matrix.ME, *matrix.PEOPLE_PAGES, *matrix.SETTINGS),
    "coming in, and looking inside": (*matrix.ACCOUNTS, *matrix.OPERATIONS),
}


@pytest.mark.parametrize("group", GROUPS)
def test_everybody_gets_what_the_matrix_says(group: str, library: Library) -> None:
    wrong = [line for entry in GROUPS[group] for line in _walk(entry, library)]
    assert wrong == [], "\n" + "\n".join(wrong)


def test_to_a_bucket_the_same_people_are_led_on_and_to_their_clip_s_files_alone(
    library: Library, settings: Any
) -> None:
    settings.STORAGES = {**settings.STORAGES, "default": BUCKET}
    wrong = [line for entry in matrix.OF_FILES for line in _walk(entry, library)]
    assert wrong == [], "\n" + "\n".join(wrong)
    for entry in matrix.OF_FILES:
        for state in STATES:
            for person in entry.allowed[state].split():
                response = send(entry, library.client(person), person, address_of(entry, state, library), library)
                recording = library.clips[state].recording
                assert recording
                assert str(recording.code) in urlsplit(response["Location"]).path
                assert (response["Cache-Control"], response.content) == ("no-store", b"")


def _walk(entry: Entry, library: Library) -> Iterator[str]:
    for state in entry.allowed:
        for person in PEOPLE:
            cell = f"{entry.method} {entry.route}{entry.query} x {person} x {state}"
            yield from (f"{cell}: {wrong}" for wrong in _try(entry, person, state, library))


def _try(entry: Entry, person: str, state: str, library: Library) -> Iterator[str]:
    expected = entry.expected(person, state)
    got, body, written = ask(entry, person, state, library)
    if got != expected:
        yield f"{got} instead of {expected}"
    if entry.method == "GET" and got == 200 and entry.who != "nobody":
        yield from _head_differs(entry, person, state, library)
    if is_among(person, entry.allowed[state]):
        yield from _wrong_titles(entry, person, body)
        return
    may_see = entry.is_about_a_clip and is_among(person, MAY["see"][state])
    if written and not (may_see and all("auditentry" in sql for sql in written)):  # an admin looked at a private clip
        yield f"turned away, but it wrote: {written}"
    if given_away := [mark for mark in MARKS.values() if mark in body and not entry.seers]:
        yield f"turned away, but it was told of {given_away}"


def ask(entry: Entry, person: str, state: str, library: Library, method: str = "") -> tuple[int | str, str, list[str]]:
    """Status (or TO_SIGN_IN), body, and what was written into the database; which is then as it was."""
    limits.clear()  # nobody is slowed down by what another cell tried
    library.upload.path.write_bytes(b"")
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        response = send(entry, library.client(person), person, address_of(entry, state, library), library, method)
        body = _body_of(response)
        transaction.set_rollback(True)
    changes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    written = [sql[:120] for sql in changes if not any(table in sql for table in OF_NO_WEIGHT)]
    leads = response.headers.get("Location", "")
    return (TO_SIGN_IN if leads.startswith("/accounts/login/?") else response.status_code), body, written


def send(entry: Entry, client: Client, person: str, address: str, library: Library, method: str = "") -> Any:
    """One request as a browser, a script or an upload client makes it."""
    sent: dict[str, Any] = {"headers": {}}
    if entry.door == "api" and person in library.tokens:
        client.cookies.clear()
        sent["headers"]["Authorization"] = f"Bearer {library.tokens[person]}"
    if entry.door == "tus":
        sent["headers"] |= {"Tus-Resumable": "1.0.0", **(entry.send or {})}
        sent |= {"data": b"hello" if entry.method == "PATCH" else b""}
        sent["content_type"] = "application/offset+octet-stream"
    elif entry.door == "api" and entry.send is not None:
        sent |= {"data": entry.send, "content_type": "application/json"}
    elif entry.method == "POST":
        codes = {who: one.code for who, one in library.people.items()}
        sent["data"] = {name: str(value).format(**codes) for name, value in (entry.send or {}).items()}
    return getattr(client, (method or entry.method).lower())(address, **sent)


def address_of(entry: Entry, state: str, library: Library) -> str:
    """The address of an entry, for the clip in that state."""
    if entry.route in routes():  # it has no name
        return "/" + entry.route.replace("<uuid:code>", str(library.upload.code)) + entry.query
    owner = library.people["owner"]
    parts: dict[str, Any] = {"secret": library.secret, "key": "nonsense", "uidb36": int_to_base36(owner.pk)}
    if entry.route == "account_reset_password_from_key":
        parts["key"] = default_token_generator.make_token(owner)
    parts |= {"code": owner.code, **entry.parts}
    if entry.is_about_a_clip:
        parts["code"] = library.clips[state].code
    elif entry.route.startswith(("upload", "tus")):
        parts["code"] = library.upload.code
    elif entry.route == "invitation_revoke":
        parts["code"] = library.invitation.code
    return reverse(entry.route, kwargs={name: parts[name] for name in _wanted(entry.route)}) + entry.query


def _wanted(route: str) -> list[str]:
    resolver, name = get_resolver(), route
    if ":" in route:
        namespace, _, name = route.partition(":")
        resolver = resolver.namespace_dict[namespace][1]
    return list(resolver.reverse_dict.getlist(name)[0][0][0][1])


def _body_of(response: Any) -> str:
    body = b"".join(response) if response.streaming else response.content
    response.close()
    return str(body.decode(errors="replace"))


def _head_differs(entry: Entry, person: str, state: str, library: Library) -> Iterator[str]:
    if entry.door == "api":  # its operations take the methods of the document alone
        return
    got, body, _ = ask(entry, person, state, library, "HEAD")
    if (got, body) != (200, ""):
        yield f"HEAD is {got} with {len(body)} characters"


def _wrong_titles(entry: Entry, person: str, body: str) -> Iterator[str]:
    if not entry.shows:
        return
    word = "{}" if entry.route == "tag_suggestions" else "Statename {}"
    shown = {state for state in STATES if word.format(MARKS[state]) in body}
    expected = {state for state in STATES if is_among(person, MAY[entry.shows][state])}
    if shown != expected:
        yield f"shows the clips {sorted(shown)} instead of {sorted(expected)}"


# --- Nothing is missing ---------------------------------------------------------------------------------------------


@cache
def routes() -> dict[str, list[str]]:
    """Every route of the library, as it is written, with the names it has; Django's own admin pages are one."""
    found: dict[str, list[str]] = {}
    for route, name in _patterns(get_resolver().url_patterns):
        found.setdefault(ADMIN_PAGES if route.startswith(ADMIN_PAGES) else route, []).append(name)
    return found


def _patterns(patterns: Any, before: str = "", namespace: str = "") -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, namespace + pattern.name if pattern.name else ""
        else:
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _patterns(pattern.url_patterns, route, namespace + inner)


def test_every_route_is_in_the_matrix_and_no_other() -> None:
    known, named = {entry.route for entry in ENTRIES}, set[str]()
    for route, names in routes().items():
        named |= set(names) - {""} or {route}
    named = {name for name in named if not name.startswith("admin:")}
    missing, gone = sorted(named - known), sorted(known - named)
    assert missing == [], "write who may open them into tests/videolib/access_matrix.py"
    assert gone == [], "take them out of tests/videolib/access_matrix.py"


def test_every_operation_of_the_api_is_in_the_matrix_and_no_other() -> None:
    document = api.get_openapi_schema()
    there = {
        (operation["operationId"].removeprefix("videolib_api_views_"), method.upper())
        for methods in document["paths"].values()
        for method, operation in methods.items()
    }
    of_ninja = {"openapi-json", "api-root"}
    ours = {(entry.route.removeprefix("api:"), entry.method) for entry in ENTRIES if entry.route.startswith("api:")}
    assert {pair for pair in ours if pair[0] not in of_ninja} == there


def test_every_other_method_is_turned_away(library: Library) -> None:
    known = {(entry.route, entry.method): entry for entry in ENTRIES}
    about = {entry.route: entry for entry in ENTRIES if entry.route not in matrix.METHODS_OF_PACKAGES}
    wrong = {}
    for route, entry in about.items():
        same_address = _names_beside(route)
        others = [method for method in METHODS if not any((name, method) in known for name in same_address)]
        for method in others:
            got = _bare(entry, method, library)
            # Operations check who asks first; allauth's classes answer with 405 behind the sign-in alone.
            if got not in (405, 401):
                wrong[f"{method} {route}"] = got
    assert wrong == {}, f"methods that the matrix does not name are let in: {wrong}"


def _names_beside(route: str) -> set[str]:
    return next((set(names) for names in routes().values() if route in names), {route}) | {route}


def _bare(entry: Entry, method: str, library: Library) -> int:
    limits.clear()
    with transaction.atomic():
        client = library.client("admin")
        headers = {"Tus-Resumable": "1.0.0"} if entry.door == "tus" else {}
        response = getattr(client, method.lower())(address_of(entry, "team", library), headers=headers)
        transaction.set_rollback(True)
    return int(response.status_code)


def test_the_matrix_itself_is_whole() -> None:
    assert all(set(row) == set(STATES) for row in MAY.values())
    named = {word for row in (*MAY.values(), GUESTS) for cell in row.values() for word in cell.split()}
    assert named == set(PEOPLE)
    assert {entry.who for entry in ENTRIES} <= MAY.keys() | GUESTS.keys()
    assert {entry.route for group in GROUPS.values() for entry in group} == {entry.route for entry in ENTRIES}
    twice = Counter((e.route, e.method, e.query, tuple(e.parts.items())) for e in ENTRIES)
    assert [key for key, times in twice.items() if times > 1] == []


# --- Django's own admin pages ---------------------------------------------------------------------------------------


def test_the_tables_are_for_admins(library: Library) -> None:
    wrong: dict[str, Mapping[str, int | str]] = {}
    for route, _ in _patterns(get_resolver().url_patterns):
        if not route.startswith(ADMIN_PAGES) or route.endswith(("/login/", "/logout/")):
            continue
        address = "/" + _filled(route)
        answers = {person: _status(library.client(person), address) for person in PEOPLE if person != "admin"}
        expected = {person: TO_SIGN_IN if person == "signed-out" else 403 for person in answers}
        if answers != expected:
            wrong[address] = answers
    assert wrong == {}
    assert _status(library.client("admin"), f"/{ADMIN_PAGES}") == 200


def _filled(route: str) -> str:
    for part, value in {
        "<path:object_id>": "1",
        "<path:content_type_id>": "1",
        "^(?P<app_label>videolib|transcode)/$": "videolib/",
        "(?P<url>.*)$": "no/such/page",
    }.items():
        route = route.replace(part, value)
    return route


def _status(client: Client, address: str) -> int | str:
    response = client.get(address)
    leads = response.headers.get("Location", "")
    return TO_SIGN_IN if leads.startswith("/accounts/login/?") else response.status_code
