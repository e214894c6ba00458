"""What `check_library` finds: each kind of fault, and nothing in a library that is whole."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.videolib import filled_library
from tests.videolib.filled_library import store
from transcode.models import Job, Recording, Rendition, State, Step, Transcript
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage
from videolib.operations import check, readiness, tasks
from videolib.operations.check import check_library, find_faults
from videolib.operations.faults import Fault, Kind
from videolib.operations.file_faults import faults_in_files, side_by_side
from videolib.operations.models import MOST_EXAMPLES, LibraryCheck
from videolib.search.backends import get_backend
from videolib.search.models import Searched
from videolib.uploads.models import Upload

pytestmark = pytest.mark.django_db
NOW = timedelta(0)


@pytest.fixture
def library(data_folder: Path) -> dict[str, Clip]:
    """A filled library, whole."""
    return filled_library.fill()


def found(grace: timedelta | None = NOW) -> dict[str, list[str]]:
    """By kind what it is about; nothing is too young to count."""
    faults: dict[str, list[str]] = {}
    for fault in find_faults(grace=grace):
        faults.setdefault(fault.kind, []).append(fault.thing)
    return faults


def test_a_whole_library_has_no_fault(library: dict[str, Clip]) -> None:
    assert found() == {}
    assert check_library(read_originals=True).counts == {}


def test_an_empty_library_has_no_fault(data_folder: Path) -> None:
    assert found() == {}
    assert check_library(read_originals=True).counts == {}


# --- Files ----------------------------------------------------------------------------------------------------------


def test_a_file_that_is_gone_is_named(library: dict[str, Clip]) -> None:
    recording = library["shown"].recording
    assert recording
    keys = [recording.original_key, recording.poster_key, *recording.storyboard.sheet_keys]
    keys += [recording.renditions.get().key, recording.screens.get().key]
    for key in keys:
        media_storage().delete(key)
    assert {kind: sorted(things) for kind, things in found().items()} == {Kind.MISSING: sorted(keys)}


def test_a_file_of_another_size_is_named(library: dict[str, Clip]) -> None:
    original, rendition = library["hidden"].recording.original_key, Rendition.objects.all()[0].key  # type: ignore[union-attr]
    store(original, b"cut")
    store(rendition, b"cut")
    assert {kind: sorted(things) for kind, things in found().items()} == {
        Kind.OTHER_SIZE: sorted([original, rendition])
    }


def test_an_original_of_the_same_size_is_read_where_that_is_asked_for(library: dict[str, Clip]) -> None:
    recording = library["hidden"].recording
    assert recording
    store(recording.original_key, b"x" * recording.size_bytes)
    assert found() == {}
    assert [one["thing"] for one in check_library(read_originals=True).examples] == [recording.original_key]


def test_a_file_that_no_row_names_is_an_orphan_once_it_is_old(
    library: dict[str, Clip], data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [store("originals/nobody", b"x"), store(f"recordings/{library['shown'].code}/old/720.mp4", b"x")]
    stranger = store("lost+found/what", b"x")
    assert found(grace=None) == {}
    assert {kind: sorted(things) for kind, things in found().items()} == {Kind.ORPHAN: keys, Kind.STRANGE: [stranger]}
    tomorrow = timezone.now() + timedelta(days=1, minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert sorted(found(grace=None)[Kind.ORPHAN]) == keys


def test_what_a_running_job_or_an_upload_under_way_has_stored_is_no_orphan(library: dict[str, Clip]) -> None:
    job = Job.objects.get(state=State.RUNNING)
    store(f"recordings/{job.recording.code}/{job.claim}/720.mp4", b"x")
    store(Upload.objects.open().get().storage_key, b"x")
    assert found() == {}


def test_what_is_replaced_while_it_is_looked_at_is_no_fault(
    library: dict[str, Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker replaces a rendition after the storage was listed: the new file is in no list, the old in no row."""
    storage, rendition = media_storage(), Rendition.objects.all()[0]
    listed = list(storage.list_objects())

    def replace(_folder: str = "") -> Any:
        yield from listed
        store("recordings/new.mp4", b"x" * rendition.size_bytes)
        Rendition.objects.filter(pk=rendition.pk).update(key="recordings/new.mp4")
        storage.delete(rendition.key)

    monkeypatch.setattr(type(storage._wrapped), "list_objects", lambda _self, folder="": replace(folder))  # type: ignore[attr-defined]
    assert found() == {}


