"""What curators and admins do to people, to the library and to others' clips is written down; see the access matrix."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse

from tests.videolib.access_matrix import ENTRIES, Entry, is_among
from tests.videolib.stocked_library import Library
from tests.videolib.test_access_matrix import address_of, send
from videolib.accounts.models import AuditEntry
from videolib.clips.actions import correct_cue, edit_clip, hide_clip
from videolib.clips.models import Clip
from videolib.community.actions import pin_clip

OF_STAFF = ("edit", "curate", "restore", "curators", "admins")
# Work that is queued once more: nothing that people wrote, and nobody's rights.
NOT_WRITTEN_DOWN = {"clip_retry", "api:retry"}
DEEDS = [entry for entry in ENTRIES if entry.who in OF_STAFF and entry.method not in ("GET", "HEAD", "OPTIONS")]


def prepared(entry: Entry, library: Library) -> tuple[str, str]:
    """Whoever of the staff may, and the state of a clip in which there is something to do."""
    team, owner = library.clips["team"], library.people["owner"]
    if "unpin" in entry.route:
        pin_clip(team, by=library.people["admin"])
    if "unhide" in entry.route:
        hide_clip(team, by=library.people["admin"])
    if "undo" in entry.route:
        correct_cue(team, start=0, end=3, text="otherwise", by=owner)
    if "reactivate" in entry.route:
        type(owner).objects.filter(pk=owner.pk).update(is_active=False)
    state = next(state for state in ("team", "trashed", "any") if entry.allowed.get(state))
    return ("curator" if is_among("curator", entry.allowed[state]) else "admin"), state


@pytest.mark.parametrize("entry", DEEDS, ids=lambda entry: f"{entry.method} {entry.route}")
def test_every_deed_of_curators_and_admins_leaves_an_entry(entry: Entry, library: Library) -> None:
    cache.clear()
    person, state = prepared(entry, library)
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    response = send(entry, library.client(person), person, address_of(entry, state, library), library)
    assert response.status_code == entry.ok
    entries = list(AuditEntry.objects.exclude(pk__in=before))
    assert [one.by for one in entries] == ([] if entry.route in NOT_WRITTEN_DOWN else [library.people[person]])
    if entry.is_about_a_clip and entries:
        assert entries[0].thing == f"clip {library.clips[state].code}"
        assert entries[0].details["title"] == library.clips[state].title


def test_owners_leave_none_on_their_own_clips(library: Library) -> None:
    before = AuditEntry.objects.count()
    for entry in ENTRIES:
        if entry.who == "edit" and entry.method not in ("GET", "HEAD"):
            with transaction.atomic():
                send(entry, library.client("owner"), "owner", address_of(entry, "team", library), library)
                assert AuditEntry.objects.count() == before, entry.route
                transaction.set_rollback(True)


class TestWhatIsSaid:
    def test_which_fields_were_edited_and_what_the_clip_was_called(self, library: Library) -> None:
        clip, curator = library.clips["team"], library.people["curator"]
        edit_clip(clip, by=curator, title="New", description=clip.description, tags=["git", "new"])
        entry = AuditEntry.objects.get(deed="edit clip")
        assert entry.details == {"title": "Statename mark1x", "changed": "title, tags"}

    def test_saving_what_stands_says_nothing(self, library: Library) -> None:
        clip, before = library.clips["team"], AuditEntry.objects.count()
        tags = list(clip.tags.values_list("name", flat=True))
        edit_clip(clip, by=library.people["curator"], title=clip.title, visibility=clip.visibility, tags=tags)
        assert AuditEntry.objects.count() == before

    def test_who_takes_their_own_tag_off_somebodys_clip_is_nobodys_business(self, library: Library) -> None:
        clip, client = library.clips["team"], library.client("curator")
        client.post(reverse("clip_tag", args=[clip.code]), {"name": "mine"})
        client.post(reverse("clip_untag", args=[clip.code]), {"name": "mine"})
        assert not AuditEntry.objects.filter(deed="take tag off").exists()
        client.post(reverse("clip_untag", args=[clip.code]), {"name": "git"})
        assert AuditEntry.objects.get(deed="take tag off").details["tag"] == "git"

    def test_it_stands_when_the_clip_and_whoever_did_it_are_gone(self, library: Library) -> None:
        clip = library.clips["team"]
        edit_clip(clip, by=library.people["curator"], title="New")
        Clip.objects.filter(pk=clip.pk).delete()
        page: Any = library.client("admin").get("/people/audit/")
        assert str(clip.code) in page.text and "edit clip" in page.text
