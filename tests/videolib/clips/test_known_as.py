"""The same bytes twice: who uploads them is told which clip they are here already, where they come across it anyway."""

from __future__ import annotations

import pytest
from django.utils import timezone

from transcode.models import Recording
from videolib.clips.access import known_as
from videolib.clips.models import Clip

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(make_user):
    return make_user("contributor", "Ann")


@pytest.fixture
def bob(make_user):
    return make_user("contributor", "Bob")


@pytest.fixture
def first(make_clip, ann):
    return make_clip(ann, title="How to <rebase>")


@pytest.fixture
def copy_of(bob):
    """`copy_of(clip)`: a later clip of the same bytes, Bob's."""

    def make(clip: Clip, **columns) -> Clip:
        columns = {"owner": bob, "title": "The same", "published_at": timezone.now(), **columns}
        return Clip.objects.create(recording=clip.recording, **columns)

    return make


def told(user, clip: Clip) -> Clip | None:
    return known_as(user, [clip]).get(clip.pk)


def test_of_a_clip_for_the_team_they_are_told(first, copy_of, bob):
    assert told(bob, copy_of(first)) == first


@pytest.mark.parametrize(
    "columns",
    [
        {"visibility": "private"},
        {"visibility": "unlisted"},
        {"hidden_at": timezone.now()},
        {"trashed_at": timezone.now()},
    ],
)
@pytest.mark.parametrize("role", ["contributor", "admin"])
def test_of_one_they_would_not_come_across_they_are_not(first, copy_of, make_user, columns, role):
    person = make_user(role)
    copy = copy_of(first, owner=person)
    Clip.objects.filter(pk=first.pk).update(**columns)
    # Curators and admins come across what is unlisted.
    expected = first if role == "admin" and columns == {"visibility": "unlisted"} else None
    assert told(person, copy) == expected


def test_of_ones_own_always_unless_it_is_in_the_trash(first, copy_of, ann):
    Clip.objects.filter(pk=first.pk).update(visibility="private")
    copy = copy_of(first, owner=ann)
    assert told(ann, copy) == first
    Clip.objects.filter(pk=first.pk).update(trashed_at=timezone.now())
    assert told(ann, copy) is None


def test_who_was_first_is_not_told_of_who_came_later(first, copy_of, ann):
    copy_of(first, visibility="team")
    assert told(ann, first) is None


def test_who_began_first_and_ended_last_came_later(make_clip, copy_of, bob, ann):
    slow, quick = Clip.objects.create(owner=bob, title="slow"), make_clip(ann, title="quick")
    Clip.objects.filter(pk=slow.pk).update(recording=quick.recording, published_at=timezone.now())
    assert told(bob, Clip.objects.get(pk=slow.pk)) == quick


def test_while_both_wait_for_the_work_the_one_begun_first_counts(make_clip, copy_of, ann):
    waiting = make_clip(ann, playable=False)
    assert told(ann, copy_of(waiting, owner=ann, published_at=None)) == waiting


def test_a_draft_has_no_bytes_yet(ann):
    assert told(ann, Clip.objects.create(owner=ann, title="draft")) is None


def test_of_many_in_one_query(make_clip, copy_of, bob, django_assert_num_queries):
    copies = [copy_of(make_clip(title=f"clip {number}")) for number in range(5)]
    with django_assert_num_queries(1):
        assert len(known_as(bob, copies)) == 5


class TestShown:
    NOTICE = "This is already here as"

    def test_among_ones_own_clips(self, first, copy_of, bob, client_of):
        copy = copy_of(first)
        page = client_of(bob).get("/clips/mine/").text
        assert f'{self.NOTICE} <a href="/clips/{first.code}/">“How to &lt;rebase&gt;”</a>' in page
        assert f'<a href="/clips/{copy.code}/delete/">delete this one</a>' in page

    def test_beside_the_upload_that_has_just_ended(self, first, copy_of, bob, client_of):
        copy = copy_of(first)
        assert self.NOTICE in client_of(bob).get(f"/clips/{copy.code}/status/").text

    def test_to_nobody_else(self, first, copy_of, ann, client_of):
        copy = copy_of(first, visibility="team")
        assert self.NOTICE not in client_of(ann).get(f"/clips/{copy.code}/status/").text
        assert self.NOTICE not in client_of(ann).get("/clips/mine/").text

    def test_not_where_it_may_not_be_known(self, first, copy_of, bob, client_of):
        Clip.objects.filter(pk=first.pk).update(visibility="private")
        copy_of(first)
        page = client_of(bob).get("/clips/mine/").text
        assert self.NOTICE not in page and "rebase" not in page

    @pytest.mark.parametrize("visibility", ["team", "private"])
    def test_in_the_api(self, first, copy_of, bob, client_of, visibility):
        Clip.objects.filter(pk=first.pk).update(visibility=visibility)
        copy, client = copy_of(first), client_of(bob)
        expected = str(first.code) if visibility == "team" else None
        listed = client.get("/api/v1/clips?mine=true").json()["clips"]
        assert [clip["duplicate_of"] for clip in listed] == [expected]
        assert client.get(f"/api/v1/clips/{copy.code}").json()["duplicate_of"] == expected

    @pytest.mark.parametrize("visibility", ["team", "private"])
    def test_to_a_tus_client(self, ann, bob, client_of, data_folder, visibility):
        from tests.videolib.uploads.conftest import TusClient

        anns, bobs = TusClient(client_of(ann)), TusClient(client_of(bob))
        assert "Duplicate-Of" not in anns.create(5, b"hello", metadata={"visibility": visibility})
        Recording.objects.update(playable_at=timezone.now())
        Clip.objects.update(published_at=timezone.now())
        expected = str(Clip.objects.get().code) if visibility == "team" else None
        upload = bobs.begin(5)
        answers = bobs.patch(upload, b"hello"), bobs.head(upload), bobs.create(5, b"hello", {"visibility": "private"})
        assert answers[0].get("Duplicate-Of") == answers[1].get("Duplicate-Of") == expected
        first_of_bob = expected or str(upload.clip.code)
        assert answers[2].get("Duplicate-Of") == first_of_bob
