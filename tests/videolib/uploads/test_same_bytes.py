"""The same bytes again: stored once, whosever they are; nobody learns of a clip they would not come across."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.utils import timezone

from transcode.models import Cue, Job, Recording, State, Step, Transcript
from transcode.tasks import RUN
from videolib.browse.search import search_clips
from videolib.clips import actions as clips
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage
from videolib.receivers import hear
from videolib.uploads import actions
from videolib.uploads.access import bytes_used_by
from videolib.uploads.digest import DIGESTS
from videolib.uploads.models import Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(tus_of, make_user):
    """Another contributor's tus client."""
    return tus_of(make_user("contributor"))


def upload(tus, data: bytes = b"hello", title: str = "one", **words: str) -> Clip:
    tus.patch(tus.begin(len(data), metadata={"title": title, **words}), data)
    return Clip.objects.get(title=title)


def upload_unseen(tus, data: bytes = b"hello", title: str = "one") -> Clip:
    """As if the process had been restarted in between: nobody has seen all bytes."""
    standing = tus.begin(len(data), metadata={"title": title})
    tus.patch(standing, data[:1])
    DIGESTS.take(standing.code, 1)
    tus.patch(standing, data[1:], offset=1)
    return Clip.objects.get(title=title)


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "media").rglob("*") if path.is_file()]


class TestShared:
    def test_a_clip_of_bytes_that_play_plays_at_once(self, tus):
        first = upload(tus)
        Recording.objects.update(playable_at=timezone.now())
        second = upload(tus, title="two")
        assert second.recording == first.recording == Recording.objects.get()
        assert second.published_at
        assert not Upload.objects.latest("pk").path.exists()

    def test_a_clip_of_bytes_that_are_worked_on_waits_for_the_same_work(self, tus, other):
        first, second = upload(tus), upload(other, title="two")
        assert second.recording == first.recording == Recording.objects.get()
        assert (second.published_at, Job.objects.count()) == (None, 1)

    def test_bytes_that_failed_are_tried_anew(self, tus):
        upload(tus)
        Job.objects.update(state=State.FAILED)
        upload(tus, title="two")
        assert Recording.objects.count() == 2

    def test_other_bytes_of_the_same_length_are_others(self, tus):
        upload(tus)
        upload(tus, b"world", title="two")
        assert Recording.objects.count() == 2

    def test_across_people_too_and_both_count_them(self, tus, other, uploader, data_folder):
        upload(tus)
        second = upload(other, title="two")
        assert Recording.objects.count() == 1
        assert len(files(data_folder)) == 1
        assert bytes_used_by(uploader) == bytes_used_by(second.owner) == 5

    def test_each_keeps_words_and_corrections_of_their_own(self, tus, other):
        first, second = upload(tus, visibility="private"), upload(other, title="two", visibility="private")
        Recording.objects.update(playable_at=timezone.now(), duration=10.0)
        transcript = Transcript.objects.create(recording=first.recording, engine="test", model="none")
        Cue.objects.create(transcript=transcript, start=0, end=2, text="open the graph on a")
        clips.correct_cue(Clip.objects.get(title="one"), start=0, end=2, text="open Grafana", by=first.owner)
        clips.publish_clips_of(first.recording_id)
        found = {
            (clip.title, word): bool(search_clips(clip.owner, word).hits)
            for clip in (first, second)
            for word in ("grafana", "graph")
        }
        assert found == {
            ("one", "grafana"): True,
            ("one", "graph"): False,
            ("two", "grafana"): False,
            ("two", "graph"): True,
        }

    def test_words_of_one_persons_private_clip_are_not_told_for_both(self, tus, other):
        first = upload(tus, tags="Initech")
        assert Recording.objects.get().hints["vocabulary"] == "Initech."
        upload(other, title="two")
        assert Recording.objects.get().hints["vocabulary"] == ""
        clips.edit_clip(first, by=first.owner, tags=["Initech", "Hooli"])
        Job.objects.update(step=Step.TRANSCRIBE, state=State.QUEUED)
        clips.tell_vocabulary()
        assert Recording.objects.get().hints["vocabulary"] == ""

    def test_of_one_persons_two_clips_they_are_told(self, tus):
        upload(tus, tags="Initech")
        upload(tus, title="two", tags="Hooli")
        assert Recording.objects.get().hints["vocabulary"] == "Hooli."


class TestGone:
    def test_the_recording_goes_with_its_last_clip_trash_included(
        self, tus, other, data_folder, django_capture_on_commit_callbacks
    ):
        first, second = upload(tus), upload(other, title="two")
        clips.trash_clip(first, by=first.owner)
        with django_capture_on_commit_callbacks(execute=True):
            clips.delete_for_good(second)
        assert Recording.objects.exists()
        assert len(files(data_folder)) == 1
        with django_capture_on_commit_callbacks(execute=True):
            clips.delete_for_good(first)
        assert not Recording.objects.exists()
        assert files(data_folder) == []

    def test_files_stay_when_the_deed_is_undone(self, tus, data_folder, django_capture_on_commit_callbacks):
        first = upload(tus)
        with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError), undone():
            clips.delete_for_good(first)
        assert Clip.objects.filter(pk=first.pk).exists()
        assert len(files(data_folder)) == 1


