"""What the clock asks of clips: the trash is emptied."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from transcode import actions as pipeline
from transcode.models import Recording
from videolib.browse.search import search_clips
from videolib.celery import app
from videolib.clips.actions import restore_clip
from videolib.clips.models import Clip
from videolib.clips.tasks import empty_trash

pytestmark = pytest.mark.django_db


def test_every_task_of_the_clock_exists() -> None:
    app.loader.import_default_modules()
    wanted = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert wanted <= set(app.tasks)


def test_every_task_of_the_clock_names_its_queue() -> None:
    queues = {entry["options"]["queue"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert queues == {"light"}


def test_the_trash_is_emptied_after_its_days(
    make_clip: Any, data_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    old, fresh, standing = (make_clip(title=title) for title in ("old", "fresh", "standing"))
    now = timezone.now()
    Clip.objects.filter(pk=old.pk).update(trashed_at=now - timedelta(days=settings.TRASH_DAYS, hours=1))
    Clip.objects.filter(pk=fresh.pk).update(trashed_at=now - timedelta(days=1))
    Recording.objects.filter(pk=old.recording_id).update(original_key="originals/old")
    default_storage.save("originals/old", ContentFile(b"bytes"))
    with django_capture_on_commit_callbacks(execute=True):
        assert empty_trash() == 1
    assert set(Clip.objects.values_list("title", flat=True)) == {"fresh", "standing"}
    assert not Recording.objects.filter(pk=old.recording_id).exists()
    assert not default_storage.exists("originals/old")
    assert standing.recording_id


def test_what_is_restored_while_the_trash_is_emptied_stays(
    make_clip: Any, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        make_clip(cues=[(0, 2, "still findable")])
    Clip.objects.update(trashed_at=timezone.now() - timedelta(days=settings.TRASH_DAYS, hours=1))
    delete_recording = pipeline.delete_recording

    def and_meanwhile(recording: Recording) -> None:
        delete_recording(recording)
        left = Clip.objects.get()
        restore_clip(left, by=left.owner)

    monkeypatch.setattr(pipeline, "delete_recording", and_meanwhile)
    assert empty_trash() == 1
    kept = Clip.objects.get()
    assert Recording.objects.filter(pk=kept.recording_id).exists()
    assert [hit.clip for hit in search_clips(kept.owner, "findable", limit=1).hits] == [kept]


def test_a_recording_shared_by_another_clip_stays(make_clip: Any, data_folder: Path) -> None:
    clip = make_clip()
    Clip.objects.create(owner=clip.owner, recording=clip.recording, title="the other one")
    Clip.objects.filter(pk=clip.pk).update(trashed_at=timezone.now() - timedelta(days=99))
    assert empty_trash() == 1
    assert Recording.objects.filter(pk=clip.recording_id).exists()
