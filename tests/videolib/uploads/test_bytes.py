"""HEAD and PATCH /uploads/<code>/: bytes arrive, and are resumed where they stopped."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.videolib.uploads.conftest import sentence_of
from videolib.clips.actions import restore_clip, trash_clip
from videolib.uploads.actions import receive
from videolib.uploads.body import Body
from videolib.uploads.models import Upload
from videolib.uploads.part import hold

pytestmark = pytest.mark.django_db


def checksum(algorithm: str, data: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.new(algorithm, data).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


def test_bytes_arrive_in_pieces(tus):
    upload = tus.begin(10)
    answer = tus.patch(upload, b"hello")
    assert answer.status_code == 204
    assert answer["Upload-Offset"] == "5"
    assert answer["Tus-Resumable"] == "1.0.0"
    assert tus.patch(upload, b"wo", offset=5)["Upload-Offset"] == "7"
    assert upload.path.read_bytes() == b"hellowo"


def test_head_says_where_to_go_on(tus):
    upload = tus.begin(10, metadata={"filename": "a b.mp4", "mine": "x"})
    tus.patch(upload, b"hello")
    answer = tus.head(upload)
    assert answer.status_code == 200
    assert (answer["Upload-Offset"], answer["Upload-Length"]) == ("5", "10")
    assert answer["Upload-Metadata"] == upload.metadata == "filename YSBiLm1wNA==,mine eA=="
    assert answer["Cache-Control"] == "no-store"
    assert "Upload-Expires" in answer


def test_an_offset_that_does_not_fit_is_refused_and_writes_nothing(tus):
    upload = tus.begin(10)
    tus.patch(upload, b"hello")
    for offset in (0, 4, 6, 11):
        answer = tus.patch(upload, b"xx", offset=offset)
        assert answer.status_code == 409
        assert "5 bytes" in sentence_of(answer)
    assert upload.path.read_bytes() == b"hello"


def test_more_bytes_than_announced_are_refused_and_none_kept(tus):
    upload = tus.begin(10)
    answer = tus.patch(upload, b"hello world")
    assert answer.status_code == 413
    sentence_of(answer)
    assert tus.head(upload)["Upload-Offset"] == "0"


def test_no_bytes_change_nothing(tus):
    upload = tus.begin(10)
    assert tus.patch(upload, b"")["Upload-Offset"] == "0"


@pytest.mark.parametrize("headers", [{"Upload-Offset": None}, {"Upload-Offset": "-1"}, {"Upload-Offset": "x"}])
def test_an_offset_that_is_none_is_refused(tus, headers):
    answer = tus.patch(tus.begin(10), b"hello", **headers)
    assert answer.status_code == 400
    sentence_of(answer)


def test_bytes_of_another_type_are_refused(tus):
    upload = tus.begin(10)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    answer = tus.client.patch(f"/uploads/{upload.code}/", b"hello", content_type="video/mp4", headers=headers)
    assert answer.status_code == 415
    sentence_of(answer)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_checksum_that_fits_lets_the_bytes_in(tus, algorithm):
    upload = tus.begin(10)
    assert tus.patch(upload, b"hello", **checksum(algorithm, b"hello")).status_code == 204
    assert tus.head(upload)["Upload-Offset"] == "5"


def test_a_checksum_that_does_not_fit_leaves_the_offset_where_it_was(tus):
    upload = tus.begin(10)
    tus.patch(upload, b"hello")
    answer = tus.patch(upload, b"world", offset=5, **checksum("sha256", b"w0rld"))
    assert answer.status_code == 460
    assert answer.reason_phrase == "Checksum Mismatch"
    sentence_of(answer)
    assert tus.head(upload)["Upload-Offset"] == "5"
    assert not Upload.objects.get().finished_at
    assert tus.patch(upload, b"world", offset=5, **checksum("sha256", b"world")).status_code == 204


def test_an_unknown_checksum_is_refused(tus):
    answer = tus.patch(tus.begin(10), b"hello", **{"Upload-Checksum": "crc32 AAAA"})
    assert answer.status_code == 400
    assert "sha1" in sentence_of(answer)


def test_while_one_connection_sends_another_is_locked_out(tus):
    upload = tus.begin(10)
    with hold(upload.path):
        answer = tus.patch(upload, b"hello")
        assert answer.status_code == 423
        sentence_of(answer)
        assert tus.head(upload)["Upload-Offset"] == "0"
    assert tus.patch(upload, b"hello").status_code == 204


def test_post_can_stand_for_every_method_where_a_network_lets_no_other_through(tus):
    upload = tus.begin(10)
    path = f"/uploads/{upload.code}/"
    answer = tus.send("POST", path, b"hello", **{"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"})
    assert answer.status_code == 204
    assert tus.send("POST", path, **{"X-HTTP-Method-Override": "HEAD"})["Upload-Offset"] == "5"
    assert tus.send("POST", path, **{"X-HTTP-Method-Override": "DELETE"}).status_code == 204


def test_post_without_that_header_does_nothing_here(tus):
    assert tus.send("POST", f"/uploads/{tus.begin(10).code}/").status_code == 405


def test_without_the_slash_it_works_too(tus):
    upload = tus.begin(10)
    assert tus.send("HEAD", f"/uploads/{upload.code}").status_code == 200


class TestWho:
    @pytest.mark.parametrize("role", ["contributor", "curator", "admin"])
    def test_others_find_nothing(self, tus, tus_of, make_user, role):
        upload = tus.begin(10)
        other = tus_of(make_user(role))
        for answer in (other.head(upload), other.patch(upload, b"hello"), other.delete(upload)):
            assert answer.status_code == 404
        assert upload.path.read_bytes() == b""
        assert Upload.objects.exists()

    def test_signed_out_is_refused(self, tus, tus_of):
        upload = tus.begin(10)
        nobody = tus_of(None)
        for answer in (nobody.head(upload), nobody.patch(upload, b"hello"), nobody.delete(upload)):
            assert answer.status_code == 401

    def test_who_is_no_contributor_any_more_sends_nothing_more(self, tus, uploader):
        upload = tus.begin(10)
        uploader.role = "learner"
        uploader.save()
        assert tus.patch(upload, b"hello").status_code == 403


class TestTime:
    def test_an_upload_left_alone_for_too_long_is_gone(self, tus):
        upload = tus.begin(10)
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert tus.head(upload).status_code == 410
        answer = tus.patch(upload, b"hello")
        assert answer.status_code == 410
        assert "Start again" in sentence_of(answer)

    def test_going_on_puts_the_end_off(self, tus):
        upload = tus.begin(10)
        Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
        tus.patch(upload, b"hello")
        upload.refresh_from_db()
        assert upload.expires_at > timezone.now() + timedelta(hours=1)

    def test_it_is_put_off_before_the_first_byte_so_that_head_finds_what_arrives_for_hours(self, tus):
        upload = tus.begin(10)
        Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
        upload.refresh_from_db()
        until = []

        def read(size: int) -> bytes:
            until.append(Upload.objects.get().expires_at)
            return b""

        receive(upload, Body(read, None), offset=0)
        assert until[0] > timezone.now() + timedelta(hours=1)


class TestDeletedDraft:
    def test_its_upload_is_cancelled(self, tus, uploader):
        upload = tus.begin(10)
        trash_clip(upload.clip, by=uploader)
        assert tus.head(upload).status_code == 410
        answer = tus.patch(upload, b"hello")
        assert answer.status_code == 410
        assert "deleted" in sentence_of(answer)

    def test_brought_back_soon_it_goes_on_where_it_was(self, tus, uploader):
        upload = tus.begin(10)
        tus.patch(upload, b"hello")
        trash_clip(upload.clip, by=uploader)
        restore_clip(upload.clip, by=uploader)
        assert tus.head(upload)["Upload-Offset"] == "5"
