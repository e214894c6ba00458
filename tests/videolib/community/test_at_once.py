"""Stars and pins at once, on PostgreSQL, where deeds overlap."""

from __future__ import annotations

from functools import partial

import pytest

from tests.videolib.at_once import race
from videolib.clips import actions as clips
from videolib.clips.models import Clip
from videolib.community import actions

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_who_rate_at_once_are_both_counted(make_clip, make_user, monkeypatch):
    clip = make_clip()
    deeds = [
        partial(actions.rate_clip, Clip.objects.get(), stars, by=make_user("learner", email=f"{stars}@example.com"))
        for stars in (2, 5)
    ]
    for ended in race(monkeypatch, *deeds, stop_after=(actions, "lock_clip")):
        assert ended.error is None
    clip.refresh_from_db()
    assert (clip.rating_sum, clip.rating_count) == (7, 2)


def test_a_clip_that_is_just_made_private_is_not_pinned(make_clip, make_user, monkeypatch):
    clip, curator = make_clip(), make_user("curator")
    hide = partial(clips.edit_clip, Clip.objects.get(), by=clip.owner, visibility="private")
    pin = partial(actions.pin_clip, Clip.objects.get(), by=curator)
    first, second = race(monkeypatch, hide, pin, stop_after=(clips, "unpin_unlisted"))
    assert (first.error, second.had_to_wait) == (None, True)
    assert isinstance(second.error, actions.PinError)
    clip.refresh_from_db()
    assert clip.pinned_at is None


def test_a_clip_that_was_just_pinned_loses_its_pin_with_the_team(make_clip, make_user, monkeypatch):
    clip, curator = make_clip(), make_user("curator")
    pin = partial(actions.pin_clip, Clip.objects.get(), by=curator)
    hide = partial(clips.edit_clip, Clip.objects.get(), by=clip.owner, visibility="private")
    for ended in race(monkeypatch, pin, hide, stop_after=(actions, "write_audit")):
        assert ended.error is None
    clip.refresh_from_db()
    assert (clip.visibility, clip.pinned_at) == ("private", None)
