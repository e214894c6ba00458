"""A clip that is deleted for good between reading and acting is not there: 404, by page and by API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from videolib.accounts.models import AuditEntry
from videolib.api import views as api
from videolib.clips import access, actions, corrections, views
from videolib.clips.access import NO_SUCH_CLIP
from videolib.clips.models import Clip
from videolib.community import views as community

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _deleted_once_it_is_read(monkeypatch: pytest.MonkeyPatch, data_folder: object) -> None:
    def read_and_lose(*args: Any, **kwargs: Any) -> Clip:
        clip = access.get_clip_for(*args, **kwargs)
        assert actions.delete_for_good(Clip.objects.get(pk=clip.pk))
        return clip

    for place in (api, views, corrections, community):
        monkeypatch.setattr(place, "get_clip_for", read_and_lose)


@pytest.fixture
def clip(make_clip: Callable[..., Clip]) -> Clip:
    return make_clip(title="Soon gone", cues=[(0, 2, "hello")])


@pytest.fixture
def curator(client_of: Callable[..., Client], make_user: Callable[..., Any]) -> Client:
    return client_of(make_user("curator"))


def trash(clip: Clip) -> None:
    Clip.objects.filter(pk=clip.pk).update(trashed_at=timezone.now())


@pytest.mark.parametrize(
    ("act", "sent"),
    [
        ("edit", {"title": "Another"}),
        ("edit", {"tags": "git"}),
        ("delete", {}),
        ("restore", {}),
        ("hide", {}),
        ("unhide", {}),
        ("tag", {"name": "git"}),
        ("cue", {"start": 0, "end": 2, "text": "hallo"}),
        ("rate", {"stars": 4}),
        ("rate", {"stars": 0}),
    ],
)
def test_by_page(act: str, sent: dict[str, Any], clip: Clip, curator: Client) -> None:
    if act == "restore":
        trash(clip)
    response = curator.post(f"/clips/{clip.code}/{act}/", sent)
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("method", "act", "sent"),
    [
        ("PATCH", "", {"title": "Another"}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
        ("POST", "/tags", {"name": "git"}),
        ("PUT", "/transcript/cue", {"start": 0, "end": 2, "text": "hallo"}),
        ("PUT", "/rating", {"stars": 4}),
    ],
)
def test_by_api(method: str, act: str, sent: dict[str, Any] | None, clip: Clip, curator: Client) -> None:
    if act == "/restore":
        trash(clip)
    response = curator.generic(method, f"/api/v1/clips/{clip.code}{act}", json.dumps(sent), "application/json")
    assert (response.status_code, response.json()) == (404, {"detail": NO_SUCH_CLIP})
    assert not AuditEntry.objects.exists()
