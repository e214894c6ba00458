"""The whole table: who may see, come across, edit, restore and download which clip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.utils import timezone

from tests.videolib.stocked_library import COLUMNS
from videolib.accounts.models import AuditEntry
from videolib.clips.access import get_clip_for, may_do
from videolib.clips.models import Clip

PEOPLE = ("signed out", "learner", "contributor", "owner", "curator", "admin")
DEEDS = ("see", "listed", "edit", "curate", "restore", "download")

# One letter a deed, in the order of DEEDS; a dot where it is refused. Downloading others' clips is allowed in all of
# these but the last row.
TABLE = {
    #                signed out learner   contributor owner     curator   admin
    "private":      ("......", "......", "......", "sle..d", "......", "s....d"),
    "team":         ("......", "sl...d", "sl...d", "sle..d", "slec.d", "slec.d"),
    "unlisted":     ("......", "s....d", "s....d", "sle..d", "slec.d", "slec.d"),
    "hidden":       ("......", "......", "......", "sle..d", "s.ec.d", "s.ec.d"),
    "trashed":      ("......", "......", "......", "....r.", "....r.", "....r."),
    "trashed private": ("......", "......", "......", "....r.", "......", "......"),
    "trashed draft": ("......", "......", "......", "....r.", "......", "....r."),
    "processing":   ("......", "......", "......", "s.e..d", "s.ec.d", "s.ec.d"),
    "draft":        ("......", "......", "......", "s.e..d", "......", "s.ec.d"),
    "not for download": ("......", "sl....", "sl....", "sle..d", "slec..", "slec.."),
}  # fmt: skip

# Those of the matrix over HTTP, and what only one deed or one moment tells apart.
STATES: dict[str, dict[str, Any]] = {
    **{state: columns for state, columns in COLUMNS.items() if state in TABLE},
    "trashed draft": {"trashed_at": timezone.now(), "published_at": None, "recording": None},
    "processing": {"published_at": None},
    "draft": {"published_at": None, "recording": None},
    "not for download": {"allow_download": False},
}


@pytest.fixture
def people(make_user: Callable[..., Any]) -> dict[str, Any]:
    roles = {name: make_user(name) for name in ("learner", "contributor", "curator", "admin")}
    return {**roles, "owner": make_user("contributor"), "signed out": AnonymousUser()}


def put(clip: Clip, columns: dict[str, Any]) -> Clip:
    Clip.objects.filter(pk=clip.pk).update(**{"allow_download": True, **columns})
    return Clip.objects.get(pk=clip.pk)


def deeds_of(user: Any, clip: Clip) -> str:
    may = {deed: may_do(user, clip, deed) for deed in ("see", "edit", "curate", "restore", "download")}  # type: ignore[arg-type]
    may["listed"] = Clip.objects.listed_for(user).filter(pk=clip.pk).exists()
    return "".join(deed[0] if may[deed] else "." for deed in DEEDS)


@pytest.mark.parametrize("state", TABLE)
def test_the_table(state: str, people: dict[str, Any], make_clip: Callable[..., Clip]) -> None:
    clip = put(make_clip(people["owner"]), STATES[state])
    assert tuple(deeds_of(people[who], clip) for who in PEOPLE) == TABLE[state]


@pytest.mark.parametrize("state", TABLE)
def test_get_clip_for_gives_the_clip_or_says_there_is_none(
    state: str, people: dict[str, Any], make_clip: Callable[..., Clip]
) -> None:
    clip = put(make_clip(people["owner"]), STATES[state])
    for who, allowed in zip(PEOPLE, TABLE[state], strict=True):
        for deed, letter in (("see", "s"), ("edit", "e"), ("curate", "c"), ("restore", "r"), ("download", "d")):
            if letter in allowed:
                assert get_clip_for(people[who], clip.code, to=deed) == clip  # type: ignore[arg-type]
            else:
                with pytest.raises(Http404):
                    get_clip_for(people[who], clip.code, to=deed)  # type: ignore[arg-type]


def test_who_may_see_a_clip_may_rate_and_tag_it(people: dict[str, Any], make_clip: Callable[..., Clip]) -> None:
    clip = make_clip(people["owner"], visibility="unlisted")
    assert may_do(people["learner"], clip, "rate") and may_do(people["learner"], clip, "tag")
    put(clip, {"visibility": "private"})
    assert not may_do(people["learner"], clip, "rate") and not may_do(people["learner"], clip, "tag")


def test_a_deactivated_person_may_nothing(people: dict[str, Any], make_clip: Callable[..., Clip]) -> None:
    clip = make_clip(people["owner"])
    for who in ("owner", "admin"):
        people[who].is_active = False
        people[who].save()
        assert deeds_of(people[who], clip) == "......"
    assert list(Clip.objects.in_trash_of(people["owner"])) == []


def test_an_admins_look_at_a_private_clip_is_logged_once(
    people: dict[str, Any], make_clip: Callable[..., Clip]
) -> None:
    clip = make_clip(people["owner"], visibility="private")
    for _ in range(3):
        get_clip_for(people["admin"], clip.code)
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.deed, entry.details["title"]) == (people["admin"], "open private clip", clip.title)
    assert str(clip.code) in entry.thing


def test_the_owners_own_look_and_a_look_at_a_team_clip_are_not_logged(
    people: dict[str, Any], make_clip: Callable[..., Clip]
) -> None:
    get_clip_for(people["owner"], make_clip(people["owner"], visibility="private").code)
    get_clip_for(people["admin"], make_clip(people["owner"]).code)
    assert not AuditEntry.objects.exists()


def test_a_code_nobody_gave_is_a_404(people: dict[str, Any]) -> None:
    with pytest.raises(Http404):
        get_clip_for(people["admin"], "9f5a3a55-0000-4000-8000-000000000000")
