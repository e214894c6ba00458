"""Tags put on and taken off by scripts, whatever is in their names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from tests.videolib.api.test_api import Caller
from videolib.clips.models import Clip

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(make_clip: Callable[..., Clip]) -> Clip:
    return make_clip(tags=["Git"])


@pytest.mark.parametrize("name", ["CI/CD", "learn/er/", "/etc", "C#", "50 % off", "what?", "Übung", "a.b"])
def test_every_tag_that_can_be_put_on_can_be_taken_off(clip: Clip, name: str) -> None:
    call = Caller(clip.owner)
    assert call("POST", f"/clips/{clip.code}/tags", {"name": name}) == (200, sorted(["Git", name]))
    assert call("DELETE", f"/clips/{clip.code}/tags/{quote(name, safe='')}") == (200, ["Git"])


def test_a_slash_in_an_address_may_stand_as_it_is(clip: Clip) -> None:
    call = Caller(clip.owner)
    call("POST", f"/clips/{clip.code}/tags", {"name": "CI/CD"})
    assert call("DELETE", f"/clips/{clip.code}/tags/ci/cd") == (200, ["Git"])
    assert call("DELETE", f"/clips/{clip.code}/tags/ci/cd") == (
        404,
        {"detail": "The clip does not have this tag any more."},
    )


def test_the_openapi_document_names_the_tag_without_its_converter(client_of: Any, make_user: Any) -> None:
    client = client_of(make_user("learner"))
    document = json.loads(client.get("/api/v1/openapi.json").content)
    operation = document["paths"]["/api/v1/clips/{code}/tags/{name}"]["delete"]
    assert [(each["name"], each["in"]) for each in operation["parameters"]] == [("code", "path"), ("name", "path")]
    assert not [path for path in document["paths"] if ":" in path]
    assert "/api/v1/clips/{code}/tags/{name}" in client.get("/api/v1/docs").content.decode()


@pytest.mark.parametrize("text", [r"\ud800", r"a\u0000b"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/clips/{}/tags", '{{"name": "{}"}}'),
        ("PATCH", "/clips/{}", '{{"tags": ["{}"]}}'),
        ("PATCH", "/clips/{}", '{{"license": "{}"}}'),
        ("PATCH", "/clips/{}", '{{"description": "{}"}}'),
        ("POST", "/vocabulary", '{{"terms": ["{}"]}}'),
    ],
)
def test_what_is_no_text_is_a_422_in_json(
    make_user: Callable[..., Any], clip: Clip, client: Client, method: str, path: str, body: str, text: str
) -> None:
    call = Caller(make_user("curator"))
    answer = client.generic(
        method, f"/api/v1{path.format(clip.code)}", body.format(text), "application/json", headers=call.headers
    )
    assert answer.status_code == 422 and answer.json()["detail"]


def test_a_tag_of_somebody_else_is_a_403_that_says_who_may(clip: Clip, make_user: Callable[..., Any]) -> None:
    assert Caller(make_user("learner"))("DELETE", f"/clips/{clip.code}/tags/Git") == (
        403,
        {"detail": "Only whoever put a tag on, the clip's owner or a curator can take it off."},
    )
    assert [tag.name for tag in clip.tags.all()] == ["Git"]


def test_signed_out_nobody_tags(clip: Clip) -> None:
    stranger = Caller(None, "unknown")
    assert stranger("POST", f"/clips/{clip.code}/tags", {"name": "x"})[0] == 401
    assert stranger("DELETE", f"/clips/{clip.code}/tags/Git")[0] == 401
