"""Who may look inside the machine."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from videolib.operations.access import is_near

TOKEN = "a-token-of-the-tests"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked: these tests are about who may."""
    from videolib.operations import readiness

    monkeypatch.setattr(readiness, "QUESTIONS", {})


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.0.0.9", True),
        ("172.20.0.1", True),
        ("192.168.1.5", True),
        ("fd00::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:8.8.8.8", False),
        ("8.8.8.8", False),
        ("172.32.0.1", False),
        ("203.0.113.5", False),
        ("2001:db8::1", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_near_is_what_is_on_this_machine_or_in_a_private_network(rf: RequestFactory, address: str, near: bool) -> None:
    assert is_near(rf.get("/readyz", REMOTE_ADDR=address)) is near


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-real-ip", "forwarded", "via", "x-forwarded-proto"])
def test_through_a_proxy_that_is_not_believed_nobody_is_near(rf: RequestFactory, header: str) -> None:
    assert not is_near(rf.get("/readyz", REMOTE_ADDR="127.0.0.1", headers={header: "10.0.0.1"}))


@pytest.mark.parametrize(
    ("remote", "forwarded", "near"),
    [
        ("127.0.0.1", "10.0.0.7", True),
        ("127.0.0.1", "8.8.8.8", False),
        ("127.0.0.1", "10.0.0.7, 8.8.8.8", False),  # the last one is what our proxy saw
        ("127.0.0.1", "nonsense", False),
        ("8.8.8.8", "127.0.0.1", False),  # past the proxy
    ],
)
def test_behind_a_proxy_that_is_believed_the_visitor_counts(
    rf: RequestFactory, settings: Any, remote: str, forwarded: str, near: bool
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1  # as the settings have it for an https SITE_URL
    request = rf.get("/readyz", REMOTE_ADDR=remote, headers={"x-forwarded-for": forwarded})
    assert is_near(request) is near


def test_a_proxy_that_tells_no_address_makes_nobody_near(rf: RequestFactory, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert not is_near(rf.get("/readyz", REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-proto": "https"}))
    assert is_near(rf.get("/readyz", REMOTE_ADDR="127.0.0.1"))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("role", "status"), [(None, 403), ("learner", 403), ("curator", 403), ("admin", 200)])
def test_from_afar_admins_may(client_of: Any, make_user: Any, role: str | None, status: int) -> None:
    client = client_of(make_user(role) if role else None)
    response = client.get("/readyz", REMOTE_ADDR="8.8.8.8")
    assert response.status_code == status
    assert status == 200 or "METRICS_TOKEN" in response.text


@pytest.mark.usefixtures("quick", "db")
@pytest.mark.parametrize(
    ("set_to", "sent", "status"),
    [
        (TOKEN, f"Bearer {TOKEN}", 200),
        (TOKEN, f"bearer {TOKEN} ", 200),
        (TOKEN, f"Bearer {TOKEN}x", 403),
        (TOKEN, f"Basic {TOKEN}", 403),
        (TOKEN, "Bearer é", 403),
        (TOKEN, "", 403),
        ("", "Bearer ", 403),
        ("", "", 403),
    ],
)
def test_from_afar_the_token_opens(client: Any, settings: Any, set_to: str, sent: str, status: int) -> None:
    settings.METRICS_TOKEN = set_to
    assert client.get("/readyz", REMOTE_ADDR="8.8.8.8", headers={"authorization": sent}).status_code == status
