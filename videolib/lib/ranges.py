"""Answers to requests for files: whole or a range of bytes (RFC 9110), out of any storage."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import parse_etags, quote_etag

from videolib.lib.storage import media_storage

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


def file_response(request: HttpRequest, name: str, content_type: str) -> HttpResponseBase:
    """The stored file `name`, or what `Range`, `If-Range` and `If-None-Match` ask of it. Http404 when it is gone.

    Whoever calls has checked that the person may have it. Caches must ask again each time, so that a right that was
    taken away ends at once.
    """
    try:
        size = media_storage().size(name)
        etag = quote_etag(name)
        if etag in parse_etags(request.headers.get("If-None-Match", "")):
            return _with_headers(HttpResponse(status=304), etag, content_type)
        return _with_headers(_body(request, name, size, etag), etag, content_type)
    except FileNotFoundError as error:
        raise Http404("This file is not in the library any more.") from error


def _body(request: HttpRequest, name: str, size: int, etag: str) -> HttpResponseBase:
    wanted = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    try:
        part = parse_range(wanted, size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, length = (part.start, part.length) if part else (0, size)
    body = media_storage().read_range(name, start, length) if request.method != "HEAD" and length else ()
    response = StreamingHttpResponse(body, status=206 if part else 200)
    response["Content-Length"] = str(length)
    if part:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return response


def _with_headers(response: HttpResponseBase, etag: str, content_type: str) -> HttpResponseBase:
    response["Content-Type"] = content_type
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    response["ETag"] = etag
    return response
