"""Who sends a file whose receiver has been checked: the bucket, nginx, or we ourselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import SuspiciousFileOperation, SuspiciousOperation
from django.http import Http404
from django.test import RequestFactory
from django.utils.http import content_disposition_header

from videolib.lib.ranges import file_response
from videolib.lib.storage import DiskStorage, Wanted

NAME = "attachment; filename*=utf-8''h%C3%A4ndler%20\"1\".mp4"
DOWNLOAD = Wanted("GET", "application/octet-stream", NAME)


# --- The bucket -----------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket() -> Any:
    """Nothing is behind it: handing over asks nobody."""
    return make_bucket()


def make_bucket(**options: Any) -> Any:
    from videolib.lib.bucket import BucketStorage

    keys = {"access_key": "key", "secret_key": "secret", "region_name": "eu-central-1"}
    where = {"endpoint_url": "http://s3:8333", "public_endpoint_url": "https://media.example.com:8443"}
    return BucketStorage(**{"bucket_name": "team", "addressing_style": "path", **keys, **where, **options})


def test_a_browser_is_led_on_for_a_minute_and_asks_us_again_each_time(bucket: Any) -> None:
    response = bucket.hand_over("recordings/1/a b.mp4", Wanted("GET", "video/mp4"))
    address = urlsplit(response["Location"])
    signed = parse_qs(address.query)
    assert (response.status_code, response["Cache-Control"], response.content) == (302, "no-store", b"")
    assert address.geturl().startswith("https://media.example.com:8443/team/recordings/1/a%20b.mp4?")
    assert (signed["X-Amz-Algorithm"], signed["X-Amz-Expires"]) == (["AWS4-HMAC-SHA256"], ["60"])
    assert "/eu-central-1/s3/" in signed["X-Amz-Credential"][0]


def test_what_it_is_and_that_it_is_not_kept_is_signed_too(bucket: Any) -> None:
    signed = parse_qs(urlsplit(bucket.hand_over("originals/1", DOWNLOAD)["Location"]).query)
    assert signed["response-content-type"] == ["application/octet-stream"]
    assert signed["response-content-disposition"] == [NAME]
    assert signed["response-cache-control"] == ["private, no-store"]


def test_a_long_name_and_the_token_of_a_session_make_no_address_too_long() -> None:
    name = content_disposition_header(as_attachment=True, filename="録" * 120 + ".mp4")
    bucket = make_bucket(security_token="token " * 300)
    address = bucket.hand_over("originals/1", Wanted("GET", "application/octet-stream", str(name)))["Location"]
    signed = parse_qs(urlsplit(address).query)
    assert signed["response-content-disposition"] == [name]
    assert signed["X-Amz-Security-Token"] == ["token " * 300]


def test_the_method_is_signed(bucket: Any) -> None:
    get, head = (bucket.hand_over("a", Wanted(method, "video/mp4"))["Location"] for method in ("GET", "HEAD"))
    assert parse_qs(urlsplit(get).query)["X-Amz-Signature"] != parse_qs(urlsplit(head).query)["X-Amz-Signature"]


def test_a_bucket_that_browsers_do_not_reach_hands_nothing_over() -> None:
    assert make_bucket(public_endpoint_url="").hand_over("a", DOWNLOAD) is None


@pytest.mark.parametrize("name", ["../../other/a", "/../a"])
def test_no_name_leads_out_of_the_bucket(name: str) -> None:
    bucket = make_bucket(location="library")
    with pytest.raises(SuspiciousOperation):
        bucket.hand_over(name, DOWNLOAD)


# --- nginx ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> DiskStorage:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "hän 100%?#.mp4").write_bytes(b"x")
    return DiskStorage(location=str(tmp_path), base_url=None, nginx_location="/_media/")


def test_nginx_is_told_which_file_in_an_address_s_own_letters(disk: DiskStorage) -> None:
    response = disk.hand_over("made/hän 100%?#.mp4", DOWNLOAD)
    assert response
    assert response["X-Accel-Redirect"] == "/_media/made/h%C3%A4n%20100%25%3F%23.mp4"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == NAME
    assert response["Cache-Control"] == "private, no-cache"
    assert (response.status_code, response.content) == (200, b"")


def test_nginx_is_told_of_no_file_that_is_not_there_or_not_ours(disk: DiskStorage) -> None:
    for name in ("made/none.mp4", "made"):
        with pytest.raises(FileNotFoundError):
            disk.hand_over(name, DOWNLOAD)
    for name in ("../secret", "/etc/passwd", "made/../../secret"):
        with pytest.raises(SuspiciousFileOperation):
            disk.hand_over(name, DOWNLOAD)
    response = disk.hand_over("made/../made/hän 100%?#.mp4", DOWNLOAD)
    assert response and response["X-Accel-Redirect"].startswith("/_media/made/h%C3%A4n")


def test_without_nginx_in_front_we_send_it(tmp_path: Path) -> None:
    assert DiskStorage(location=str(tmp_path), base_url=None).hand_over("a", DOWNLOAD) is None


# --- The answer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("location", ["/_media/", ""])
def test_the_answer_is_that_of_whoever_sends_it(settings: Any, tmp_path: Path, location: str) -> None:
    (tmp_path / "a.mp4").write_bytes(b"0123456789")
    options = {"location": str(tmp_path), "base_url": None, "nginx_location": location}
    disk = {"BACKEND": "videolib.lib.storage.DiskStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": disk}
    request = RequestFactory().get("/x", headers={"range": "bytes=2-4"})
    response: Any = file_response(request, "a.mp4", "video/mp4", NAME)
    by_us = (206, b"234", None)
    by_nginx = (200, b"", "/_media/a.mp4")
    seen = (response.status_code, b"".join(response), response.get("X-Accel-Redirect"))
    assert seen == (by_nginx if location else by_us)
    assert response["Content-Disposition"] == NAME
    with pytest.raises(Http404):
        file_response(request, "b.mp4", "video/mp4")
