"""Bringing a clip back from the trash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from videolib.clips import actions
from videolib.clips.models import Clip


@pytest.fixture
def trashed(make_clip: Callable[..., Clip]) -> Clip:
    clip = make_clip()
    actions.trash_clip(clip, by=clip.owner)
    return clip


def restore(client: Client, clip: Clip) -> Any:
    return client.post(f"/clips/{clip.code}/restore/")


def is_back(clip: Clip) -> bool:
    return Clip.objects.get(pk=clip.pk).trashed_at is None


def test_the_owner_restores(trashed: Clip, client_of: Callable[..., Client]) -> None:
    response = restore(client_of(trashed.owner), trashed)
    assert response.headers["Location"] == trashed.get_absolute_url()
    assert is_back(trashed)


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_curators_restore_what_the_team_saw(
    role: str, trashed: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    assert restore(client_of(make_user(role)), trashed).status_code == 302
    assert is_back(trashed)


@pytest.mark.parametrize("role", ["learner", "contributor"])
def test_others_do_not_restore(
    role: str, trashed: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    assert restore(client_of(make_user(role)), trashed).status_code == 404
    assert not is_back(trashed)


def test_a_curator_does_not_restore_a_private_clip(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(visibility="private")
    actions.trash_clip(clip, by=clip.owner)
    assert restore(client_of(make_user("curator")), clip).status_code == 404


def test_a_curator_restores_what_could_not_be_played_yet_but_no_draft(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, curator = make_clip(title="First try", playable=False), client_of(make_user("curator"))
    draft = Clip.objects.create(owner=clip.owner, title="On its way", visibility="team", trashed_at=timezone.now())
    curator.post(f"/clips/{clip.code}/delete/")
    page = curator.get("/clips/trash/").content.decode()
    assert "First try" in page and "On its way" not in page
    assert restore(curator, draft).status_code == 404
    assert restore(curator, clip).status_code == 302 and is_back(clip)


def test_signed_out_nobody_restores(trashed: Clip, client: Client) -> None:
    assert restore(client, trashed).headers["Location"].startswith("/accounts/login/")
    assert not is_back(trashed)


def test_what_is_not_in_the_trash_cannot_be_restored(
    make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    assert restore(client_of(clip.owner), clip).status_code == 404
