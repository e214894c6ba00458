"""The protocol's rules, headers in and decisions out."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from videolib.uploads import tus
from videolib.uploads.tus import UploadRefused


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def refusal_of(call, *args) -> UploadRefused:
    with pytest.raises(UploadRefused) as caught:
        call(*args)
    assert str(caught.value).endswith(".")
    return caught.value


def test_capabilities_name_version_extensions_size_and_algorithms():
    said = tus.capabilities(1000)
    assert said["Tus-Version"] == "1.0.0"
    assert set(said["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "termination",
        "expiration",
        "checksum",
    }
    assert said["Tus-Max-Size"] == "1000"
    assert set(said["Tus-Checksum-Algorithm"].split(",")) == {"sha1", "sha256", "md5"}


def test_only_version_1_0_0_is_spoken():
    tus.check_version({"Tus-Resumable": "1.0.0"})
    for headers in ({}, {"Tus-Resumable": "0.2.2"}, {"Tus-Resumable": "1.0.1"}):
        assert refusal_of(tus.check_version, headers).status == 412


def test_a_creation_tells_size_and_metadata():
    raw = f"filename {b64('Über den Wolken.mp4')},title {b64('Hi')},empty"
    asked = tus.read_creation({"Upload-Length": "12", "Upload-Metadata": raw})
    assert asked.size == 12
    assert asked.metadata == {"filename": "Über den Wolken.mp4", "title": "Hi", "empty": ""}
    assert asked.raw_metadata == raw


def test_metadata_is_optional():
    assert tus.read_creation({"Upload-Length": "1"}).metadata == {}


@pytest.mark.parametrize("length", ["", "-1", "1.5", "abc", "１２", "9" * 19, "0x10", "1 2"])
def test_a_length_that_is_no_number_is_refused(length):
    assert refusal_of(tus.read_creation, {"Upload-Length": length}).status == 400


def test_a_length_of_zero_is_a_number():
    assert tus.read_creation({"Upload-Length": "0"}).size == 0


@pytest.mark.parametrize("header", ["Upload-Defer-Length", "Upload-Concat"])
def test_what_is_not_supported_is_refused_and_not_ignored(header):
    headers = {header: "1", "Upload-Length": "5"}
    assert refusal_of(tus.read_creation, headers).status == 400


@pytest.mark.parametrize(
    "raw",
    [
        "filename not-base64!",
        "filename YQ",
        f"filename {b64(bytes([0xFF, 0xFE]))}",
        f"a {b64('1')},a {b64('2')}",
        f"a {b64('1')},,b {b64('2')}",
        ",",
        f"ключ {b64('1')}",
        "a " + "A" * 9000,
    ],
)
def test_metadata_that_cannot_be_read_is_refused(raw):
    assert refusal_of(tus.read_metadata, raw).status == 400


@pytest.mark.parametrize("offset", ["", "-5", "x", "1e3"])
def test_an_offset_that_is_no_number_is_refused(offset):
    assert refusal_of(tus.read_offset, {"Upload-Offset": offset}).status == 400


def test_an_offset_is_read():
    assert tus.read_offset({"Upload-Offset": "70"}) == 70


def test_bytes_must_say_that_they_belong_to_an_upload():
    tus.check_content_type({"Content-Type": "application/offset+octet-stream"})
    tus.check_content_type({"Content-Type": "Application/Offset+octet-stream; charset=x"})
    for wrong in ({}, {"Content-Type": "application/octet-stream"}, {"Content-Type": "video/mp4"}):
        assert refusal_of(tus.check_content_type, wrong).status == 415


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_checksum_is_read(algorithm):
    digest = hashlib.new(algorithm, b"hello").digest()
    checksum = tus.read_checksum({"Upload-Checksum": f"{algorithm} {b64(digest)}"})
    assert checksum == tus.Checksum(algorithm, digest)


def test_no_checksum_is_none():
    assert tus.read_checksum({}) is None


@pytest.mark.parametrize(
    "raw", ["crc32 AAAA", "sha1", "sha1 ???", "sha1 " + b64(b"short"), "", "SHA1 " + b64(b"x" * 20)]
)
def test_a_checksum_that_cannot_be_checked_is_refused(raw):
    assert refusal_of(tus.read_checksum, {"Upload-Checksum": raw}).status == 400


def test_the_expiry_is_an_http_date():
    at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert tus.expires_header(at) == {"Upload-Expires": "Mon, 23 Nov 2026 08:00:00 GMT"}
