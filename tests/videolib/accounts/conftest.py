"""What tests of people share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache

from videolib.accounts import actions
from videolib.accounts.models import Role, User

# Long, and like nothing about anybody here.
PASSWORD = "plum-tower-9 lantern"


@pytest.fixture(autouse=True)
def fresh_limits() -> Iterator[None]:
    """No test is slowed down by what another one tried."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    """An administrator."""
    return make_user("admin", name="Ada Admin", email="ada@example.com")


@pytest.fixture
def smtp(db: None, settings: Any) -> None:
    """A library with a mail server; mails land in `mailoutbox` (made anew with the database: hence `db`)."""
    settings.HAS_SMTP = True
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def invite(admin: User) -> Callable[..., str]:
    """`invite("ann@example.com", "curator")`: the path an invitation leads to; without an address, for anybody."""

    def make(email: str = "", role: str = "learner") -> str:
        if not email:
            return urlsplit(actions.invite_anybody(role=Role(role), by=admin).link).path
        return urlsplit(actions.invite_people([email], role=Role(role), by=admin).sent[0].link).path

    return make


@pytest.fixture
def accepting() -> Callable[..., dict[str, str]]:
    """`accepting(email="ann@example.com")`: what an invited person fills in."""

    def fill(**fields: str) -> dict[str, str]:
        return {"name": "Ann Able", "password1": PASSWORD, "password2": PASSWORD, **fields}

    return fill
