"""Hiding a clip from the team: for curators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
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


HIDDEN = "/clips/hidden/"


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_a_curator_finds_a_hidden_clip_again_and_shows_it(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(title="Old ways"), client_of(make_user(role))
    assert "No clip is hidden" in client.get(HIDDEN).text
    assert f'href="{HIDDEN}"' in client.get("/").text
    client.post(f"/clips/{clip.code}/hide/")
    page = client.get(HIDDEN).text
    assert "Old ways" in page and f"By {clip.owner.display_name}" in page
    assert f'<form method="post" action="/clips/{clip.code}/unhide/">' in page
    client.post(f"/clips/{clip.code}/unhide/")
    assert "Old ways" not in client.get(HIDDEN).text


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_what_a_curator_may_not_show_again_is_not_there(
    role: str, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    now = timezone.now()
    make_clip(title="Somebody's own", visibility="private", hidden_at=now)
    make_clip(title="Thrown away", hidden_at=now, trashed_at=now)
    make_clip(title="Shown as ever")
    make_clip(title="By its link", visibility="unlisted", hidden_at=now)
    page = client_of(make_user(role)).get(HIDDEN).text
    assert "By its link" in page
    assert not any(title in page for title in ("Somebody's own", "Somebody&#x27;s own", "Thrown away", "Shown as ever"))


@pytest.mark.parametrize("role", ["learner", "contributor"])
def test_others_have_no_such_list(role: str, make_user: Callable[..., Any], client_of: Callable[..., Client]) -> None:
    client = client_of(make_user(role))
    assert client.get(HIDDEN).status_code == 403
    assert HIDDEN not in client.get("/").text


@pytest.mark.django_db
def test_signed_out_people_are_sent_to_sign_in(client: Client) -> None:
    assert client.get(HIDDEN).headers["Location"] == f"/accounts/login/?next={HIDDEN}"


def test_queries_do_not_grow_with_hidden_clips(
    make_clip: Callable[..., Clip],
    make_user: Callable[..., Any],
    client_of: Callable[..., Client],
    django_assert_num_queries: Any,
) -> None:
    client = client_of(make_user("curator"))
    make_clip(hidden_at=timezone.now(), tags=["git"])
    with CaptureQueriesContext(connection) as few:
        client.get(HIDDEN)
    for _ in range(5):
        make_clip(make_user("contributor"), hidden_at=timezone.now(), tags=["git"])
    with django_assert_num_queries(len(few)):
        client.get(HIDDEN)
