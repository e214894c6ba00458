"""/upload/: the page, the parts its script asks for, and the plain form for whoever has no JavaScript."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from transcode.models import Recording
from videolib.clips.actions import trash_clip
from videolib.clips.models import Clip, LibrarySettings
from videolib.lib.storage import media_storage
from videolib.uploads.models import Upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client_of, uploader, data_folder):
    return client_of(uploader)


def test_a_contributor_gets_the_page_and_its_limits(browser):
    LibrarySettings.objects.create(pk=1, max_upload_bytes=3 * 1024**3)
    text = browser.get("/upload/").content.decode()
    assert "Drop recordings here" in text
    assert "3.0" in text


def test_a_learner_is_told_whom_to_ask(client_of, make_user, data_folder):
    make_user("admin", name="Ada")
    answer = client_of(make_user("learner")).get("/upload/")
    assert answer.status_code == 200
    assert "Ada" in answer.content.decode()
    assert "data-upload" not in answer.content.decode()


def test_signed_out_people_are_sent_to_sign_in(client_of, data_folder):
    for answer in (client_of().get("/upload/"), client_of().post("/upload/", {})):
        assert answer.status_code == 302
        assert "/accounts/login/" in answer["Location"]


def test_it_lists_what_can_be_gone_on_with(tus, browser, uploader, tus_of, make_user):
    upload = tus.begin(10, metadata={"filename": "half.mp4", "fingerprint": "half.mp4/10/5"})
    tus.patch(upload, b"hello")
    tus.patch(tus.begin(5, metadata={"filename": "whole.mp4"}), b"hello")
    trash_clip(tus.begin(5, metadata={"filename": "deleted.mp4"}).clip, by=uploader)
    lapsed = tus.begin(5, metadata={"filename": "lapsed.mp4"})
    Upload.objects.filter(pk=lapsed.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    tus_of(make_user("contributor")).begin(5, metadata={"filename": "other.mp4"})
    text = browser.get("/upload/").content.decode()
    assert "half.mp4" in text
    assert "50 % has arrived" in text
    assert 'data-fingerprint="half.mp4/10/5"' in text
    for gone in ("whole.mp4", "deleted.mp4", "lapsed.mp4", "other.mp4"):
        assert gone not in text


def test_names_are_escaped(tus, browser):
    tus.begin(10, metadata={"filename": "<script>alert(1)</script>.mp4", "fingerprint": '"><b>'})
    text = browser.get("/upload/").content.decode()
    assert "<script>alert" not in text
    assert "<b>" not in text


class TestRow:
    def test_it_is_the_form_of_the_waiting_clip(self, tus, browser):
        upload = tus.begin(10, metadata={"filename": "my-tip.mp4"})
        text = browser.get(f"/upload/{upload.code}/").content.decode()
        assert 'value="my tip"' in text
        assert f'action="/clips/{upload.clip.code}/edit/"' in text
        assert "<html" not in text

    def test_others_and_the_signed_out_get_nothing(self, tus, client_of, make_user):
        path = f"/upload/{tus.begin(10).code}/"
        assert client_of(make_user("admin")).get(path).status_code == 404
        assert client_of(make_user("learner")).get(path).status_code == 404
        assert client_of().get(path).status_code == 302

    def test_its_words_are_saved_to_the_draft(self, tus, browser):
        clip = tus.begin(10).clip
        words = {"title": "New", "tags": "git, ci", "visibility": "team", "allow_download": ["false", "on"]}
        answer = browser.post(f"/clips/{clip.code}/edit/", words, headers={"Accept": "application/json"})
        assert answer.status_code == 204
        clip.refresh_from_db()
        assert (clip.title, clip.visibility, clip.allow_download) == ("New", "team", True)
        assert clip.is_draft


class TestCancel:
    def test_the_owner_cancels_without_javascript(self, tus, browser):
        upload = tus.begin(10)
        answer = browser.post(f"/upload/{upload.code}/cancel/")
        assert answer.status_code == 302
        assert not Upload.objects.exists()
        assert not Clip.objects.exists()

    def test_nobody_else_does(self, tus, client_of, make_user):
        path = f"/upload/{tus.begin(10).code}/cancel/"
        assert client_of(make_user("admin")).post(path).status_code == 404
        assert client_of(make_user("learner")).post(path).status_code == 404
        assert client_of().post(path).status_code == 302
        assert Upload.objects.count() == 1

    def test_a_link_does_not(self, tus, browser):
        assert browser.get(f"/upload/{tus.begin(10).code}/cancel/").status_code == 405


class TestPlainForm:
    def file(self, data: bytes = b"hello", name: str = "my_tip.webm") -> dict[str, SimpleUploadedFile]:
        return {"file": SimpleUploadedFile(name, data)}

    def test_it_takes_one_file(self, browser, uploader, data_folder):
        data = b"x" * 3_000_000
        answer = browser.post("/upload/", self.file(data))
        clip = Clip.objects.get()
        assert answer.status_code == 302
        assert answer["Location"] == clip.get_absolute_url()
        assert (clip.title, clip.owner) == ("my tip", uploader)
        assert clip.recording.sha256 == hashlib.sha256(data).hexdigest()
        assert media_storage().size(clip.recording.original_key) == len(data)
        assert list((data_folder / "uploads").iterdir()) == []

    def test_too_large_is_refused_with_a_sentence_and_keeps_nothing(self, browser, data_folder):
        LibrarySettings.objects.create(pk=1, max_upload_bytes=10_000)
        for size in (20_000, 10_001):
            answer = browser.post("/upload/", self.file(b"x" * size))
            assert answer.status_code == 413
            assert "at most" in answer.content.decode()
        assert not Clip.objects.exists()
        assert list((data_folder / "uploads").iterdir()) == []

    def test_over_quota_is_refused_with_a_sentence(self, browser):
        LibrarySettings.objects.create(pk=1, quota_bytes=4)
        answer = browser.post("/upload/", self.file())
        assert answer.status_code == 413
        assert "left" in answer.content.decode()

    def test_an_empty_file_is_refused_with_a_sentence(self, browser):
        answer = browser.post("/upload/", self.file(b""))
        assert answer.status_code == 400
        assert "empty" in answer.content.decode()

    def test_no_file_is_asked_for(self, browser):
        answer = browser.post("/upload/", {})
        assert answer.status_code == 422
        assert "Choose a recording first" in answer.content.decode()

    def test_a_form_forged_elsewhere_is_refused(self, uploader, data_folder):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(uploader, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert browser.post("/upload/", self.file()).status_code == 403
        assert not Clip.objects.exists()

    def test_a_learner_uploads_nothing(self, client_of, make_user, data_folder):
        assert client_of(make_user("learner")).post("/upload/", self.file()).status_code == 403
        assert not Recording.objects.exists()


def test_the_page_costs_the_same_however_many_uploads_wait(tus, browser):
    counts = []
    for waiting in (2, 12):
        while Upload.objects.count() < waiting:
            tus.begin(5)
        with CaptureQueriesContext(connection) as queries:
            page = browser.get("/upload/").content.decode()
        assert page.count("data-fingerprint=") == waiting
        counts.append(len(queries))
    assert counts[0] == counts[1]
