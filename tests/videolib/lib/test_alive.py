"""`/healthz`. None of these tests may ask the database: pytest-django sees to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "10.1.2.3", "web", "videos.example.com"])
@pytest.mark.parametrize("site", ["http://localhost:8000", "https://videos.example.com"])
def test_whoever_asks_by_whatever_name_gets_an_ok(client: Client, settings: Any, host: str, site: str) -> None:
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["videos.example.com"], site
    response = client.get("/healthz", headers={"host": host})
    assert (response.status_code, response.content) == (200, b"ok")
    assert not response.cookies


def test_head_is_answered_alike_and_other_methods_are_refused(client: Client) -> None:
    assert client.head("/healthz").status_code == 200
    refused = client.post("/healthz")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD")


def test_other_addresses_still_ask_for_the_host(client: Client) -> None:
    assert client.get("/readyz", headers={"host": "elsewhere.example"}).status_code == 400
