"""POST /uploads/: an upload begins, or is refused with a sentence."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import parse_http_date

from tests.videolib.uploads.conftest import TusClient, sentence_of
from transcode.models import Recording
from videolib.accounts.models import ApiToken, hash_secret
from videolib.clips.models import Clip, LibrarySettings
from videolib.uploads import access
from videolib.uploads.models import Upload

pytestmark = pytest.mark.django_db


def limit(**columns) -> None:
    LibrarySettings.objects.update_or_create(pk=1, defaults=columns)


def test_options_tells_what_the_server_can_do(tus_of):
    limit(max_upload_bytes=12345)
    answer = tus_of(None).send("OPTIONS", "/uploads/", **{"Tus-Resumable": None})
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert answer["Tus-Max-Size"] == "12345"
    assert "creation-with-upload" in answer["Tus-Extension"]


def test_an_upload_begins_with_a_draft_of_its_own(tus, uploader):
    answer = tus.create(70, metadata={"filename": "My_first-tip.final.mp4"})
    assert answer.status_code == 201
    assert answer["Tus-Resumable"] == "1.0.0"
    upload = Upload.objects.get()
    assert answer["Location"] == f"/uploads/{upload.code}/"
    assert (upload.clip.owner, upload.size_bytes, upload.file_name) == (uploader, 70, "My_first-tip.final.mp4")
    assert (upload.clip.title, upload.clip.visibility) == ("My first tip.final", "private")
    assert upload.clip.is_draft
    assert upload.path.stat().st_size == 0


def test_without_a_name_it_has_one_all_the_same(tus):
    assert tus.begin(5).clip.title == "Untitled"


def test_the_librarys_own_visibility_is_the_first_choice(tus):
    limit(default_visibility="team")
    assert tus.begin(5).clip.visibility == "team"


def test_metadata_may_carry_the_words_of_the_clip(tus):
    words = {
        "filename": "a.mp4",
        "title": "Ärger mit Git",
        "description": "How",
        "visibility": "team",
        "tags": "git, CI",
    }
    clip = tus.begin(5, metadata=words).clip
    assert (clip.title, clip.description, clip.visibility) == ("Ärger mit Git", "How", "team")
    assert sorted(tag.name for tag in clip.tags.all()) == ["CI", "git"]


@pytest.mark.parametrize("words", [{"visibility": "everybody"}, {"tags": "x" * 50}])
def test_words_that_cannot_be_are_refused_and_leave_nothing(tus, words):
    answer = tus.create(5, metadata=words)
    assert answer.status_code == 400
    sentence_of(answer)
    assert not Upload.objects.exists()
    assert not Clip.objects.exists()


def test_the_answer_says_until_when_to_go_on(tus, settings):
    settings.UPLOAD_EXPIRES_HOURS = 3
    until = parse_http_date(tus.create(5)["Upload-Expires"])
    assert abs(until - (timezone.now() + timedelta(hours=3)).timestamp()) < 5


def test_the_first_bytes_may_come_along(tus):
    answer = tus.create(10, b"hello")
    assert answer.status_code == 201
    assert answer["Upload-Offset"] == "5"
    assert Upload.objects.get().path.read_bytes() == b"hello"


def test_all_bytes_may_come_along_and_finish_it(tus):
    answer = tus.create(5, b"hello")
    assert answer["Upload-Offset"] == "5"
    assert "Upload-Expires" not in answer
    assert Upload.objects.get().clip.recording.sha256 == hashlib.sha256(b"hello").hexdigest()


def sha1(data: bytes) -> dict[str, str]:
    return {"Upload-Checksum": f"sha1 {base64.b64encode(hashlib.sha1(data).digest()).decode()}"}


def test_first_bytes_may_have_a_checksum(tus):
    assert tus.create(10, b"hello", **sha1(b"hello"))["Upload-Offset"] == "5"


def test_first_bytes_with_a_checksum_that_does_not_fit_are_refused_and_leave_nothing(tus, data_folder):
    answer = tus.create(10, b"hello", **sha1(b"other"))
    assert answer.status_code == 460
    assert answer.reason_phrase == "Checksum Mismatch"
    sentence_of(answer)
    assert not Upload.objects.exists()
    assert not Clip.objects.exists()
    assert list((data_folder / "uploads").iterdir()) == []


def test_more_first_bytes_than_announced_are_refused(tus):
    answer = tus.create(3, b"hello")
    assert answer.status_code == 413
    assert not Upload.objects.exists()
    assert not Clip.objects.exists()


def test_first_bytes_of_another_type_are_refused(tus):
    answer = tus.client.post("/uploads/", {"a": "b"}, headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
    assert answer.status_code == 415


@pytest.mark.parametrize("size", ["", "-1", "ten", "9" * 30])
def test_a_size_that_is_none_is_refused(tus, size):
    answer = tus.create(size)
    assert answer.status_code == 400
    assert "Upload-Length" in sentence_of(answer)


def test_an_empty_file_is_refused_with_a_sentence(tus):
    answer = tus.create(0)
    assert answer.status_code == 400
    assert "empty" in sentence_of(answer)
    assert not Clip.objects.exists()


def test_a_size_nobody_knows_yet_is_refused(tus):
    answer = tus.create("", **{"Upload-Length": None, "Upload-Defer-Length": "1"})
    assert answer.status_code == 400
    assert "Upload-Defer-Length" in sentence_of(answer)


@pytest.mark.parametrize("version", [None, "0.2.2"])
def test_another_version_is_refused_and_told_ours(tus, version):
    answer = tus.create(5, **{"Tus-Resumable": version})
    assert answer.status_code == 412
    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    sentence_of(answer)


def test_other_methods_are_told_which_work(tus):
    answer = tus.send("GET", "/uploads/")
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]


def test_without_the_slash_it_works_too(tus):
    assert tus.send("POST", "/uploads", **{"Upload-Length": "5"}).status_code == 201


class TestSize:
    def test_too_large_is_refused_with_the_limit(self, tus):
        limit(max_upload_bytes=2 * 1024**2)
        answer = tus.create(2 * 1024**2 + 1)
        assert answer.status_code == 413
        assert "2.0" in sentence_of(answer)
        assert not Clip.objects.exists()

    def test_exactly_the_limit_fits(self, tus):
        limit(max_upload_bytes=100)
        assert tus.create(100).status_code == 201

    def test_the_librarys_quota_counts_what_is_stored_what_is_in_the_trash_and_what_is_on_its_way(
        self, tus, uploader, make_clip
    ):
        limit(quota_bytes=3500)
        make_clip(uploader)
        make_clip(uploader, trashed_at=timezone.now())
        tus.begin(1000)
        assert tus.create(501).status_code == 413
        assert tus.create(500).status_code == 201
        assert "left" in sentence_of(tus.create(1))

    def test_a_shared_recording_counts_once(self, uploader, make_clip):
        clip = make_clip(uploader)
        Clip.objects.create(owner=uploader, recording=clip.recording, title="Again")
        assert access.bytes_used_by(uploader) == clip.recording.size_bytes

    def test_clips_of_others_do_not_count(self, tus, make_clip):
        limit(quota_bytes=1000)
        make_clip()
        assert tus.create(1000).status_code == 201

    def test_a_persons_own_quota_goes_before_the_librarys(self, tus, uploader):
        limit(quota_bytes=1)
        uploader.quota_bytes = 100
        uploader.save()
        assert tus.create(100).status_code == 201
        uploader.quota_bytes = 0
        uploader.save()
        assert tus.create(1).status_code == 413

    def test_a_cancelled_upload_gives_its_room_back(self, tus):
        limit(quota_bytes=100)
        tus.delete(tus.begin(100))
        assert tus.create(100).status_code == 201


class TestWho:
    @pytest.mark.parametrize("enforced", [True, False])
    def test_signed_out_is_refused(self, data_folder, enforced):
        answer = TusClient(Client(enforce_csrf_checks=enforced)).create(5)
        assert answer.status_code == 401
        assert "Sign in" in sentence_of(answer)
        assert answer["WWW-Authenticate"] == "Bearer"

    def test_a_learner_is_told_whom_to_ask(self, tus_of, make_user):
        answer = tus_of(make_user("learner")).create(5)
        assert answer.status_code == 403
        assert "contributor" in sentence_of(answer)

    @pytest.mark.parametrize("role", ["contributor", "curator", "admin"])
    def test_contributors_and_above_may(self, tus_of, make_user, role):
        assert tus_of(make_user(role)).create(5).status_code == 201

    def test_a_session_needs_its_token_against_forged_requests(self, uploader, data_folder):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(uploader, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = TusClient(browser).create(5)
        assert answer.status_code == 403
        assert "Reload" in sentence_of(answer)
        browser.cookies["csrftoken"] = "a" * 32
        assert TusClient(browser, **{"X-CSRFToken": "a" * 32}).create(5).status_code == 201

    def test_no_other_method_passes_by_that_protection(self, tus, uploader):
        upload = tus.begin(5)
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(uploader, backend="allauth.account.auth_backends.AuthenticationBackend")
        headers = {"X-HTTP-Method-Override": "DELETE"}
        assert TusClient(browser).send("GET", f"/uploads/{upload.code}/", **headers).status_code == 405
        assert TusClient(browser).send("POST", f"/uploads/{upload.code}/", **headers).status_code == 403
        assert Upload.objects.exists()


class TestToken:
    @pytest.fixture
    def bearer(self, uploader, data_folder):
        ApiToken.objects.create(user=uploader, name="script", secret_hash=hash_secret("s3cret"))
        return TusClient(Client(enforce_csrf_checks=True), Authorization="Bearer s3cret")

    def test_a_personal_token_needs_no_session(self, bearer, uploader):
        assert bearer.begin(5).clip.owner == uploader

    def test_it_serves_every_step(self, bearer):
        upload = bearer.begin(5)
        assert bearer.patch(upload, b"he").status_code == 204
        assert bearer.head(upload)["Upload-Offset"] == "2"
        assert bearer.delete(upload).status_code == 204

    @pytest.mark.parametrize("authorization", ["Bearer wrong", "Bearer", "", "Basic czNjcmV0", "s3cret"])
    def test_any_other_is_refused_even_with_a_session(self, bearer, tus, authorization):
        answer = tus.create(5, Authorization=authorization)
        assert answer.status_code == 401
        assert "token" in sentence_of(answer)

    def test_a_deactivated_person_is_nobody(self, bearer, uploader):
        uploader.is_active = False
        uploader.save()
        assert bearer.create(5).status_code == 401

    def test_a_learners_token_uploads_nothing(self, bearer, uploader):
        uploader.role = "learner"
        uploader.save()
        assert bearer.create(5).status_code == 403


def test_nothing_is_queued_before_the_bytes_are_there(tus):
    tus.begin(5)
    assert not Recording.objects.exists()
