"""`manage.py demo`: it goes on where one that was killed stopped."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from demo.stories import PEOPLE, STORIES
from videolib.accounts.models import User
from videolib.clips.models import Clip
from videolib.management.commands import demo
from videolib.uploads.actions import create_upload
from videolib.uploads.models import Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_story(monkeypatch: pytest.MonkeyPatch, settings: Any, data_folder: Path, screen_file: Path) -> Any:
    """A demo of one clip that is neither drawn nor spoken."""
    settings.SPEECH_ENGINE = "none"
    monkeypatch.setattr(demo, "STORIES", STORIES[:1])
    monkeypatch.setattr(demo, "make_recording", lambda *given: Path(shutil.copy(screen_file, given[2] / "clip.mp4")))
    return STORIES[0]


def test_a_clip_that_was_taken_in_by_half_is_made_again(one_story: Any) -> None:
    person = next(person for person in PEOPLE if person.email == one_story.owner)
    owner = User.objects.create_user(person.email, None, name=person.name, role=person.role)
    upload = create_upload(by=owner, size=1000, details={"title": one_story.title})
    call_command("demo")
    clip = Clip.objects.get()
    assert (clip.title, clip.pk == upload.clip_id) == (one_story.title, False)
    assert clip.recording and clip.recording.playable_at
    assert not Upload.objects.open().exists()


def test_a_second_demo_makes_nothing_twice(one_story: Any, settings: Any) -> None:
    call_command("demo")
    call_command("demo")
    assert Clip.objects.count() == 1
    assert list(settings.SCRATCH_ROOT.iterdir()) == []


def test_whoever_brings_a_clip_may_upload() -> None:
    roles = {person.email: person.role for person in PEOPLE}
    assert {roles[story.owner] for story in STORIES} <= {"contributor", "curator", "admin"}
