"""Addresses that open an object for a minute, against a service that checks them: as they are, late, bent and bare.

Which bends there are is written in access_matrix.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import botocore.auth
import pytest
from django.http import HttpResponse

from stack.swift import Swift
from tests.videolib.access_matrix import BENT_SIGNED_ADDRESSES, bend
from videolib.lib.bucket import SIGNED_SECONDS
from videolib.lib.storage import Wanted

MINE, OTHERS = "recordings/mine/source.mp4", "recordings/others/source.mp4"
BYTES = {MINE: b"0123456789 of mine", OTHERS: b"0123456789 of others"}
NAME = "attachment; filename*=utf-8''h%C3%A4ndler%20100%25.mp4"

Sign = Callable[..., str]


@pytest.fixture(scope="module")
def bucket(swift: Swift, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A bucket with two clips' files in it."""
    from videolib.lib.bucket import BucketStorage

    service = {"endpoint_url": swift.endpoint, "public_endpoint_url": swift.endpoint, "region_name": swift.region}
    keys = {"access_key": swift.access_key, "secret_key": swift.secret_key}
    bucket = BucketStorage(bucket_name=f"media-{uuid4()}", addressing_style="path", **service, **keys)
    bucket.connection.create_bucket(Bucket=bucket.bucket_name)
    for name, content in BYTES.items():
        file = tmp_path_factory.mktemp("local") / "file"
        file.write_bytes(content)
        bucket.adopt(file, name)
    return bucket


@pytest.fixture
def sign(bucket: Any) -> Sign:
    """`sign(MINE, "HEAD")`: the address a browser is led on to."""

    def make(name: str = MINE, method: str = "GET", content_type: str = "video/mp4", disposition: str = "") -> str:
        response: HttpResponse = bucket.hand_over(name, Wanted(method, content_type, disposition))
        return response["Location"]

    return make


def fetch(address: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    """What a client that tidies no address gets."""
    parts = urlsplit(address)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=20)
    connection.request(method, address[len(f"http://{parts.netloc}") :], headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_it_opens_its_object_whole_and_in_ranges(sign: Sign) -> None:
    response, body = fetch(sign())
    assert (response.status, body) == (200, BYTES[MINE])
    response, body = fetch(sign(), Range="bytes=3-6")
    assert (response.status, body, response.headers["Content-Range"]) == (206, b"3456", "bytes 3-6/18")
    assert fetch(sign(), Range="bytes=99-")[0].status == 416
    response, body = fetch(sign(method="HEAD"), "HEAD")
    assert (response.status, body, response.headers["Content-Length"]) == (200, b"", "18")


def test_what_was_signed_is_what_the_browser_is_told(sign: Sign) -> None:
    response, _ = fetch(sign(content_type="application/octet-stream", disposition=NAME), Range="bytes=0-1")
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == NAME
    assert response.headers["Cache-Control"] == "private, no-store"


def test_pages_of_another_origin_may_read_ranges(sign: Sign) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    response, _ = fetch(sign(), "OPTIONS", Origin="https://videos.example.com", **asked)
    assert response.status == 200
    assert response.headers["Access-Control-Allow-Origin"] in ("*", "https://videos.example.com")
    response, _ = fetch(sign(), Origin="https://videos.example.com", Range="bytes=0-1")
    assert response.headers["Access-Control-Allow-Origin"] in ("*", "https://videos.example.com")
    assert "content-range" in response.headers["Access-Control-Expose-Headers"].lower()


@pytest.mark.parametrize(("age", "status"), [(SIGNED_SECONDS - 15, 206), (SIGNED_SECONDS + 1, 403)])
def test_it_opens_for_a_minute(sign: Sign, monkeypatch: pytest.MonkeyPatch, age: int, status: int) -> None:
    now = botocore.auth.get_current_datetime()
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: now - timedelta(seconds=age))
    assert SIGNED_SECONDS == 60
    assert fetch(sign(), Range="bytes=0-1")[0].status == status


@pytest.mark.parametrize("name", BENT_SIGNED_ADDRESSES)
def test_bent_it_opens_nothing(sign: Sign, name: str) -> None:
    bent = bend(sign(), BENT_SIGNED_ADDRESSES[name])
    response, body = fetch(bent)
    assert response.status in (400, 403, 404, 412), bent
    assert not any(content in body for content in BYTES.values())


def test_it_opens_for_its_method_alone(sign: Sign, bucket: Any) -> None:
    for method in ("HEAD", "PUT", "POST", "DELETE"):
        assert fetch(sign(), method)[0].status in (400, 403, 501), method
    assert fetch(sign(method="HEAD"), "GET")[0].status == 403
    assert bucket.size(MINE) == len(BYTES[MINE])


def test_nobody_lists_the_bucket_or_gets_an_object_without_a_signature(bucket: Any, swift: Swift) -> None:
    for path in ("", "/", f"/{MINE}", f"/{OTHERS}", "?list-type=2", "?acl", "?uploads"):
        response, body = fetch(f"{swift.endpoint}/{bucket.bucket_name}{path}")
        assert response.status in (400, 403, 412), path
        assert b"recordings" not in body or response.status == 403
        assert not any(content in body for content in BYTES.values())


def test_a_missing_object_is_the_bucket_s_404(sign: Sign) -> None:
    assert fetch(sign("recordings/none/source.mp4"))[0].status == 404


def test_an_object_that_is_deleted_is_gone_for_those_who_hold_an_address(
    bucket: Any, sign: Sign, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    bucket.adopt(tmp_path / "file", "recordings/short/source.mp4")
    held = sign("recordings/short/source.mp4")
    assert fetch(held)[0].status == 200
    bucket.delete_folder("recordings/short")
    assert fetch(held)[0].status == 404
