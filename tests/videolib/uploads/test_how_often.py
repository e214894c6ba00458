"""Uploads that one person begins: very many within an hour are put off, with how long to wait."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.videolib.uploads.conftest import sentence_of
from videolib.clips.models import Clip
from videolib.uploads.actions import take_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _three_an_hour(settings):
    cache.clear()
    settings.UPLOADS_PER_HOUR = 3


def test_one_too_many_is_told_how_long_to_wait_and_leaves_nothing(tus):
    for _ in range(3):
        assert tus.create(5).status_code == 201
    answer = tus.create(5)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 3600
    assert "Go on in" in sentence_of(answer)
    assert Clip.objects.count() == 3


def test_going_on_is_never_too_often(tus):
    uploads = [tus.begin(5) for _ in range(3)]
    assert tus.create(5).status_code == 429
    for upload in uploads:
        assert tus.patch(upload, b"hel").status_code == 204
        assert tus.head(upload)["Upload-Offset"] == "3"
        assert tus.patch(upload, b"lo", offset=3).status_code == 204


def test_everybody_counts_for_themselves(tus, tus_of, make_user):
    for _ in range(3):
        tus.begin(5)
    assert tus_of(make_user("contributor")).create(5).status_code == 201


def test_whoever_may_not_upload_is_told_so_however_often(tus_of, make_user):
    learner = tus_of(make_user("learner"))
    assert {learner.create(5).status_code for _ in range(5)} == {403}


def test_the_form_without_javascript_says_it_on_the_page(client_of, uploader, data_folder):
    client = client_of(uploader)
    answers = [client.post("/upload/", {"file": SimpleUploadedFile("a.mp4", bytes([n + 1]))}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert "Go on in" in answers[3].text
    assert int(answers[3]["Retry-After"]) > 0


def test_fifty_at_once_are_not_too_many(tus, settings):
    from videolib import settings as usual

    settings.UPLOADS_PER_HOUR = usual.UPLOADS_PER_HOUR
    assert {tus.create(5).status_code for _ in range(50)} == {201}


def test_an_import_on_the_machine_is_not_counted(uploader, data_folder, screen_file: Path, tmp_path: Path):
    for number in range(5):
        shutil.copyfile(screen_file, tmp_path / f"{number}.mp4")
        take_file(tmp_path / f"{number}.mp4", by=uploader)
    assert Clip.objects.count() == 5
