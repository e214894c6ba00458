"""The bytes of a request while they arrive: never all of them in memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.http import HttpRequest

# Small enough that a slow line shows a sign of life every few seconds (part.STALLED_AFTER).
PIECE = 64 * 1024


@dataclass(frozen=True)
class Body:
    """The bytes of one request. `length` is None where the client did not say it (chunked)."""

    read: Callable[[int], bytes]
    length: int | None


def body_of(request: HttpRequest) -> Body:
    """What the request brings. Of a body without Content-Length Django reads nothing; the server below it does."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower() and not request.headers.get("Content-Length"):
        return Body(request.META["wsgi.input"].read, None)
    return Body(request.read, int(request.headers.get("Content-Length") or 0))


def drain(request: HttpRequest, most: float = float("inf")) -> None:
    """Take bytes nobody wants, `most` of them: a client that is still sending does not read our answer.

    One that waits to be asked for its bytes (Expect) reads it at once.
    """
    if "Expect" in request.headers:
        return
    body = body_of(request)
    with suppress(OSError):
        while most > 0 and (piece := body.read(PIECE)):
            most -= len(piece)
