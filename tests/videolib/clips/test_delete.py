"""Deleting a clip: asked first, undone from the message that follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from videolib.accounts.models import AuditEntry
from videolib.clips.models import Clip


def is_trashed(clip: Clip) -> bool:
    return Clip.objects.get(pk=clip.pk).trashed_at is not None


def test_the_page_asks_first(make_clip: Callable[..., Clip], client_of: Callable[..., Client]) -> None:
    clip = make_clip(title="Old <tip>")
    page = client_of(clip.owner).get(f"/clips/{clip.code}/delete/").content.decode()
    assert "Delete “Old &lt;tip&gt;”?" in page and "for 30 days" in page
    assert not is_trashed(clip)


def test_the_owner_deletes_and_undoes_from_the_message(
    make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(title="Old <tip>")
    client = client_of(clip.owner)
    page = client.post(f"/clips/{clip.code}/delete/", follow=True)
    assert page.redirect_chain == [("/clips/mine/", 302)]
    assert is_trashed(clip)
    words = page.content.decode()
    assert "“Old &lt;tip&gt;” is in the trash." in words and f'action="/clips/{clip.code}/restore/"' in words
    assert client.get(clip.get_absolute_url()).status_code == 404
    client.post(f"/clips/{clip.code}/restore/")
    assert not is_trashed(clip)
    assert not AuditEntry.objects.exists()


def test_a_curator_deletes_what_the_team_sees_and_it_is_logged(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, curator = make_clip(), make_user("curator")
    assert client_of(curator).post(f"/clips/{clip.code}/delete/").headers["Location"] == "/"
    assert is_trashed(clip)
    assert [(entry.deed, entry.by) for entry in AuditEntry.objects.all()] == [("delete clip", curator)]


@pytest.mark.parametrize("role", ["learner", "contributor"])
def test_others_do_not_delete(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(), client_of(make_user(role))
    assert client.get(f"/clips/{clip.code}/delete/").status_code == 404
    assert client.post(f"/clips/{clip.code}/delete/").status_code == 404
    assert not is_trashed(clip)


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_nobody_but_the_owner_deletes_a_private_clip(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(visibility="private")
    assert client_of(make_user(role)).post(f"/clips/{clip.code}/delete/").status_code == 404
    assert not is_trashed(clip)


def test_signed_out_nobody_deletes(make_clip: Callable[..., Clip], client: Client) -> None:
    clip = make_clip()
    assert client.post(f"/clips/{clip.code}/delete/").headers["Location"].startswith("/accounts/login/")
    assert not is_trashed(clip)
