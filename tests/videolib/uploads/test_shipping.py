"""Where media lie in a bucket, bytes go there while others still arrive: little lies here, and nothing is lost."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from stack.swift import Swift
from tests.buckets import keep_media_in_bucket
from tests.videolib.uploads.conftest import TusClient, sentence_of
from transcode.models import Recording
from videolib.clips.models import Clip
from videolib.lib.bucket import BucketStorage
from videolib.lib.storage import media_storage
from videolib.uploads import actions, finish, shipping
from videolib.uploads.body import Body
from videolib.uploads.models import Upload
from videolib.uploads.tus import UploadRefused

MB = 1024**2
PART = 5 * MB  # the least that S3's protocol allows
DATA = os.urandom(2 * PART + 3 * MB)
pytestmark = pytest.mark.django_db


@pytest.fixture
def bucket(request: pytest.FixtureRequest, moto: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> BucketStorage:
    """The library's media lie in a new bucket, of moto, or where a test wants it of Swift."""
    service = {"endpoint_url": moto, "access_key": "key", "secret_key": "secret"}
    if getattr(request, "param", "moto") == "swift":
        swift: Swift = request.getfixturevalue("swift")
        service = {"endpoint_url": swift.endpoint, "access_key": swift.access_key, "secret_key": swift.secret_key}
    name = f"media-{uuid4()}"
    keys = {"aws_access_key_id": service["access_key"], "aws_secret_access_key": service["secret_key"]}
    boto3.client("s3", endpoint_url=service["endpoint_url"], region_name="us-east-1", **keys).create_bucket(Bucket=name)
    keep_media_in_bucket(settings, name, **service)
    monkeypatch.setattr(BucketStorage, "least_part", PART)
    return media_storage()  # type: ignore[return-value]


