"""Uploads are refused, with a sentence, before a disk is full: room is reserved when they begin."""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.videolib.at_once import race
from tests.videolib.uploads.conftest import sentence_of
from transcode.models import Job, Recording, State, Step
from videolib.clips.models import Clip, LibrarySettings
from videolib.uploads import access, actions, forms, pages
from videolib.uploads.access import KEPT_FREE
from videolib.uploads.models import Upload
from videolib.uploads.part import write_all
from videolib.uploads.tus import UploadRefused

pytestmark = pytest.mark.django_db

Free = Callable[..., None]


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Free:
    """`free(100)`: so many bytes above what is always kept; `free(100, media=50)`: that folder is on another disk."""

    def set_free(everywhere: int, **elsewhere: int) -> None:
        def usage(folder: Path) -> SimpleNamespace:
            return SimpleNamespace(free=KEPT_FREE + elsewhere.get(folder.name, everywhere))

        def stat(folder: Path) -> SimpleNamespace:
            return SimpleNamespace(st_dev=folder.name if folder.name in elsewhere else "the disk")

        monkeypatch.setattr(access.shutil, "disk_usage", usage)
        monkeypatch.setattr(access, "_standing", lambda folder: Disk(folder, stat))

    return set_free


class Disk:
    """A folder that says which disk it is on."""

    def __init__(self, folder: Path, stat: Callable[[Path], SimpleNamespace]) -> None:
        self.name, self.stat = folder.name, lambda: stat(folder)


def test_a_full_disk_is_said_at_the_start(tus, free):
    free(100)
    answer = tus.create(41)
    assert answer.status_code == 507
    assert "disk" in sentence_of(answer)
    assert not Clip.objects.exists()
    assert tus.create(40).status_code == 201


def test_room_is_reserved_for_what_is_still_to_arrive_and_to_be_made(tus, free):
    free(100)
    assert tus.create(20).status_code == 201
    assert tus.create(21).status_code == 507
    assert tus.create(20).status_code == 201
    assert tus.create(1).status_code == 507


def test_what_has_arrived_is_on_the_disk_already_and_not_counted_again(tus, free):
    free(100)
    upload = tus.begin(40)
    tus.patch(upload, b"x" * 30)
    free(74)  # 10 are to arrive, and 60 to be made of all 40: that leaves 4 for another
    assert tus.create(2).status_code == 507
    assert tus.create(1).status_code == 201


class TestPlainForm:
    """It comes whole, and is on the disk when its row is written."""

    @pytest.fixture
    def send(self, client_of, uploader, data_folder, monkeypatch):
        monkeypatch.setattr(pages, "FORM_BYTES", 0)
        browser = client_of(uploader)

        def send_file(size: int):
            # As it travels, so that the whole form has `size` bytes.
            head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="tip.webm"\r\n\r\n'
            tail = b"\r\n--x--\r\n"
            body = head + b"y" * (size - len(head + tail)) + tail
            return browser.post("/upload/", body, content_type="multipart/form-data; boundary=x")

        return send_file

    def test_what_finds_no_room_is_refused_before_any_of_it_is_written(self, send, free, data_folder, monkeypatch):
        monkeypatch.setattr(pages, "FormFileHandler", None)
        free(1000)
        answer = send(401)
        assert answer.status_code == 507
        assert "disk is nearly full" in answer.content.decode()
        assert list((data_folder / "uploads").iterdir()) == []

    def test_what_finds_room_is_not_reserved_room_for_once_more(self, send, free, monkeypatch):
        free(1000)
        arrive = actions.take_form_file

        def arrived(file: Path, **named: Any) -> Clip:
            free(1000 - file.stat().st_size)
            return arrive(file, **named)

        monkeypatch.setattr(actions, "take_form_file", arrived)
        assert send(400).status_code == 302
        assert Clip.objects.get().recording.size_bytes > 250

    def test_with_a_bucket_it_lies_here_whole(self, send, free, monkeypatch):
        monkeypatch.setattr(access, "multipart_storage", lambda: SimpleNamespace(least_part=50))
        free(399, scratch=1000)
        assert send(400).status_code == 507

    @pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
    def test_a_disk_that_is_full_on_the_way_is_said_and_nothing_is_kept(self, send, data_folder, monkeypatch, error):
        monkeypatch.setattr(forms, "write_all", Filling(200_000, error))
        answer = send(500_000)
        assert answer.status_code == 507
        assert "disk is full, and nothing of this was kept" in answer.content.decode()
        assert list((data_folder / "uploads").iterdir()) == []
        assert not Clip.objects.exists()

    def test_so_is_one_on_which_no_file_can_be_made(self, send, monkeypatch):
        monkeypatch.setattr(forms, "FormFile", Filling(0, errno.ENOSPC))
        assert send(500).status_code == 507

    def test_another_fault_of_a_disk_is_no_full_one(self, send, monkeypatch):
        monkeypatch.setattr(forms, "write_all", Filling(0, errno.EIO))
        with pytest.raises(OSError, match="of the test"):
            send(500)