def test_what_rows_name_only_after_they_were_read_is_no_orphan(library: dict[str, Clip]) -> None:
    """An upload, and a job, whose bytes were stored long ago, end just now: --remove-orphans would delete them."""
    storage, recording, key = media_storage(), library["hidden"].recording, "originals/late"
    made = f"recordings/{library['hidden'].recording.code}/late/720.mp4"  # type: ignore[union-attr]
    for each in (key, made, "originals/nobody"):
        store(each, b"x")
    with side_by_side(storage) as lists:
        Recording.objects.create(original_key=key, size_bytes=1)
        Rendition.objects.filter(recording=recording).update(key=made)
        things = [fault.thing for fault in faults_in_files(lists, storage, timezone.now(), grace=NOW)]
    assert "originals/nobody" in things and not {key, made} & set(things)


def test_a_name_that_is_no_text_is_told_as_far_as_it_can_be(library: dict[str, Clip], settings: Any) -> None:
    with open(os.fsencode(settings.MEDIA_ROOT) + b"/caf\xe9", "wb"):
        pass
    assert found() == {Kind.STRANGE: ["caf\\xe9"]}


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_stars_counted_wrongly(library: dict[str, Clip]) -> None:
    assert (library["shown"].rating_sum, library["shown"].rating_count) == (7, 2)
    Clip.objects.filter(pk=library["shown"].pk).update(rating_sum=8)
    Clip.objects.filter(pk=library["hidden"].pk).update(rating_count=1)
    assert found() == {Kind.RATING: [f"clip {library[name].code}" for name in ("shown", "hidden")]}


def test_a_pin_on_what_the_team_cannot_see(library: dict[str, Clip]) -> None:
    Clip.objects.filter(pk=library["shown"].pk).update(visibility="private")
    Clip.objects.filter(pk=library["hidden"].pk).update(pinned_at=timezone.now())
    assert found() == {Kind.PIN: [f"clip {library[name].code}" for name in ("shown", "hidden")]}


def test_a_recording_whose_clips_are_gone(library: dict[str, Clip]) -> None:
    clip = library["hidden"]
    get_backend().remove([clip.pk])
    clip.delete()
    assert found() == {Kind.UNUSED: [f"recording {clip.recording.code}"]}  # type: ignore[union-attr]
    assert found(grace=None) == {}


def test_a_draft_whose_upload_is_gone(library: dict[str, Clip]) -> None:
    upload = Upload.objects.open().get()
    upload.delete()
    assert found() == {Kind.DRAFT: [f"clip {upload.clip.code}"]}


def test_a_recording_nobody_works_on(library: dict[str, Clip]) -> None:
    recording = library["at work"].recording
    assert recording
    recording.jobs.all().delete()
    assert found() == {Kind.STUCK: [f"recording {recording.code}"]}


def test_what_counts_as_playable_and_is_not(library: dict[str, Clip]) -> None:
    shown, hidden = library["shown"].recording, library["hidden"].recording
    assert shown and hidden
    store("recordings/kept", b"")  # no file is missing: only the row is
    Rendition.objects.filter(recording=shown).delete()
    Recording.objects.filter(pk=hidden.pk).update(playable_at=None)
    faults = found(grace=None)
    assert faults == {Kind.NOT_PLAYABLE: [f"recording {each.code}" for each in (shown, hidden)]}


def test_a_clip_that_was_never_published(library: dict[str, Clip]) -> None:
    Clip.objects.filter(pk=library["hidden"].pk).update(published_at=None)
    assert found() == {Kind.UNPUBLISHED: [f"clip {library['hidden'].code}"]}
    assert found(grace=None) == {}


def test_words_that_break_off(library: dict[str, Clip]) -> None:
    shown, hidden, trashed = (library[name].recording for name in ("shown", "hidden", "trashed"))
    assert shown and hidden and trashed
    Transcript.objects.filter(recording__in=[shown, trashed]).update(complete=False)
    Transcript.objects.filter(recording=hidden).delete()
    Job.objects.filter(recording=trashed, step=Step.TRANSCRIBE).update(state=State.FAILED)
    assert found() == {Kind.HALF_HEARD: [f"recording {each.code}" for each in (shown, hidden)]}


