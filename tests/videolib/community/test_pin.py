"""Pins: by curators, on what the whole team finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from videolib.accounts.models import AuditEntry
from videolib.clips.actions import edit_clip
from videolib.clips.models import Clip
from videolib.community import actions

HTMX = {"HX-Request": "true"}


def pinned(clip: Clip) -> bool:
    clip.refresh_from_db()
    return clip.pinned_at is not None


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_curators_pin_and_unpin_and_it_is_logged(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(), client_of(make_user(role))
    assert client.post(f"/clips/{clip.code}/pin/").headers["Location"] == clip.get_absolute_url()
    assert pinned(clip)
    client.post(f"/clips/{clip.code}/unpin/")
    assert not pinned(clip)
    assert [entry.deed for entry in AuditEntry.objects.order_by("pk")] == ["pin clip", "unpin clip"]


@pytest.mark.parametrize("who", ["owner", "learner", "contributor"])
def test_others_do_not_pin(
    who: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    client = client_of(clip.owner if who == "owner" else make_user(who))
    assert client.post(f"/clips/{clip.code}/pin/").status_code == 404
    assert not pinned(clip)
    actions.pin_clip(clip, by=make_user("curator"))
    assert client.post(f"/clips/{clip.code}/unpin/").status_code == 404
    assert pinned(clip)


def test_a_curator_does_not_pin_what_is_private(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip(visibility="private")
    assert client_of(make_user("curator")).post(f"/clips/{clip.code}/pin/").status_code == 404


def test_signed_out_nobody_pins(make_clip: Callable[..., Clip], client: Client) -> None:
    clip = make_clip()
    for deed in ("pin", "unpin"):
        assert client.post(f"/clips/{clip.code}/{deed}/").headers["Location"].startswith("/accounts/login/")
    assert not pinned(clip)


def test_what_the_team_does_not_find_is_not_pinned(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(visibility="unlisted"), client_of(make_user("curator"))
    assert (
        "Only a clip that the whole team finds"
        in client.post(f"/clips/{clip.code}/pin/", headers=HTMX).content.decode()
    )
    page = client.post(f"/clips/{clip.code}/pin/", follow=True).content.decode()
    assert "Only a clip that the whole team finds" in page
    assert not pinned(clip)


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
def test_what_the_team_does_not_find_any_more_is_unpinned_and_stays_so_when_it_is_shared_again(
    visibility: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip = make_clip()
    actions.pin_clip(clip, by=make_user("curator"))
    owner = client_of(clip.owner)
    owner.post(f"/clips/{clip.code}/edit/", {"title": "Other words"}, headers=HTMX)
    assert pinned(clip)
    for choice in (visibility, "team"):
        assert owner.post(f"/clips/{clip.code}/edit/", {"visibility": choice}, headers=HTMX).status_code == 204
        assert not pinned(clip)


def test_a_hidden_clip_is_unpinned_and_stays_so_when_it_is_shown_again(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, curator = make_clip(), make_user("curator")
    actions.pin_clip(clip, by=curator)
    for deed in ("hide", "unhide"):
        client_of(curator).post(f"/clips/{clip.code}/{deed}/")
        assert not pinned(clip)


@pytest.mark.parametrize("change", [{"visibility": "private"}, {"hidden_at": timezone.now()}])
def test_what_is_shared_no_more_since_it_was_read_is_not_pinned(
    change: dict[str, Any], make_clip: Callable[..., Clip], make_user: Callable[..., Any]
) -> None:
    clip = make_clip()
    Clip.objects.update(**change)
    with pytest.raises(actions.PinError):
        actions.pin_clip(clip, by=make_user("curator"))
    assert not pinned(clip) and not AuditEntry.objects.exists()


def test_what_was_pinned_since_it_was_read_is_unpinned_when_it_becomes_private(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any]
) -> None:
    clip = make_clip()
    actions.pin_clip(Clip.objects.get(pk=clip.pk), by=make_user("curator"))
    edit_clip(clip, by=clip.owner, visibility="private")
    assert not pinned(clip)


def test_pinning_twice_is_once(make_clip: Callable[..., Clip], make_user: Callable[..., Any]) -> None:
    clip, curator = make_clip(), make_user("curator")
    actions.pin_clip(clip, by=curator)
    first = Clip.objects.get(pk=clip.pk).pinned_at
    actions.pin_clip(clip, by=curator)
    assert Clip.objects.get(pk=clip.pk).pinned_at == first and AuditEntry.objects.count() == 1


def test_htmx_gets_the_button_as_it_is_now(
    make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(), client_of(make_user("curator"))
    part = client.post(f"/clips/{clip.code}/pin/", headers=HTMX).content.decode()
    assert f"/clips/{clip.code}/unpin/" in part and 'aria-pressed="true"' in part and "<html" not in part
