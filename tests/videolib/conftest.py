"""Every address of the library, for tests of what holds on all pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.urls import URLPattern, get_resolver, reverse
from django.utils.http import int_to_base36

from tests.videolib.stocked_library import Library, stock
from videolib.accounts import actions
from videolib.accounts.models import Role, User
from videolib.uploads.actions import create_upload

# What has no page without it.
QUERIES = {"clip_cue": "?start=0&end=3"}


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    """Whoever may open all of them."""
    return make_user("admin", email="ada@example.com")


@pytest.fixture
def library(make_user: Callable[..., Any], make_clip: Callable[..., Any], data_folder: Path) -> Library:
    """Everybody of the access matrix, and a clip in every state."""
    return stock(make_user, make_clip, data_folder / "media")


@pytest.fixture
def addresses(admin: User, make_user: Any, make_clip: Any, data_folder: Path) -> dict[str, str]:
    """The addresses that have a name, filled in with things that are there; of the API its page alone."""
    cues = [(0, 3, "first we commit"), (3, 6, "then we push")]
    clip = make_clip(make_user("contributor"), title="How to commit", tags=["git"], cues=cues)
    codes = {
        "clips": clip.code,
        "people": clip.owner.code,
        "upload": create_upload(by=admin, size=9).code,
        "uploads": create_upload(by=admin, size=9).code,
    }
    secret = actions.invite_anybody(role=Role.LEARNER, by=admin).link.rstrip("/").rpartition("/")[2]
    parts = {"secret": secret, "name": "source", "kind": "vtt", "number": 0}
    parts |= {"uidb36": int_to_base36(admin.pk), "key": default_token_generator.make_token(admin)}
    found = {}
    for route, name, wanted in _patterns():
        code = {"code": codes.get(route.partition("/")[0])}
        found[name] = reverse(name, kwargs={part: (parts | code)[part] for part in wanted}) + QUERIES.get(name, "")
    return found


def _patterns() -> Iterator[tuple[str, str, list[str]]]:
    """Route, name, and the names of what the route leaves open."""
    for outer in get_resolver().url_patterns:
        for pattern in getattr(outer, "url_patterns", [outer]):
            if isinstance(pattern, URLPattern) and pattern.name and "django-admin" not in str(outer.pattern):
                wanted = [*pattern.pattern.converters, *pattern.pattern.regex.groupindex]
                yield f"{outer.pattern}{pattern.pattern}".lstrip("^"), pattern.name, list(dict.fromkeys(wanted))