@pytest.mark.parametrize(
    ("state", "columns"),
    [(State.RUNNING, {"claim": None}), (State.RUNNING, {"lease_until": None}), (State.FAILED, {"ended_at": None})],
)
def test_a_job_that_contradicts_itself(library: dict[str, Clip], state: State, columns: dict[str, Any]) -> None:
    job = Job.objects.get(state=state)
    Job.objects.filter(pk=job.pk).update(**columns)
    assert found() == {Kind.JOB: [f"recording {job.recording.code}"]}


def test_search_that_knows_too_little_or_too_much(library: dict[str, Clip]) -> None:
    shown, trashed = library["shown"], library["trashed"]
    Searched.objects.filter(doc_id=shown.pk).delete()
    Clip.objects.filter(pk=library["hidden"].pk).update(trashed_at=timezone.now())
    assert found() == {Kind.UNFINDABLE: [f"clip {shown.code}"], Kind.GHOST: [f"document {library['hidden'].pk}"]}
    assert trashed.trashed_at


def test_as_many_queries_for_many_clips_as_for_few(
    library: dict[str, Clip], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(25) as few:
        assert found() == {}
    for number in range(10):
        filled_library.make_clip(library["shown"].owner, f"Clip {number}")
    with django_assert_max_num_queries(len(few)):
        assert found() == {}


# --- Every week -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is sent to workers."""
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(check.nudge, "send", lambda task, *args, **_: messages.append((task, *args)))
    return messages


def test_the_clock_s_check_reads_originals_in_slices_and_goes_on_the_week_after(
    library: dict[str, Clip], sent: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "SLICE_SECONDS", 0.0)  # one original a slice
    damaged = library["hidden"].recording
    assert damaged
    store(damaged.original_key, b"x" * damaged.size_bytes)
    assert tasks.check_library() == 0
    first = LibraryCheck.objects.get()
    assert sent == [("operations.read_originals", first.pk)]
    originals = list(Recording.objects.order_by("pk").values_list("pk", flat=True))
    for number, pk in enumerate(originals[:2], 1):
        tasks.read_originals(first.pk)
        first.refresh_from_db()
        assert (first.read_until, first.originals_read) == (pk, number)
    check_library()  # an admin looks in between
    monkeypatch.setattr(check, "READ_FOR", NOW)
    sent.clear()
    tasks.check_library()
    second = LibraryCheck.objects.first()
    assert second and second.pk != first.pk and second.read_until == first.read_until
    sent.clear()
    tasks.read_originals(second.pk)
    assert sent == [], "the time of this week is over"
    monkeypatch.undo()
    tasks.read_originals(second.pk)
    second.refresh_from_db()
    assert (second.read_until, second.originals_read) == (0, len(originals) - 2)
    looked_at = LibraryCheck.objects.filter(counts__damaged=1)
    assert [one.examples[0]["thing"] for one in looked_at] == [damaged.original_key]


def test_reports_are_kept_for_a_while_and_so_is_what_they_name(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MOST_EXAMPLES + 5):
        store(f"originals/{number}", b"x")
    tomorrow = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    for _ in range(check.KEPT + 2):
        report = check_library()
    assert LibraryCheck.objects.count() == check.KEPT
    assert (report.counts, len(report.examples)) == ({Kind.ORPHAN: MOST_EXAMPLES + 5}, MOST_EXAMPLES)
    assert (report.files, report.size_bytes) == (MOST_EXAMPLES + 5, MOST_EXAMPLES + 5)


def test_what_the_last_check_found_is_told_on_the_page_work(
    make_user: Any, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "ask", dict)
    client = client_of(make_user("admin"))
    assert "Nobody has looked yet" in client.get("/work/").text
    report = LibraryCheck.objects.create(ended_at=timezone.now(), files=1234, size_bytes=10**9)
    assert "Every file is there" in client.get("/work/").text
    report.add(Fault(Kind.MISSING, "originals/<x>", "A row names this file, and it is not there."))
    report.save()
    page = client.get("/work/").text
    assert "Files that are not there" in page and "originals/&lt;x&gt;" in page and "1,234 files" in page
    assert "Every file is there" not in page
