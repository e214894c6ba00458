"""Whatever goes wrong under /api/ is JSON with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from django.test import Client

from tests.videolib.api.test_api import Caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(make_user: Callable[..., Any]) -> Caller:
    return Caller(make_user("learner"))


def sentence(response: Any) -> str:
    """What a script reads of an answer that is no success."""
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.headers.get("Content-Length", str(len(response.content))) == str(len(response.content))
    said: str = response.json()["detail"]
    return said


@pytest.mark.parametrize("path", ["/api/v1/no-such-thing", "/api/v2/clips", "/api/"])
def test_an_unknown_address(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert sentence(response) == "There is nothing at this address. See /api/v1/docs."


def test_what_cannot_be_known_keeps_the_sentence_of_whoever_looked(call: Caller) -> None:
    answer = call("GET", f"/clips/{uuid4()}")
    assert answer == (404, {"detail": "There is no such clip, or it is not shared with you."})


@pytest.mark.parametrize("path", ["/clips", "/search", "/docs"])
def test_a_method_that_an_address_does_not_take(call: Caller, path: str) -> None:
    response = call.client.put(f"/api/v1{path}", headers=call.headers)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"] and "Allow" in sentence(response)
    assert "Content-Security-Policy" in response.headers


def test_a_mistake_of_ours_is_in_the_log_and_not_in_the_answer(call: Caller, caplog: Any) -> None:
    call.client.raise_request_exception = False
    with mock.patch("videolib.api.views.search_clips", side_effect=RuntimeError("broken")):
        response = call.client.get("/api/v1/search?q=x", headers=call.headers)
    assert response.status_code == 500
    assert "not your fault" in sentence(response) and "broken" not in response.content.decode()
    assert "broken" in caplog.text


def test_a_body_that_is_larger_than_a_request_may_be(call: Caller, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = call.client.generic(
        "POST", f"/api/v1/clips/{uuid4()}/tags", '{"name": "long"}', "application/json", headers=call.headers
    )
    assert response.status_code == 413
    assert "Send less" in sentence(response)


@pytest.mark.parametrize("body", ["{", "[" * 100_000, b"\xff\xfe{"])
def test_a_body_that_is_no_json(call: Caller, body: str | bytes) -> None:
    address = f"/api/v1/clips/{uuid4()}/tags"
    response = call.client.generic("POST", address, body, "application/json", headers=call.headers)
    assert response.status_code == 400 and sentence(response)


def test_a_host_that_is_not_ours(client: Client) -> None:
    response = client.get("/api/v1/clips", headers={"host": "evil.example"})
    assert response.status_code == 400 and sentence(response)


def test_a_write_from_a_page_without_the_protection_of_forms(client_of: Any, make_user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.delete(f"/api/v1/clips/{uuid4()}")
    assert response.status_code == 403 and sentence(response)


def test_pages_keep_their_pages(client: Client) -> None:
    assert client.get("/no/such/page/").headers["Content-Type"].startswith("text/html")
