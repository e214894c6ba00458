"""The trash page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from videolib.clips.actions import create_draft, trash_clip
from videolib.clips.models import Clip

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def trashed(make_clip: Callable[..., Clip]) -> Callable[..., Clip]:
    def make(owner: Any, **columns: Any) -> Clip:
        clip = make_clip(owner, **columns)
        Clip.objects.filter(pk=clip.pk).update(trashed_at=THEN)
        return clip

    return make


def test_a_deleted_clip_says_when_it_is_gone_for_good(
    trashed: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client], settings: Any
) -> None:
    settings.TRASH_DAYS = 10
    owner = make_user("contributor")
    clip = trashed(owner, title="Thrown away")
    page = client_of(owner).get("/clips/trash/").content.decode()
    assert "Thrown away" in page and "11 March 2026" in page and f"/clips/{clip.code}/restore/" in page


def test_a_clip_that_was_still_uploading_says_how_soon_it_is_gone(
    make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    owner = make_user("contributor")
    clip = create_draft("Half way", by=owner, visibility="private")
    client = client_of(owner)
    assert "for an hour" in client.get(f"/clips/{clip.code}/delete/").content.decode()
    trash_clip(clip, by=owner)
    page = " ".join(re.sub("<.*?>", "", client.get("/clips/trash/").content.decode()).split())
    assert "Deleted for good in 59 minutes" in page


def test_clips_of_others_are_there_for_curators_alone_and_private_ones_for_nobody(
    trashed: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    owner = make_user("contributor", name="Olga")
    trashed(owner, title="For the team")
    trashed(owner, title="My own affair", visibility="private")
    assert "The trash is empty" in client_of(make_user("contributor")).get("/clips/trash/").content.decode()
    for role in ("curator", "admin"):
        page = client_of(make_user(role)).get("/clips/trash/").content.decode()
        assert "For the team" in page and "By Olga" in page and "My own affair" not in page


def test_queries_do_not_grow_with_the_clips(
    trashed: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    owner = make_user("contributor")
    client = client_of(make_user("curator"))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get("/clips/trash/")
        return len(queries)

    trashed(owner)
    few = count()
    for _ in range(8):
        trashed(owner)
    assert count() == few
