"""Ranges: what a player may ask of a file, and what it is answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import Http404, HttpResponseBase
from django.test import RequestFactory

from videolib.lib.ranges import OPEN_ENDED_BYTES, ByteRange, Unsatisfiable, file_response, parse_range

SIZE = 3 * OPEN_ENDED_BYTES + 17


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-99", ByteRange(0, 100)),
        ("bytes=5-5", ByteRange(5, 1)),
        ("BYTES=5-5", ByteRange(5, 1)),
        ("bytes=0-" + "9" * 30, ByteRange(0, SIZE)),
        (f"bytes=0-{SIZE * 2}", ByteRange(0, SIZE)),
        ("bytes=0-", ByteRange(0, OPEN_ENDED_BYTES)),
        (f"bytes={SIZE - 10}-", ByteRange(SIZE - 10, 10)),
        ("bytes=-20", ByteRange(SIZE - 20, 20)),
        (f"bytes=-{SIZE * 2}", ByteRange(0, SIZE)),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
    ],
)
def test_a_range_is_read_as_the_rfc_says(header: str, wanted: ByteRange | None) -> None:
    assert parse_range(header, SIZE) == wanted


@pytest.mark.parametrize(
    "header", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0", "bytes=" + "9" * 5000 + "-"]
)
def test_a_range_behind_the_end_is_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        parse_range(header, SIZE)


@pytest.fixture
def content(data_folder: Path) -> bytes:
    content = bytes(range(256)) * (SIZE // 256 + 1)
    (data_folder / "media" / "clip.mp4").write_bytes(content[:SIZE])
    return content[:SIZE]


def ask(**headers: str) -> HttpResponseBase:
    return file_response(RequestFactory().get("/x", headers=headers), "clip.mp4", "video/mp4")


def body(response: HttpResponseBase) -> bytes:
    return b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined,arg-type]


def test_without_a_range_the_whole_file_comes(content: bytes) -> None:
    response = ask()
    assert (response.status_code, response["Content-Length"]) == (200, str(SIZE))
    assert response["Accept-Ranges"] == "bytes"
    assert body(response) == content


def test_an_open_ended_range_gets_two_mebibytes_at_most(content: bytes) -> None:
    response = ask(range="bytes=100-")
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes 100-{100 + OPEN_ENDED_BYTES - 1}/{SIZE}"
    assert body(response) == content[100 : 100 + OPEN_ENDED_BYTES]


def test_a_closed_range_comes_in_full(content: bytes) -> None:
    last = 2 * OPEN_ENDED_BYTES + 5
    response = ask(range=f"bytes=7-{last}")
    assert response.status_code == 206
    assert response["Content-Length"] == str(last - 6)
    assert body(response) == content[7 : last + 1]


def test_a_range_behind_the_end_is_answered_416_with_the_size(content: bytes) -> None:
    response = ask(range=f"bytes={SIZE}-")
    assert (response.status_code, response["Content-Range"]) == (416, f"bytes */{SIZE}")


def test_what_the_browser_has_is_not_sent_again(content: bytes) -> None:
    etag = ask()["ETag"]
    assert ask(**{"if-none-match": etag}).status_code == 304


def test_a_range_of_another_version_gets_the_whole_file(content: bytes) -> None:
    assert ask(range="bytes=0-9", **{"if-range": '"older"'}).status_code == 200
    assert ask(range="bytes=0-9", **{"if-range": ask()["ETag"]}).status_code == 206


def test_caches_must_ask_again_each_time(content: bytes) -> None:
    assert ask()["Cache-Control"] == "private, no-cache"


def test_a_missing_file_is_a_404(data_folder: Path) -> None:
    with pytest.raises(Http404):
        ask()