@pytest.fixture
def sent(bucket: BucketStorage, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Of each part: its number, and how many bytes lay on the disk while it went."""
    seen: list[tuple[int, int]] = []
    put = BucketStorage.put_part

    def watched(self: BucketStorage, name: str, multipart: str, number: int, file: Path) -> None:
        put(self, name, multipart, number, file)
        seen.append((number, sum(each.stat().st_size for each in (data_folder / "uploads").iterdir())))

    monkeypatch.setattr(BucketStorage, "put_part", watched)
    return seen


def stored(upload: Upload) -> bytes:
    return b"".join(media_storage().read_range(upload.storage_key, 0, 10**9))


def left_parts(bucket: BucketStorage) -> list[str]:
    return [each["Key"] for each in bucket.client.list_multipart_uploads(Bucket=bucket.bucket_name).get("Uploads", ())]


def arrived_in(tus: TusClient, data: bytes, size: int) -> Upload:
    """An upload of `size` bytes that so many of have come of."""
    upload = tus.begin(size)
    assert tus.patch(upload, data).status_code == 204
    return Upload.objects.get(pk=upload.pk)


@pytest.mark.parametrize("bucket", ["moto", "swift"], indirect=True)
def test_a_large_recording_in_one_request_never_lies_here_whole(
    tus: TusClient, sent: list[tuple[int, int]], data_folder: Path, bucket: BucketStorage
) -> None:
    upload = arrived_in(tus, DATA, len(DATA))
    assert [number for number, _ in sent] == [1, 2, 3]
    assert max(lay for _, lay in sent) <= PART
    recording = Recording.objects.get()
    assert (recording.size_bytes, recording.sha256) == (len(DATA), hashlib.sha256(DATA).hexdigest())
    assert stored(upload) == DATA
    assert list((data_folder / "uploads").iterdir()) == []
    assert left_parts(bucket) == []


@pytest.mark.parametrize("step", [PART - 1, PART, PART + 1, 2 * MB, 2 * PART])
def test_in_many_requests_too(tus: TusClient, sent: list[tuple[int, int]], step: int) -> None:
    upload = tus.begin(len(DATA))
    for start in range(0, len(DATA), step):
        assert tus.head(upload)["Upload-Offset"] == str(start)
        assert tus.patch(upload, DATA[start : start + step], offset=start).status_code == 204
    assert stored(upload) == DATA
    assert len(sent) >= 2 and max(lay for _, lay in sent) <= PART + max(step, PART)


def test_a_small_recording_is_put_in_one_go(tus: TusClient, sent: list[tuple[int, int]], bucket: BucketStorage) -> None:
    upload = arrived_in(tus, DATA[: PART - 1], PART - 1)
    assert (sent, upload.multipart, stored(upload)) == ([], "", DATA[: PART - 1])


def test_a_body_of_unknown_length_is_taken_in_parts_as_well(tus: TusClient, sent: list[tuple[int, int]]) -> None:
    upload = tus.begin(len(DATA))
    assert actions.receive(upload, Body(io.BytesIO(DATA).read, None), offset=0) == len(DATA)
    assert (stored(upload), [number for number, _ in sent]) == (DATA, [1, 2, 3])


def test_more_than_was_announced_leaves_what_may_be_gone_on_with(tus: TusClient, sent: list[tuple[int, int]]) -> None:
    upload = tus.begin(len(DATA))
    with pytest.raises(UploadRefused, match="More bytes came"):
        actions.receive(upload, Body(io.BytesIO(DATA + b"x").read, None), offset=0)
    offset = int(tus.head(upload)["Upload-Offset"])
    assert offset == 2 * PART
    assert tus.patch(upload, DATA[offset:], offset=offset).status_code == 204
    assert stored(upload) == DATA


class TestBroken:
    """The bucket, the connection or the process breaks somewhere."""

    def test_while_the_bucket_takes_nothing_what_arrived_stays_and_is_gone_on_with(
        self, tus: TusClient, sent: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload = tus.begin(len(DATA))
        with monkeypatch.context() as away:
            away.setattr(BucketStorage, "put_part", lambda *_: 1 / 0)
            answer = tus.patch(upload, DATA)
            assert answer.status_code == 503 and "kept" in sentence_of(answer)
        assert tus.head(upload)["Upload-Offset"] == str(PART)
        assert tus.patch(upload, DATA[PART:], offset=PART).status_code == 204
        assert stored(upload) == DATA

    def test_cut_off_after_a_part_went_and_before_its_file_was_removed(
        self, tus: TusClient, sent: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload = tus.begin(len(DATA))
        put = BucketStorage.put_part

        def die_after(*asked: Any) -> None:
            put(*asked)
            raise KeyboardInterrupt

        with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
            dying.setattr(BucketStorage, "put_part", die_after)
            tus.patch(upload, DATA)
        assert tus.patch(upload, DATA[PART:], offset=PART).status_code == 204
        assert [number for number, _ in sent] == [1, 1, 2, 3]
        assert stored(upload) == DATA

    @pytest.mark.parametrize("at", ["complete", "rows"])
    def test_cut_off_at_the_end_the_next_question_finishes_it(
        self, tus: TusClient, bucket: BucketStorage, monkeypatch: pytest.MonkeyPatch, at: str
    ) -> None:
        upload = tus.begin(len(DATA))
        complete = BucketStorage.complete_multipart

        def die_after(*asked: Any) -> None:
            complete(*asked)
            raise KeyboardInterrupt

        with monkeypatch.context() as dying, pytest.raises((KeyboardInterrupt, ZeroDivisionError)):
            if at == "complete":
                dying.setattr(BucketStorage, "complete_multipart", die_after)
            else:
                dying.setattr(finish.pipeline, "accept_recording", lambda *_, **__: 1 / 0)
            tus.patch(upload, DATA)
        assert not Recording.objects.exists()
        assert tus.head(upload)["Upload-Offset"] == str(len(DATA))
        assert (Clip.objects.get().recording, stored(upload)) == (Recording.objects.get(), DATA)
        assert not upload.files

    def test_parts_that_the_bucket_lost_are_said_and_nothing_is_made_of_the_rest(
        self, tus: TusClient, bucket: BucketStorage
    ) -> None:
        upload = arrived_in(tus, DATA[: 2 * PART], len(DATA))
        bucket.client.abort_multipart_upload(
            Bucket=bucket.bucket_name, Key=upload.storage_key, UploadId=upload.multipart
        )
        Upload.objects.update(multipart=bucket.begin_multipart(upload.storage_key))
        answer = tus.patch(upload, DATA[2 * PART :], offset=2 * PART)
        assert answer.status_code == 410 and "Start again" in sentence_of(answer)
        assert not Recording.objects.exists()

    def test_two_that_begin_at_once_put_their_parts_together(self, tus: TusClient, bucket: BucketStorage) -> None:
        upload = tus.begin(len(DATA))
        stale = Upload.objects.get()
        actions.receive(upload, Body(io.BytesIO(DATA[: PART + 1]).read, PART + 1), offset=0)
        shipping._begin(bucket, stale)  # type: ignore[arg-type]
        assert stale.multipart == Upload.objects.get().multipart != ""


class TestChecksum:
    """What a checksum is said to be of is taken or left whole, also where it is more than a part."""

    def checked(self, data: bytes, said: bytes) -> dict[str, str]:
        import base64

        return {"Upload-Checksum": f"sha256 {base64.b64encode(hashlib.sha256(said).digest()).decode()}"}

    def test_taken_or_left(self, tus: TusClient, sent: list[tuple[int, int]]) -> None:
        upload = tus.begin(len(DATA))
        first, rest = DATA[: PART + MB], DATA[PART + MB :]
        assert tus.patch(upload, first, **self.checked(first, first)).status_code == 204
        assert tus.patch(upload, rest, offset=len(first), **self.checked(rest, b"other")).status_code == 460
        assert tus.head(upload)["Upload-Offset"] == str(len(first))
        assert tus.patch(upload, rest, offset=len(first), **self.checked(rest, rest)).status_code == 204
        assert stored(upload) == DATA

    def test_of_more_than_a_part_may_have_is_refused(
        self, tus: TusClient, monkeypatch: pytest.MonkeyPatch, bucket: BucketStorage
    ) -> None:
        monkeypatch.setattr(actions, "MOST_CHECKED", MB)
        upload = tus.begin(len(DATA))
        answer = tus.patch(upload, DATA, **self.checked(DATA, DATA))
        assert answer.status_code == 413 and "send less at a time" in sentence_of(answer)


def test_parts_of_what_was_cancelled_or_was_here_already_go_with_the_sweep(
    tus: TusClient, bucket: BucketStorage
) -> None:
    arrived_in(tus, DATA, len(DATA))
    same, cancelled, open_one = (tus.begin(len(DATA)) for _ in range(3))
    tus.patch(same, DATA)
    for upload in (cancelled, open_one):
        tus.patch(upload, DATA[: PART + 1])
    tus.delete(cancelled)
    assert sorted(left_parts(bucket)) == sorted(each.storage_key for each in (same, cancelled, open_one))
    actions.remove_expired_uploads()
    assert left_parts(bucket) == [open_one.storage_key]
    assert tus.patch(open_one, DATA[PART + 1 :], offset=PART + 1).status_code == 204


def test_room_is_kept_for_the_parts_alone(
    tus: TusClient, bucket: BucketStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videolib.uploads import access

    tus.begin(100 * PART)
    needed: Callable[[int], int] = lambda size: access._needs(size, arrived=0)[0][1]  # noqa: E731
    assert needed(100 * PART) == 4 * PART
    assert needed(3) == 2 * PART + 3
