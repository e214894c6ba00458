"""Local files taken in one go, for import_clips."""

from __future__ import annotations

import hashlib

import pytest

from transcode.models import Recording
from videolib.clips.models import Clip, LibrarySettings
from videolib.lib.storage import media_storage
from videolib.uploads import actions
from videolib.uploads.actions import UploadRefused, take_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(tmp_path, data_folder):
    file = tmp_path / "Weekly_stand-up.webm"
    file.write_bytes(b"hello")
    return file


def test_a_file_becomes_a_clip_and_stays_where_it_is(source, uploader):
    clip = take_file(source, by=uploader, title="Stand up", visibility="team", tags=["daily", "team"])
    assert source.read_bytes() == b"hello"
    assert (clip.title, clip.visibility, clip.owner) == ("Stand up", "team", uploader)
    assert sorted(tag.name for tag in clip.tags.all()) == ["daily", "team"]
    assert clip.recording.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert b"".join(media_storage().read_range(clip.recording.original_key, 0, 9)) == b"hello"


def test_without_a_title_its_name_is_one(source, uploader):
    assert take_file(source, by=uploader).title == "Weekly stand up"


def test_a_hash_that_is_known_is_not_computed_again(source, uploader):
    assert take_file(source, by=uploader, sha256="f" * 64).recording.sha256 == "f" * 64


@pytest.mark.parametrize("limits", [{"max_upload_bytes": 1}, {"quota_bytes": 1}])
def test_the_limits_of_uploads_hold(source, uploader, limits):
    LibrarySettings.objects.create(pk=1, **limits)
    with pytest.raises(UploadRefused) as caught:
        take_file(source, by=uploader)
    assert caught.value.status == 413
    assert not Clip.objects.exists()


def test_an_empty_file_is_refused_and_leaves_nothing(source, uploader):
    source.write_bytes(b"")
    with pytest.raises(UploadRefused, match="empty"):
        take_file(source, by=uploader)
    assert not Clip.objects.exists()


def test_a_file_that_grows_while_it_is_read_is_refused(source, uploader, monkeypatch):
    def copy_and_grow(file, target):
        target.write_bytes(file.read_bytes() + b"!")

    monkeypatch.setattr(actions.shutil, "copyfile", copy_and_grow)
    with pytest.raises(UploadRefused, match="changed"):
        take_file(source, by=uploader)
    assert not Clip.objects.exists()
    assert not Recording.objects.exists()


def test_a_file_that_is_not_there_leaves_nothing(source, uploader):
    with pytest.raises(FileNotFoundError):
        take_file(source.with_name("none"), by=uploader)
    assert not Clip.objects.exists()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("my_tip-2.final.mp4", "my tip 2.final"),
        ("C:\\Users\\me\\a_b.mov", "a b"),
        ("../../etc/passwd", "passwd"),
        ("-dash", "dash"),
        (".hidden", ".hidden"),
        ("", ""),
        ("  many   spaces .mp4", "many spaces"),
    ],
)
def test_titles_come_from_names(name, title):
    assert actions.title_of(name) == title
