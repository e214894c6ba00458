"""Answers to requests for files: the bucket or nginx sends them, or we do, whole or a range of bytes (RFC 9110)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import parse_etags, quote_etag

from videolib.lib.storage import Wanted, media_storage

# A stalled player that asked for "the rest" would hold a thread for as long as it stalls: it gets this much and asks
# again. A closed range is answered in full, because hls.js never asks for a missing rest of a segment.
OPEN_ENDED_BYTES = 2 * 1024 * 1024
RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)
# No file is longer; more digits than Python likes to read would be an error.
MOST_DIGITS = 18


class Unsatisfiable(ValueError):  # noqa: N818 (RFC 9110's word)
    """The range begins behind the end of the file."""


@dataclass(frozen=True)
class ByteRange:
    """`length` bytes from `start` on."""

    start: int
    length: int


def parse_range(header: str, size: int) -> ByteRange | None:
    """The range a request asks for of a file of `size` bytes.

    None where there is none, or one we need not understand (several ranges, another unit): then the whole file is
    the answer. Raises Unsatisfiable.
    """
    match = RANGE.fullmatch(header.strip())
    if not match or match.groups() == ("", ""):
        return None
    first, last = (digits if len(digits) <= MOST_DIGITS else "9" * MOST_DIGITS for digits in match.groups())
    if not first:
        return _suffix(int(last), size)
    start = int(first)
    if start >= size:
        raise Unsatisfiable(header)
    if not last:
        return ByteRange(start, min(size - start, OPEN_ENDED_BYTES))
    if int(last) < start:
        return None
    return ByteRange(start, min(int(last), size - 1) - start + 1)


def _suffix(length: int, size: int) -> ByteRange:
    if not length or not size:
        raise Unsatisfiable(f"bytes=-{length}")
    length = min(length, size)
    return ByteRange(size - length, length)


def file_response(request: HttpRequest, name: str, content_type: str, disposition: str = "") -> HttpResponseBase:
    """The answer to a request for the stored file `name`, which ends here, at the bucket or in nginx.

    Whoever calls has checked that the person may have it. Http404 when it is gone; from a bucket that is the bucket's
    answer, because asking it first would cost each range a round trip.
    """
    wanted = Wanted(str(request.method), content_type, disposition)
    try:
        return media_storage().hand_over(name, wanted) or _sent_by_us(request, name, wanted)
    except FileNotFoundError as error:
        raise Http404("This file is not in the library any more.") from error


def _sent_by_us(request: HttpRequest, name: str, wanted: Wanted) -> HttpResponseBase:
    size = media_storage().size(name)
    etag = quote_etag(name)
    unchanged = etag in parse_etags(request.headers.get("If-None-Match", ""))
    response = HttpResponse(status=304) if unchanged else _body(request, name, size, etag)
    for header, value in {**wanted.headers, "Accept-Ranges": "bytes", "ETag": etag}.items():
        response[header] = value
    return response


def _body(request: HttpRequest, name: str, size: int, etag: str) -> HttpResponseBase:
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    try:
        part = parse_range(asked, size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, length = (part.start, part.length) if part else (0, size)
    body = media_storage().read_range(name, start, length) if request.method != "HEAD" and length else ()
    response = StreamingHttpResponse(body, status=206 if part else 200)
    response["Content-Length"] = str(length)
    if part:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return response
