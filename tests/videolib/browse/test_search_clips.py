"""search_clips: what a person finds is what is listed for them, and nothing else."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from videolib.browse.search import search_clips
from videolib.clips import actions
from videolib.clips.models import Clip


def titles(person, text="git", **asked):
    found = search_clips(person, text, **asked)
    assert found.total == len(found.hits)
    return {hit.clip.title for hit in found.hits}


@pytest.fixture
def clips(make_user, make_clip):
    owner = make_user("contributor", email="owner@example.com")
    for visibility in ("private", "team", "unlisted"):
        make_clip(owner, title=f"git {visibility}", visibility=visibility)
    make_clip(owner, title="git hidden", hidden_at=timezone.now())
    make_clip(owner, title="git draft", playable=False)
    make_clip(owner, title="git trashed", trashed_at=timezone.now())
    return owner


def test_everybody_finds_what_the_team_may_see(clips, make_user):
    assert titles(make_user("learner")) == titles(make_user("contributor")) == {"git team"}


def test_the_owner_finds_all_that_can_be_played(clips):
    assert titles(clips) == {"git private", "git team", "git unlisted", "git hidden"}


def test_curators_find_unlisted_clips_but_no_private_ones(clips, make_user):
    assert titles(make_user("curator")) == titles(make_user("admin")) == {"git team", "git unlisted"}


def test_signed_out_and_deactivated_people_find_nothing(clips, make_user):
    assert titles(AnonymousUser()) == titles(make_user("admin", is_active=False)) == set()


def test_among_narrows_and_never_widens(clips, make_user):
    learner = make_user("learner")
    assert titles(learner, among=Clip.objects.all()) == {"git team"}
    assert titles(learner, among=Clip.objects.filter(visibility="private")) == set()
    assert titles(learner, among=Clip.objects.none()) == set()
    assert titles(clips, among=Clip.objects.filter(visibility="private").order_by("title")[:5]) == {"git private"}


def test_a_correction_a_tag_and_a_new_title_are_found_at_once(make_clip, make_user):
    clip, learner = make_clip(title="before", cues=[(0, 3, "wrong words"), (3, 6, "fine")]), make_user("learner")
    actions.correct_cue(clip, start=0, end=3, text="right words", by=clip.owner)
    actions.tag_clip(clip, "versions", by=clip.owner)
    actions.edit_clip(clip, by=clip.owner, title="after")
    assert titles(learner, "right") == titles(learner, "versions") == titles(learner, "after") == {"after"}
    assert titles(learner, "wrong") == titles(learner, "before") == set()
    actions.trash_clip(clip, by=clip.owner)
    assert titles(learner, "right") == set()
    actions.restore_clip(clip, by=clip.owner)
    assert titles(learner, "right") == {"after"}


def test_as_typed_finds_half_a_word(make_clip, make_user):
    make_clip(title="Kubernetes")
    assert titles(make_user("learner"), "kubern", as_typed=True) == {"Kubernetes"}
    assert titles(make_user("learner"), "kubern") == set()


def test_pages_hold_every_clip_once_in_order_of_rank(make_clip, make_user):
    owner, learner = make_user("contributor"), make_user("learner")
    for number in range(7):
        make_clip(owner, title="git" if number % 2 else f"git {number}", cues=[(0, 2, "git")] * number)
    whole = [hit.clip.pk for hit in search_clips(learner, "git").hits]
    pages = [search_clips(learner, "git", limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [hit.clip.pk for page in pages for hit in page.hits] == whole
    assert [page.total for page in pages] == [7, 7, 7, 7]


def test_the_number_of_queries_is_the_same_for_few_clips_and_for_many(make_clip, make_user):
    owner, learner = make_user("contributor"), make_user("learner")

    def count():
        with CaptureQueriesContext(connection) as queries:
            for hit in search_clips(learner, "git deploy").hits:
                str((hit.clip.owner.display_name, hit.clip.recording.duration, list(hit.clip.tags.all())))
        return len(queries)

    make_clip(owner, title="git", tags=["one", "two"], cues=[(0, 2, "deploy")])
    few = count()
    for number in range(12):
        make_clip(owner, title=f"git {number}", tags=["one", "three"], cues=[(0, 2, "deploy")])
    assert count() == few