class Filling:
    """A disk that takes so many bytes more."""

    def __init__(self, room: int, error: int) -> None:
        self.room, self.error = room, error

    def __call__(self, piece: bytes | str, *file: Any) -> None:
        if len(piece) > self.room:
            raise OSError(self.error, "of the test")
        self.room -= len(piece)
        write_all(piece, *file)


def test_a_cancelled_upload_gives_its_room_back(tus, free):
    free(100)
    tus.delete(tus.begin(40))
    assert tus.create(40).status_code == 201


@pytest.mark.parametrize(
    ("step", "state", "answer"),
    [
        (Step.INSPECT, State.QUEUED, 507),
        (Step.MAKE_PLAYABLE, State.RUNNING, 507),
        (Step.MAKE_RENDITIONS, State.QUEUED, 507),
        (Step.MAKE_RENDITIONS, State.DONE, 201),
        (Step.MAKE_PLAYABLE, State.FAILED, 201),
        (Step.TRANSCRIBE, State.QUEUED, 201),
    ],
)
def test_what_is_made_of_accepted_recordings_needs_room_too(tus, free, make_clip, step, state, answer):
    Job.objects.create(recording=make_clip().recording, step=step, state=state, queue="media")
    Recording.objects.update(size_bytes=20)
    free(100)
    assert tus.create(30).status_code == answer


def test_many_accepted_uploads_do_not_fill_the_disk_when_they_are_worked_on(tus, free):
    free(1000)
    for _ in range(20):
        tus.patch(tus.begin(10, metadata={"title": "x"}), b"0123456789")
    Recording.objects.update(size_bytes=40)
    assert tus.create(40).status_code == 201
    Recording.objects.update(size_bytes=700)
    assert tus.create(40).status_code == 507


class TestSeveralDisks:
    @pytest.mark.parametrize(("media", "answer"), [(99, 507), (100, 201)])
    def test_media_elsewhere_take_the_original_and_what_is_made_of_it(self, tus, free, media, answer):
        free(100, media=media)
        assert tus.create(40).status_code == answer

    @pytest.mark.parametrize(("scratch", "answer"), [(59, 507), (60, 201)])
    def test_scratch_space_elsewhere_takes_what_is_made_of_one(self, tus, free, scratch, answer):
        free(1000, scratch=scratch)
        tus.begin(20)
        assert tus.create(40).status_code == answer

    @pytest.mark.parametrize(("scratch", "answer"), [(99, 507), (100, 201)])
    def test_with_a_bucket_the_original_is_fetched_to_it_and_media_need_nothing(
        self, tus, free, monkeypatch, scratch, answer
    ):
        monkeypatch.setattr(access, "multipart_storage", lambda: SimpleNamespace(least_part=50))
        free(40, scratch=scratch, media=-KEPT_FREE)
        assert tus.create(40).status_code == answer


def test_folders_that_are_still_to_be_made_lie_where_they_will_be(tus, data_folder):
    (data_folder / "media").rmdir()
    (data_folder / "scratch").rmdir()
    assert tus.create(40).status_code == 201


def test_it_costs_as_much_for_one_upload_as_for_many(tus, django_assert_max_num_queries):
    with django_assert_max_num_queries(10) as counted:
        access.check_disk(1)
    queries = len(counted)
    for _ in range(20):
        tus.begin(5)
    with django_assert_max_num_queries(queries):
        access.check_disk(1)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def begin(self, person, size: int):
        return partial(actions.create_upload, by=person, size=size)

    def test_of_two_who_want_the_last_room_one_gets_it(self, uploader, make_user, free, monkeypatch, data_folder):
        free(100)
        people = uploader, make_user("contributor")
        first, second = race(
            monkeypatch, *(self.begin(person, 40) for person in people), stop_after=(actions, "check_disk")
        )
        assert (first.error, second.had_to_wait) == (None, True)
        assert isinstance(second.error, UploadRefused)
        assert second.error.status == 507
        assert Upload.objects.count() == 1

    def test_of_one_persons_last_room_too(self, uploader, monkeypatch, data_folder):
        LibrarySettings.objects.create(pk=1, quota_bytes=100)
        first, second = race(
            monkeypatch, self.begin(uploader, 60), self.begin(uploader, 60), stop_after=(actions, "check_size")
        )
        assert (first.error, second.had_to_wait) == (None, True)
        assert isinstance(second.error, UploadRefused)
        assert second.error.status == 413
        assert Upload.objects.count() == 1
