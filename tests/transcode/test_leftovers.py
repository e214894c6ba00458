"""Files that rows let go of are removed, whatever happens to whoever was to do it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from transcode.actions import delete_recording
from transcode.leftovers import let_go, remove_leftovers
from transcode.models import Leftover, Recording
from transcode.tasks import sweep_jobs
from videolib.lib.storage import DiskStorage

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(data_folder: Path) -> str:
    """The key of a file."""
    return str(default_storage.save("recordings/one/source.mp4", ContentFile(b"x")))


def an_hour_later() -> None:
    Leftover.objects.update(created_at=timezone.now() - timedelta(hours=1))


def test_they_go_once_that_is_committed(stored: str, django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        let_go([stored])
        assert default_storage.exists(stored)
    assert not default_storage.exists(stored)
    assert not Leftover.objects.exists()


def test_they_stay_where_the_transaction_comes_to_nothing(stored: str) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        let_go([stored])
        raise RuntimeError
    an_hour_later()
    assert remove_leftovers() == 0
    assert default_storage.exists(stored)


def test_whoever_is_killed_right_after_the_commit_leaves_them_to_the_sweep(stored: str) -> None:
    """Found by chaos, seed 2126: a worker was killed between the commit and the removal."""
    let_go([stored])  # in the transaction of the test, which never commits: as if nobody did what comes after
    sweep_jobs()
    assert default_storage.exists(stored), "whoever wrote it down may be about to remove it"
    an_hour_later()
    sweep_jobs()
    assert not default_storage.exists(stored)
    assert not Leftover.objects.exists()


def test_a_storage_that_is_away_is_asked_again(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go([stored])
    an_hour_later()

    def unanswered(*_: Any) -> None:
        raise OSError("Nobody answers.")

    with monkeypatch.context() as outage:
        outage.setattr(DiskStorage, "delete", unanswered)
        assert remove_leftovers() == 0
    an_hour_later()
    assert remove_leftovers() == 1
    assert not default_storage.exists(stored)


def test_a_folder_goes_with_all_there_is_in_it(stored: str, django_capture_on_commit_callbacks: Any) -> None:
    beside = str(default_storage.save("recordings/onetwo/source.mp4", ContentFile(b"x")))
    default_storage.save("recordings/one/more/sheet.jpg", ContentFile(b"x"))
    with django_capture_on_commit_callbacks(execute=True):
        let_go(["recordings/one/", "recordings/none/"])
    assert not default_storage.exists("recordings/one")
    assert default_storage.exists(beside)
    assert not Leftover.objects.exists()


@pytest.mark.parametrize("method", ["delete", "delete_folder"])
def test_what_a_deleted_recording_leaves_is_removed_when_the_storage_is_back(
    stored: str, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any, method: str
) -> None:
    original = str(default_storage.save("originals/x", ContentFile(b"x")))
    recording = Recording.objects.create(original_key=original, size_bytes=1)
    made = str(default_storage.save(f"recordings/{recording.code}/a/480p.mp4", ContentFile(b"x")))

    def unanswered(*_: Any) -> None:
        raise OSError("Nobody answers.")

    with monkeypatch.context() as outage:
        outage.setattr(DiskStorage, method, unanswered)
        with django_capture_on_commit_callbacks(execute=True):
            delete_recording(recording)
    assert not Recording.objects.exists()
    assert Leftover.objects.count() == 1
    an_hour_later()
    sweep_jobs()
    assert not default_storage.exists(original) and not default_storage.exists(made)
    assert not Leftover.objects.exists() and default_storage.exists(stored)


def test_a_folder_that_cannot_be_removed_is_kept_in_mind(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go(["recordings/one/"])
    an_hour_later()

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("Operation not permitted")

    with monkeypatch.context() as locked:
        locked.setattr(os, "unlink", refuse)
        assert remove_leftovers() == 0
    assert default_storage.exists(stored)
    an_hour_later()
    assert remove_leftovers() == 1
    assert not default_storage.exists(stored)


def test_one_that_cannot_be_removed_holds_up_no_other(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go(["recordings/locked.mp4", stored])
    an_hour_later()
    real = DiskStorage.delete

    def refuse_one(storage: DiskStorage, name: str) -> None:
        if name == "recordings/locked.mp4":
            raise PermissionError("Operation not permitted")
        real(storage, name)

    monkeypatch.setattr(DiskStorage, "delete", refuse_one)
    assert (remove_leftovers(), remove_leftovers()) == (0, 1)
    assert not default_storage.exists(stored)
    assert Leftover.objects.get().key == "recordings/locked.mp4"
