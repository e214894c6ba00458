"""Deeds on clips at once. On PostgreSQL, where they overlap; what a stale clip does shows everywhere."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.http import Http404
from django.utils import timezone

from tests.videolib.at_once import race
from videolib.browse.search import search_clips
from videolib.clips import actions
from videolib.clips.models import Clip, CueEdit, Tag, Term

pytestmark = pytest.mark.django_db(transaction=True)


def finds(clip: Clip, word: str) -> bool:
    return bool(search_clips(clip.owner, word).hits)


def test_search_knows_what_somebody_else_changed_since_the_clip_was_read(make_clip):
    clip = make_clip(title="before")
    stale = Clip.objects.get()
    actions.edit_clip(clip, by=clip.owner, title="rebase")
    actions.edit_clip(stale, by=clip.owner, description="bisect")
    assert finds(clip, "rebase")
    assert finds(clip, "bisect")
    assert not finds(clip, "before")


def test_search_knows_both_of_two_tags(make_clip, make_user, monkeypatch):
    clip, other = make_clip(), make_user("learner")
    first, second = (
        partial(actions.tag_clip, Clip.objects.get(), name, by=by)
        for name, by in (("rebase", clip.owner), ("bisect", other))
    )
    for ended in race(monkeypatch, first, second, stop_after=(actions, "index_clip")):
        assert ended.error is None
    assert finds(clip, "rebase")
    assert finds(clip, "bisect")


def test_the_last_place_for_a_tag_is_given_once(make_clip, monkeypatch):
    monkeypatch.setattr(actions, "MOST_TAGS", 1)
    clip = make_clip()
    one, other = (partial(actions.tag_clip, clip, name, by=clip.owner) for name in ("one", "other"))
    first, second = race(monkeypatch, one, other, stop_after=(actions, "lock_clip"))
    assert (first.error, second.had_to_wait) == (None, True)
    assert isinstance(second.error, actions.TagError)
    assert [tag.name for tag in clip.tags.all()] == ["one"]


def test_of_two_corrections_of_the_same_words_the_last_one_stands(make_clip, monkeypatch):
    clip = make_clip(cues=[(0, 2, "open the graph on a")])
    deeds = [
        partial(actions.correct_cue, clip, start=0, end=2, text=text, by=clip.owner) for text in ("one", "the other")
    ]
    for ended in race(monkeypatch, *deeds, stop_after=(actions, "lock_clip")):
        assert ended.error is None
    assert [edit.text for edit in CueEdit.objects.all()] == ["the other"]


def test_the_last_place_on_the_vocabulary_is_given_once(make_user, monkeypatch):
    monkeypatch.setattr(actions, "MOST_TERMS", 1)
    curator = make_user("curator")
    deeds = [partial(actions.add_terms, [text], by=curator) for text in ("Loki", "Grafana")]
    first, second = race(monkeypatch, *deeds, stop_after=(actions.LibrarySettings, "locked"))
    assert (first.error, second.had_to_wait) == (None, True)
    assert isinstance(second.error, actions.TermError)
    assert [term.text for term in Term.objects.all()] == ["Loki"]


def test_two_tags_renamed_to_one_name_stay_two(make_clip, make_user, monkeypatch):
    make_clip(tags=["one", "two"])
    curator, (one, two) = make_user("curator"), Tag.objects.order_by("name")
    first, second = (partial(actions.rename_tag, tag, "three", by=curator) for tag in (one, two))
    ended = race(monkeypatch, first, second, stop_after=(actions, "write_audit"))
    assert ended[0].error is None
    assert isinstance(ended[1].error, actions.TagError)
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["three", "two"]


class TestTrash:
    @pytest.fixture
    def overdue(self, make_clip):
        clip = make_clip(cues=[(0, 2, "still findable")])
        long_ago = timezone.now() - timedelta(days=settings.TRASH_DAYS, hours=1)
        Clip.objects.update(trashed_at=long_ago)
        clip.refresh_from_db()
        return clip

    def test_what_is_restored_first_stays(self, overdue, monkeypatch, data_folder):
        restore = partial(actions.restore_clip, overdue, by=overdue.owner)
        first, second = race(monkeypatch, restore, actions.empty_trash, stop_after=(actions, "index_clip"))
        assert (first.error, second.error, second.had_to_wait, second.value) == (None, None, True, 0)
        assert finds(Clip.objects.get(), "findable")

    def test_what_is_gone_is_said_to_be(self, overdue, monkeypatch, data_folder):
        restore = partial(actions.restore_clip, overdue, by=overdue.owner)
        first, second = race(
            monkeypatch, actions.empty_trash, restore, stop_after=(actions.pipeline, "delete_recording")
        )
        assert (first.error, first.value, second.had_to_wait) == (None, 1, True)
        assert isinstance(second.error, Http404)
        assert not Clip.objects.exists()

    def test_without_anybody_else_too(self, overdue, data_folder):
        stale = Clip.objects.get()
        assert actions.empty_trash() == 1
        with pytest.raises(Http404):
            actions.restore_clip(stale, by=overdue.owner)
