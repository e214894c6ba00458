"""SHA-256 of uploads, computed while their bytes arrive, for as long as this process sees all of them.

The state of a hash cannot be stored, so it lives here in memory. Whoever finds none (the process was restarted, another
one took some bytes) goes on without: the pipeline reads the recording once, outside any request.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Lock, Thread
from uuid import UUID

# More uploads than one process has under way; the one left alone longest is forgotten. Each takes some 500 bytes.
MOST_KEPT = 1000
# Pieces that wait to be hashed while the next ones are read and written: enough that neither side waits for long.
MOST_WAITING = 2


class Digest:
    """The hash of the first `size` bytes of a file."""

    def __init__(self) -> None:
        self._hasher = hashlib.sha256()
        self.size = 0

    def update(self, piece: bytes) -> None:
        """The bytes that follow; the interpreter is free for others meanwhile."""
        self._hasher.update(piece)
        self.size += len(piece)

    def hexdigest(self) -> str:
        """As text; more bytes may follow."""
        return self._hasher.hexdigest()


@contextmanager
def hashing(digest: Digest | None) -> Iterator[Callable[[bytes], None]]:
    """What takes the pieces, to be hashed in a thread of its own: the longest part of receiving, beside the others.

    At the end all of them are hashed, however it comes.
    """
    if digest is None:
        yield lambda _: None
        return
    waiting: Queue[bytes] = Queue(MOST_WAITING)
    thread = Thread(target=_hash_all, args=(digest, waiting), name="hashing")
    thread.start()
    try:
        yield waiting.put
    finally:
        waiting.put(b"")
        thread.join()


def _hash_all(digest: Digest, waiting: Queue[bytes]) -> None:
    while piece := waiting.get():
        digest.update(piece)


class Digests:
    """What this process knows, by upload."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._kept: OrderedDict[UUID, Digest] = OrderedDict()
        self._most = most
        self._lock = Lock()

    def take(self, code: UUID, size: int) -> Digest | None:
        """The digest of the upload's first `size` bytes, for whoever adds the next; nobody else has it from then on."""
        with self._lock:
            known = self._kept.pop(code, None)
        if size == 0:
            return Digest()
        return known if known and known.size == size else None

    def keep(self, code: UUID, digest: Digest, size: int) -> None:
        """Remember it, if it is of just the `size` bytes that were kept of what arrived."""
        if digest.size != size:
            return
        with self._lock:
            self._kept[code] = digest
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def of(self, code: UUID, size: int) -> str:
        """The SHA-256 of the whole upload, `size` bytes, in hex; empty where this process does not know it."""
        with self._lock:
            known = self._kept.get(code)
            return known.hexdigest() if known and known.size == size else ""


DIGESTS = Digests()