def undone():
    """A transaction that is rolled back."""
    from contextlib import contextmanager

    from django.db import transaction

    @contextmanager
    def block():
        with transaction.atomic():
            yield
            raise ZeroDivisionError

    return block()


class TestKnownOnlyLater:
    """No process saw all bytes, so the pipeline's first step tells what they are."""

    def test_the_bytes_are_not_read_in_the_request(self, tus):
        assert upload_unseen(tus).recording.sha256 == ""

    def test_the_first_step_reads_them_once(self, tus_of, uploader, screen_file):
        clip = upload_unseen(tus_of(uploader), screen_file.read_bytes())
        RUN[Step.INSPECT](Job.objects.get().pk)
        clip.recording.refresh_from_db()
        assert clip.recording.sha256 == hashlib.sha256(screen_file.read_bytes()).hexdigest()

    def test_its_clip_goes_over_to_the_recording_that_was_first(
        self, tus, other, screen_file, data_folder, django_capture_on_commit_callbacks
    ):
        first = upload(tus, screen_file.read_bytes())
        second = upload_unseen(other, screen_file.read_bytes(), "two")
        assert Recording.objects.count() == 2
        with django_capture_on_commit_callbacks(execute=True):
            RUN[Step.INSPECT](Job.objects.get(recording=second.recording).pk)
        second.refresh_from_db()
        assert second.recording == first.recording == Recording.objects.get()
        assert len(files(data_folder)) == 1
        assert not Job.objects.exclude(recording=first.recording).exists()

    def test_it_plays_at_once_where_the_first_one_does(self, tus, django_capture_on_commit_callbacks):
        first, second = upload(tus), upload_unseen(tus, title="two")
        Recording.objects.filter(pk=first.recording_id).update(playable_at=timezone.now())
        Recording.objects.update(sha256=hashlib.sha256(b"hello").hexdigest())
        with django_capture_on_commit_callbacks(execute=True):
            hear(recording_id=second.recording_id, step=Step.INSPECT, state=State.DONE)
        second.refresh_from_db()
        assert second.recording == first.recording
        assert second.published_at

    @pytest.mark.parametrize("columns", [{"sha256": "f" * 64}, {"size_bytes": 6}])
    def test_others_stay_apart(self, tus, columns):
        upload(tus)
        second = upload_unseen(tus, title="two")
        Recording.objects.filter(pk=second.recording_id).update(sha256=hashlib.sha256(b"hello").hexdigest())
        Recording.objects.filter(pk=second.recording_id).update(**columns)
        clips.unite_same_bytes(second.recording_id)
        assert Recording.objects.count() == 2

    def test_the_first_one_is_never_given_up_for_a_later(self, tus):
        first = upload_unseen(tus)
        upload_unseen(tus, title="two")
        Recording.objects.update(sha256=hashlib.sha256(b"hello").hexdigest())
        clips.unite_same_bytes(first.recording_id)
        assert Recording.objects.count() == 2

    def test_what_plays_already_stays_as_it_is(self, tus):
        upload(tus)
        second = upload_unseen(tus, title="two")
        Recording.objects.update(sha256=hashlib.sha256(b"hello").hexdigest(), playable_at=timezone.now())
        clips.unite_same_bytes(second.recording_id)
        assert Recording.objects.count() == 2


class TestHashedOnTheWay:
    def sha256(self) -> str:
        return Recording.objects.get().sha256

    def test_of_many_pieces_that_one_process_saw(self, tus):
        standing = tus.begin(10)
        for offset in range(10):
            tus.patch(standing, b"helloworld"[offset : offset + 1], offset=offset)
        assert self.sha256() == hashlib.sha256(b"helloworld").hexdigest()

    def test_past_bytes_that_did_not_fit_their_checksum(self, tus):
        standing = tus.begin(10)
        tus.patch(standing, b"hello")
        wrong = {"Upload-Checksum": "sha1 " + "A" * 27 + "="}
        assert tus.patch(standing, b"wrong", offset=5, **wrong).status_code == 460
        tus.patch(standing, b"world", offset=5)
        assert self.sha256() == ""

    def test_not_where_another_process_took_some(self, tus):
        standing = tus.begin(10)
        tus.patch(standing, b"hello")
        with standing.path.open("ab") as file:
            file.write(b"wo")
        tus.patch(standing, b"rld", offset=7)
        assert self.sha256() == ""

    def test_past_a_connection_that_was_cut(self, tus):
        standing = tus.begin(10)
        pieces = iter([b"hel", b"lo"])

        def read(size: int) -> bytes:
            if piece := next(pieces, None):
                return piece
            raise ConnectionResetError

        with pytest.raises(actions.UploadRefused):
            actions.receive(standing, actions.Body(read, 10), offset=0)
        tus.patch(standing, b"world", offset=5)
        assert self.sha256() == hashlib.sha256(b"helloworld").hexdigest()

    def test_by_the_form_without_javascript(self, client_of, uploader, data_folder):
        from django.core.files.uploadedfile import SimpleUploadedFile

        client_of(uploader).post("/upload/", {"file": SimpleUploadedFile("a.mp4", b"hello")})
        assert self.sha256() == hashlib.sha256(b"hello").hexdigest()
        assert b"".join(media_storage().read_range(Recording.objects.get().original_key, 0, 9)) == b"hello"
