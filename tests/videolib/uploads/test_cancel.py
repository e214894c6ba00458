"""DELETE /uploads/<code>/, and the hourly sweep of what was left alone."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from transcode.models import Recording
from videolib.clips.actions import delete_for_good, trash_clip
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage
from videolib.uploads import actions
from videolib.uploads.body import Body
from videolib.uploads.models import Upload, next_expiry
from videolib.uploads.tasks import remove_expired
from videolib.uploads.tus import UploadRefused

pytestmark = pytest.mark.django_db


def test_cancelling_forgets_bytes_and_draft(tus):
    upload = tus.begin(10)
    tus.patch(upload, b"hello")
    answer = tus.delete(upload)
    assert answer.status_code == 204
    assert answer["Tus-Resumable"] == "1.0.0"
    assert not upload.path.exists()
    assert not Upload.objects.exists()
    assert not Clip.objects.exists()
    for again in (tus.head(upload), tus.patch(upload, b"x", offset=5), tus.delete(upload)):
        assert again.status_code == 404


def test_cancelling_a_finished_one_takes_its_clip_to_the_trash(tus, uploader):
    upload = tus.begin(5)
    tus.patch(upload, b"hello")
    assert tus.delete(upload).status_code == 204
    assert tus.head(upload).status_code == 404
    clip = Clip.objects.get()
    assert clip.trashed_at
    assert b"".join(media_storage().read_range(clip.recording.original_key, 0, 9)) == b"hello"


def test_cancelling_with_an_old_row_in_hand_does_not_touch_what_was_finished(tus, uploader):
    upload = tus.begin(5)
    old = Upload.objects.get()
    tus.patch(upload, b"hello")
    actions.cancel_upload(old, by=uploader)
    assert b"".join(media_storage().read_range(Recording.objects.get().original_key, 0, 9)) == b"hello"


def test_cancelling_twice_is_once(tus, uploader):
    upload = tus.begin(5)
    actions.cancel_upload(upload, by=uploader)
    actions.cancel_upload(upload, by=uploader)
    assert not Clip.objects.exists()


class TestSweep:
    def test_it_cancels_what_nobody_went_on_with(self, tus):
        old, new = tus.begin(10), tus.begin(10)
        Upload.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert remove_expired() == 1
        assert list(Upload.objects.all()) == [new]
        assert not old.path.exists()
        assert new.path.exists()
        assert Clip.objects.count() == 1

    def test_it_lets_finished_ones_be(self, tus):
        tus.patch(tus.begin(5), b"hello")
        Upload.objects.update(expires_at=timezone.now() - timedelta(days=30))
        assert remove_expired() == 0
        assert Clip.objects.get().recording

    def test_it_cancels_the_upload_of_a_deleted_draft_once_nobody_can_undo(self, tus, uploader):
        upload = tus.begin(10)
        trash_clip(upload.clip, by=uploader)
        assert remove_expired() == 0
        Clip.objects.update(trashed_at=timezone.now() - timedelta(hours=2))
        assert remove_expired() == 1
        assert not upload.path.exists()
        assert not Clip.objects.exists()

    def test_a_deleted_draft_keeps_its_hour_even_when_its_upload_lapses_meanwhile(self, tus, uploader):
        upload = tus.begin(10)
        trash_clip(upload.clip, by=uploader)
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert remove_expired() == 0
        Clip.objects.update(trashed_at=None)
        assert remove_expired() == 1

    def test_it_leaves_alone_what_is_arriving_and_what_was_cut_off_after_hours(self, tus):
        upload = tus.begin(10)
        pieces = [b"hello"]

        def read(size: int) -> bytes:
            Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
            upload.refresh_from_db()
            assert remove_expired() == 0
            if not pieces:
                raise OSError("cut")
            return pieces.pop()

        with pytest.raises(UploadRefused):
            actions.receive(upload, Body(read, 10), offset=0)
        assert remove_expired() == 0
        assert tus.head(upload)["Upload-Offset"] == "5"

    @pytest.mark.parametrize("deed", ["gone on with", "restored"])
    def test_it_leaves_alone_what_came_back_after_it_was_listed(self, tus, monkeypatch, deed):
        for _ in range(2):
            tus.begin(10)
        if deed == "restored":
            Clip.objects.update(trashed_at=timezone.now() - timedelta(hours=2))
        else:
            Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

        def and_meanwhile(clip: Clip) -> bool:
            Clip.objects.exclude(pk=clip.pk).update(trashed_at=None)
            Upload.objects.update(expires_at=next_expiry())
            return delete_for_good(clip)

        monkeypatch.setattr(actions, "delete_for_good", and_meanwhile)
        assert remove_expired() == 1
        assert Upload.objects.get().path.exists()
        assert Clip.objects.count() == 1

    def test_it_finds_bytes_that_were_stored_without_a_row(self, tus, data_folder):
        upload = tus.begin(5)
        folder = data_folder / "media" / "originals"
        folder.mkdir()
        upload.path.rename(folder / str(upload.code))
        Clip.objects.update(trashed_at=timezone.now() - timedelta(hours=2))
        assert remove_expired() == 1
        assert list(folder.iterdir()) == []

    def test_it_removes_files_nobody_knows_once_they_are_old(self, tus, data_folder):
        upload = tus.begin(10)
        folder = data_folder / "uploads"
        for name in ("old.part", "old.lock", "tmpx.form"):
            (folder / name).write_bytes(b"x")
            os.utime(folder / name, (time.time() - 7200,) * 2)
        os.utime(upload.path, (time.time() - 7200,) * 2)
        (folder / "new.form").write_bytes(b"x")
        remove_expired()
        assert {file.name for file in folder.iterdir()} == {"new.form", upload.path.name}

    def test_it_runs_on_an_empty_library(self, db, data_folder):
        assert remove_expired() == 0

    def test_it_runs_where_the_folder_of_uploads_was_lost(self, tus, data_folder):
        upload = tus.begin(10)
        shutil.rmtree(data_folder / "uploads")
        assert remove_expired() == 0
        answer = tus.head(upload)
        assert answer.status_code == 410
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert remove_expired() == 1
