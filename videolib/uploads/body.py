"""The bytes of a request while they arrive: never all of them in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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


def portions(body: Body, room: Callable[[], int]) -> Iterator[Body]:
    """The same bytes in several bodies, at least one: each as long as there is room for when its turn comes."""
    left = body.length
    while True:
        taken = _Limited(body.read, room())
        length = None if left is None else min(left, taken.room)
        yield Body(taken.read, length)
        left = None if left is None or length is None else left - length
        if taken.ended or left == 0:
            return


@dataclass
class _Limited:
    """Reads until there is no room."""

    whole: Callable[[int], bytes]
    room: int
    ended: bool = False

    def read(self, size: int) -> bytes:
        piece = self.whole(min(size, self.room)) if self.room else b""
        self.ended = self.room > 0 and not piece
        self.room -= len(piece)
        return piece


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
