"""An upload goes with its clip: handed over, it belongs to the new owner alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from videolib.clips.actions import hand_over_clips
from videolib.clips.models import Clip
from videolib.uploads.access import bytes_used_by
from videolib.uploads.models import Upload
from videolib.uploads.tasks import remove_expired

pytestmark = pytest.mark.django_db


@pytest.fixture
def taker(make_user):
    return make_user("contributor")


@pytest.fixture
def hand_over(uploader, taker, make_user):
    return lambda: hand_over_clips(uploader, taker, by=make_user("admin"))


class TestFinished:
    @pytest.fixture
    def upload(self, tus, hand_over):
        upload = tus.begin(5, metadata={"title": "The new owner's title"})
        tus.patch(upload, b"hello")
        hand_over()
        return upload

    def test_the_old_owner_neither_reads_nor_deletes_the_clip(self, upload, tus, client_of, uploader):
        browser = client_of(uploader)
        assert browser.get(f"/upload/{upload.code}/").status_code == 404
        assert browser.post(f"/upload/{upload.code}/cancel/").status_code == 404
        assert (tus.head(upload).status_code, tus.delete(upload).status_code) == (404, 404)
        assert Clip.objects.get().trashed_at is None

    def test_the_new_owner_may_both(self, upload, tus_of, client_of, taker):
        assert "The new owner&#x27;s title" in client_of(taker).get(f"/upload/{upload.code}/").content.decode()
        assert tus_of(taker).delete(upload).status_code == 204
        assert Clip.objects.get().trashed_at

    def test_signed_out_nobody_does(self, upload, tus_of, client_of):
        assert client_of().get(f"/upload/{upload.code}/").status_code == 302
        assert tus_of().delete(upload).status_code == 401
        assert Clip.objects.get().trashed_at is None


class TestUnderWay:
    @pytest.fixture
    def upload(self, tus, hand_over):
        upload = tus.begin(10, metadata={"filename": "half.mp4"})
        tus.patch(upload, b"hello")
        hand_over()
        return upload

    def test_the_new_owner_sees_it_and_goes_on_where_it_was(self, upload, tus_of, client_of, taker):
        assert "50 % has arrived" in client_of(taker).get("/upload/").content.decode()
        assert tus_of(taker).patch(upload, b"world", offset=5).status_code == 204
        assert Clip.objects.get(owner=taker).recording

    def test_the_old_owner_does_not(self, upload, tus, client_of, uploader):
        assert "half.mp4" not in client_of(uploader).get("/upload/").content.decode()
        assert tus.patch(upload, b"world", offset=5).status_code == 404
        assert upload.path.read_bytes() == b"hello"

    def test_it_counts_against_the_new_owners_quota(self, upload, uploader, taker):
        assert (bytes_used_by(uploader), bytes_used_by(taker)) == (0, 10)

    def test_left_alone_it_goes_in_the_name_of_the_new_owner(self, upload):
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert remove_expired() == 1
        assert not Clip.objects.exists()
