"""Uploads at once with each other, and with deeds on clips of the same bytes. On PostgreSQL, where deeds overlap."""

from __future__ import annotations

from functools import partial

import pytest
from django.utils import timezone

from tests.videolib.at_once import race
from transcode.models import Recording
from videolib.clips import actions as clips
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage
from videolib.uploads import actions, finish
from videolib.uploads.models import Upload
from videolib.uploads.tus import UploadRefused

pytestmark = pytest.mark.django_db(transaction=True)


def stored(clip: Clip) -> bytes:
    return b"".join(media_storage().read_range(clip.recording.original_key, 0, 100))


@pytest.fixture
def only_clip(tus):
    """The last clip of its bytes; it plays."""
    tus.patch(tus.begin(5), b"hello")
    Recording.objects.update(playable_at=timezone.now())
    return Clip.objects.get()


@pytest.fixture
def arriving(tus, only_clip):
    """An upload of the same bytes, complete but for its end."""
    upload = tus.begin(5, metadata={"title": "two"})
    upload.path.write_bytes(b"hello")
    return upload


def finish_it(upload: Upload, clip: Clip) -> Recording:
    return actions.finish_upload(Upload.objects.get(pk=upload.pk), sha256=clip.recording.sha256)


def test_bytes_that_are_just_going_are_stored_anew(only_clip, arriving, monkeypatch):
    delete = partial(clips.delete_for_good, only_clip)
    share = partial(finish_it, arriving, only_clip)
    deleted, shared = race(monkeypatch, delete, share, stop_after=(clips.pipeline, "lock_recording"))
    assert (deleted.error, shared.error, shared.had_to_wait) == (None, None, True)
    clip = Clip.objects.get()
    assert clip.title == "two"
    assert clip.recording.pk != only_clip.recording_id
    assert stored(clip) == b"hello"


def test_bytes_that_are_just_shared_do_not_go(only_clip, arriving, monkeypatch):
    delete = partial(clips.delete_for_good, only_clip)
    share = partial(finish_it, arriving, only_clip)
    shared, deleted = race(monkeypatch, share, delete, stop_after=(clips.pipeline, "lock_same_bytes"))
    assert (deleted.error, shared.error, deleted.had_to_wait) == (None, None, True)
    clip = Clip.objects.get()
    assert clip.recording_id == only_clip.recording_id
    assert stored(clip) == b"hello"


def test_of_two_last_clips_that_go_at_once_the_second_takes_the_recording_along(
    only_clip, arriving, monkeypatch, data_folder
):
    finish_it(arriving, only_clip)
    deeds = [partial(clips.delete_for_good, clip) for clip in Clip.objects.order_by("pk")]
    for ended in race(monkeypatch, *deeds, stop_after=(clips.pipeline, "lock_recording")):
        assert ended.error is None
    assert not Recording.objects.exists()
    assert [path for path in (data_folder / "media").rglob("*") if path.is_file()] == []


def test_a_draft_that_is_deleted_while_its_last_byte_comes_gets_no_recording(tus, uploader, monkeypatch):
    upload = tus.begin(5)
    upload.path.write_bytes(b"hello")
    trash = partial(clips.trash_clip, Clip.objects.get(), by=uploader)
    trashed, finished = race(
        monkeypatch, trash, partial(actions.finish_upload, upload), stop_after=(clips, "index_clip")
    )
    assert (trashed.error, finished.had_to_wait) == (None, True)
    assert isinstance(finished.error, UploadRefused)
    assert finished.error.status == 410
    assert not Recording.objects.exists()


def test_a_draft_that_is_deleted_for_good_while_its_last_byte_comes_gets_no_recording(tus, monkeypatch):
    upload = tus.begin(5)
    upload.path.write_bytes(b"hello")
    delete, finish_it = partial(clips.delete_for_good, Clip.objects.get()), partial(actions.finish_upload, upload)
    deleted, finished = race(monkeypatch, delete, finish_it, stop_after=(clips, "get_backend"))
    assert (deleted.error, finished.had_to_wait) == (None, True)
    assert isinstance(finished.error, UploadRefused)
    assert not Clip.objects.exists() and not Recording.objects.exists()


def test_two_that_finish_one_upload_make_one_recording(tus, monkeypatch):
    upload = tus.begin(5)
    upload.path.write_bytes(b"hello")
    late = Upload.objects.select_related("clip").get()
    _, second = race(
        monkeypatch,
        partial(finish._accept, upload, ""),
        partial(finish._accept, late, ""),
        stop_after=(finish.pipeline, "accept_recording"),
    )
    assert isinstance(second.error, UploadRefused)
    assert Recording.objects.count() == 1


class TestCancelledAtItsLastByte:
    @pytest.fixture
    def complete(self, tus):
        upload = tus.begin(5)
        upload.path.write_bytes(b"hello")
        return upload

    def test_who_cancels_first_leaves_nothing(self, complete, uploader, monkeypatch, data_folder):
        cancel = partial(actions.cancel_upload, Upload.objects.get(), by=uploader)
        first, second = race(
            monkeypatch, cancel, partial(actions.finish_upload, complete), stop_after=(actions, "delete_for_good")
        )
        assert (first.error, second.had_to_wait) == (None, True)
        assert isinstance(second.error, UploadRefused)
        assert not Clip.objects.exists() and not Recording.objects.exists()
        assert [path for path in data_folder.rglob("*") if path.is_file()] == []

    def test_who_finishes_first_has_a_clip_in_the_trash(self, complete, uploader, monkeypatch):
        cancel = partial(actions.cancel_upload, Upload.objects.get(), by=uploader)
        first, second = race(
            monkeypatch,
            partial(actions.finish_upload, complete),
            cancel,
            stop_after=(finish.pipeline, "accept_recording"),
        )
        assert (first.error, second.error, second.had_to_wait) == (None, None, True)
        clip = Clip.objects.get()
        assert clip.trashed_at
        assert stored(clip) == b"hello"
