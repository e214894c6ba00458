"""The last byte: the clip that waited gets its recording, once, whatever breaks in between."""

from __future__ import annotations

import hashlib

import pytest

from transcode.models import Job, Recording, Step
from videolib.clips.actions import edit_clip, trash_clip
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage
from videolib.uploads import actions, finish
from videolib.uploads.models import Upload
from videolib.uploads.part import hold
from videolib.uploads.tus import UploadRefused

pytestmark = pytest.mark.django_db


def stored(key: str) -> bytes:
    return b"".join(media_storage().read_range(key, 0, 1000))


def test_the_last_byte_makes_a_recording_and_its_first_job(tus, uploader, django_capture_on_commit_callbacks):
    upload = tus.begin(10)
    tus.patch(upload, b"hello")
    answer = tus.patch(upload, b"world", offset=5)
    assert (answer.status_code, answer["Upload-Offset"]) == (204, "10")
    assert "Upload-Expires" not in answer
    recording = Recording.objects.get()
    assert Clip.objects.get().recording == recording
    assert (recording.size_bytes, recording.sha256) == (10, hashlib.sha256(b"helloworld").hexdigest())
    assert stored(recording.original_key) == b"helloworld"
    job = Job.objects.get()
    assert (job.step, job.lane) == (Step.INSPECT, str(uploader.pk))
    assert list(upload.path.parent.iterdir()) == []


def test_a_finished_upload_says_so_and_takes_nothing_more(tus):
    upload = tus.begin(5)
    tus.patch(upload, b"hello")
    answer = tus.head(upload)
    assert (answer["Upload-Offset"], answer["Upload-Length"]) == ("5", "5")
    assert tus.patch(upload, b"", offset=5).status_code == 204
    assert tus.patch(upload, b"x", offset=5).status_code == 413
    assert tus.patch(upload, b"x", offset=0).status_code == 409
    assert Recording.objects.count() == 1


def test_words_written_meanwhile_stay(tus, uploader):
    upload = tus.begin(5)
    edit_clip(Clip.objects.get(), by=uploader, title="Written while the bytes travelled", visibility="team")
    actions.receive(upload, body(b"hello"), offset=0)
    clip = Clip.objects.get()
    assert (clip.title, clip.visibility) == ("Written while the bytes travelled", "team")
    assert clip.published_at is None


def body(data: bytes) -> actions.Body:
    import io

    return actions.Body(io.BytesIO(data).read, len(data))


class TestTwice:
    def test_finishing_again_gives_the_same_recording(self, tus):
        upload = tus.begin(5)
        tus.patch(upload, b"hello")
        assert actions.finish_upload(upload) == actions.finish_upload(Upload.objects.get()) == Recording.objects.get()

    def test_while_one_finishes_another_is_turned_away(self, tus):
        upload = tus.begin(5)
        upload.path.write_bytes(b"hello")
        with hold(upload.path):
            with pytest.raises(UploadRefused) as caught:
                actions.finish_upload(upload)
            assert caught.value.status == 423
            assert tus.head(upload)["Upload-Offset"] == "5"
        assert not Recording.objects.exists()

    def test_only_the_first_of_two_that_passed_the_lock_writes_rows(self, tus):
        upload = tus.begin(5)
        upload.path.write_bytes(b"hello")
        late = Upload.objects.select_related("clip").get()
        actions.finish_upload(upload)
        with pytest.raises(UploadRefused):
            finish._accept(late, "")
        assert Recording.objects.count() == 1


class TestCrash:
    """The process dies, or the storage or database fails, at each point of finishing."""

    @pytest.fixture
    def complete(self, tus):
        upload = tus.begin(5)
        upload.path.write_bytes(b"hello")
        return upload

    def test_before_the_bytes_moved_head_finishes_it(self, tus, complete):
        assert tus.head(complete)["Upload-Offset"] == "5"
        assert stored(Clip.objects.get().recording.original_key) == b"hello"

    def test_before_the_bytes_moved_an_empty_patch_finishes_it(self, tus, complete):
        assert tus.patch(complete, b"", offset=5).status_code == 204
        assert Clip.objects.get().recording

    def test_between_moving_bytes_and_writing_rows(self, tus, complete, monkeypatch):
        monkeypatch.setattr(finish.pipeline, "accept_recording", lambda *args, **hints: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            actions.finish_upload(complete)
        assert not complete.path.exists()
        monkeypatch.undo()
        assert tus.head(complete)["Upload-Offset"] == "5"
        recording = Clip.objects.get().recording
        assert stored(recording.original_key) == b"hello"

    def test_in_the_middle_of_writing_rows_none_is_written(self, tus, complete, monkeypatch):
        monkeypatch.setattr(finish, "attach_recording", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            actions.finish_upload(complete)
        assert not Recording.objects.exists()
        assert not Upload.objects.get().finished_at
        monkeypatch.undo()
        assert actions.finish_upload(Upload.objects.get())

    def test_a_storage_that_is_away_keeps_the_bytes_and_says_so(self, tus, monkeypatch):
        upload = tus.begin(5)
        monkeypatch.setattr(finish.pipeline, "store_original", lambda *args: 1 / 0)
        answer = tus.patch(upload, b"hello")
        assert answer.status_code == 503
        assert "kept" in answer.content.decode()
        assert tus.head(upload).status_code == 503
        monkeypatch.undo()
        assert tus.head(upload).status_code == 200
        assert Clip.objects.get().recording

    def test_the_sweep_finishes_what_nobody_asks_for(self, complete):
        assert actions.remove_expired_uploads() == 0
        assert Clip.objects.get().recording

    def test_bytes_that_are_gone_are_said_to_be(self, tus, complete):
        complete.path.unlink()
        answer = tus.patch(complete, b"", offset=5)
        assert answer.status_code == 410
        assert "Start again" in answer.content.decode()

    def test_bytes_that_are_missing_finish_nothing(self, tus):
        upload = tus.begin(5)
        upload.path.write_bytes(b"hel")
        with pytest.raises(UploadRefused) as caught:
            actions.finish_upload(upload)
        assert caught.value.status == 409


class TestCancelledMeanwhile:
    def test_a_cancelled_upload_leaves_no_bytes_behind(self, tus, data_folder, monkeypatch):
        upload = tus.begin(5)
        upload.path.write_bytes(b"hello")
        real = finish.pipeline.store_original

        def store_and_cancel(file, key):
            real(file, key)
            Upload.objects.all().delete()

        monkeypatch.setattr(finish.pipeline, "store_original", store_and_cancel)
        with pytest.raises(UploadRefused) as caught:
            actions.finish_upload(upload)
        assert caught.value.status == 410
        assert not Recording.objects.exists()
        assert list((data_folder / "media" / "originals").iterdir()) == []

    def test_a_deleted_draft_gets_no_recording(self, tus, uploader):
        upload = tus.begin(5)
        upload.path.write_bytes(b"hello")
        trash_clip(upload.clip, by=uploader)
        with pytest.raises(UploadRefused):
            actions.finish_upload(upload)
        assert not Recording.objects.exists()
