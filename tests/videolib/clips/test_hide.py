"""Hiding a clip from the team: for curators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from videolib.accounts.models import AuditEntry
from videolib.clips.models import Clip


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_a_curator_hides_a_clip_and_shows_it_again(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(), client_of(make_user(role))
    learner = client_of(make_user("learner"))
    assert client.post(f"/clips/{clip.code}/hide/").headers["Location"] == clip.get_absolute_url()
    assert learner.get(clip.get_absolute_url()).status_code == 404
    assert "Hidden from the team" in client.get(clip.get_absolute_url()).content.decode()
    assert client_of(clip.owner).get(clip.get_absolute_url()).status_code == 200
    client.post(f"/clips/{clip.code}/unhide/")
    assert learner.get(clip.get_absolute_url()).status_code == 200
    assert [entry.deed for entry in AuditEntry.objects.order_by("pk")] == ["hide clip", "show clip again"]


@pytest.mark.parametrize("who", ["owner", "learner", "contributor"])
def test_others_neither_hide_nor_show(
    who: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    client = client_of(clip.owner if who == "owner" else make_user(who))
    assert client.post(f"/clips/{clip.code}/hide/").status_code == 404
    Clip.objects.update(hidden_at=timezone.now())
    assert client.post(f"/clips/{clip.code}/unhide/").status_code == 404
    assert Clip.objects.get().hidden_at is not None


def test_a_curator_does_not_hide_what_is_private(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(visibility="private")
    assert client_of(make_user("curator")).post(f"/clips/{clip.code}/hide/").status_code == 404


def test_signed_out_nobody_hides(make_clip: Callable[..., Clip], client: Client) -> None:
    clip = make_clip()
    for deed in ("hide", "unhide"):
        assert client.post(f"/clips/{clip.code}/{deed}/").headers["Location"].startswith("/accounts/login/")
    assert Clip.objects.get().hidden_at is None
