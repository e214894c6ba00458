"""Which documents are nearest in meaning: codes of one bit a number, in memory, compared by counting bits.

Vectors stay in the database. Of each, every process that searches keeps 48 bytes a stretch of some sentences: three
megabytes for ten thousand clips, thirty for a hundred thousand. What was written since is read at the next question,
at most once a second; what was taken away stays until the process ends, and is no answer, since it is asked of each
whether it may be seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet
from numpy.typing import NDArray

from videolib.search.meaning import WIDTH
from videolib.search.models import Meant
from videolib.search.selected import selected

# A stretch is so many sentences, and the next begins so many further on.
STRETCH, STEP = 10, 8
# So many documents are asked whether they may be seen, and so many of those are compared with the question.
NEAREST, COMPARED = 100, 15
# The oldest beyond this are found by their words alone: 100 MB, a library of some 300,000 clips.
MOST_CODES = 2_000_000
SECONDS_BETWEEN_LOOKS = 1.0
# Of rows that were written at the same time, one with a smaller number may be committed later: so far back it is seen.
LOOK_BACK = 1000
# First a third of each code is compared, then all of it of so many.
FIRST, LIKELY = 2, 10_000
COLUMNS = WIDTH // 64
NOBODY = -1


def codes_of(vectors: NDArray[np.int8]) -> bytes:
    """Of the title's vector and each sentence's (see Meant): a row of WIDTH bits for the title, and one a stretch."""
    title, spoken = vectors[:1].astype(np.float32), vectors[1:].astype(np.float32)
    firsts = range(0, max(1, len(spoken) - STRETCH + STEP), STEP) if len(spoken) else ()
    stretches = [spoken[first : first + STRETCH].sum(axis=0) for first in firsts]
    return np.packbits(np.array([*title, *stretches]) > 0, axis=1).tobytes()


class Codes:
    """Of row N, 64 bits each stand in columns[…][N], and whose it is in doc_ids[N]. There is room for more rows."""

    def __init__(self) -> None:
        self.count = 0
        self.doc_ids = np.empty(1024, np.int64)
        self.columns = np.empty((COLUMNS, 1024), np.uint64)

    def put(self, codes: Iterable[tuple[int, bytes]]) -> None:
        """Instead of what these documents had."""
        new = [(doc_id, np.frombuffer(rows, np.uint64).reshape(-1, COLUMNS)) for doc_id, rows in codes]
        if not new:
            return
        known = self.doc_ids[: self.count]
        known[np.isin(known, [doc_id for doc_id, _ in new])] = NOBODY
        rows = np.concatenate([rows for _, rows in new])[-MOST_CODES:]
        doc_ids = np.repeat([doc_id for doc_id, _ in new], [len(rows) for _, rows in new])[-MOST_CODES:]
        self._make_room(len(rows))
        self.doc_ids[self.count : self.count + len(rows)] = doc_ids
        self.columns[:, self.count : self.count + len(rows)] = rows.T
        self.count += len(rows)

    def nearest(self, question: NDArray[np.float32], most: int) -> list[int]:
        """The documents with the stretches nearest to the question, nearest first."""
        if not self.count:
            return []
        code = np.frombuffer(np.packbits(question > 0).tobytes(), np.uint64)
        everything = np.zeros(self.count, np.uint16)
        for column, word in zip(self.columns[:FIRST], code, strict=False):
            everything += np.bitwise_count(column[: self.count] ^ word)
        until = np.searchsorted(np.cumsum(np.bincount(everything)), min(LIKELY, self.count))
        likely = np.flatnonzero(everything <= until)
        apart = np.bitwise_count(self.columns[:, likely] ^ code[:, np.newaxis]).sum(axis=0)
        doc_ids = dict.fromkeys(self.doc_ids[likely[np.argsort(apart, kind="stable")]].tolist())
        return [doc_id for doc_id in doc_ids if doc_id != NOBODY][:most]

    def _make_room(self, more: int) -> None:
        """The oldest go where there would be more than MOST_CODES."""
        stay = slice(max(0, self.count + more - MOST_CODES), self.count)
        if stay.start or self.count + more > len(self.doc_ids):
            room = 2 * (self.count + more)
            doc_ids, columns = np.empty(room, np.int64), np.empty((COLUMNS, room), np.uint64)
            self.count = stay.stop - stay.start
            doc_ids[: self.count], columns[:, : self.count] = self.doc_ids[stay], self.columns[:, stay]
            self.doc_ids, self.columns = doc_ids, columns


class Nearest:
    """The codes of a library, kept up with what is written."""

    def __init__(self, weights: str) -> None:
        self.weights = weights
        self.codes = Codes()
        self.seen: set[int] = set()
        self.looked_at = -SECONDS_BETWEEN_LOOKS
        self.lock = Lock()

    def among(self, question: NDArray[np.float32], among: QuerySet[Any]) -> list[int]:
        """Of the documents that `among` selects the nearest, nearest first, at most COMPARED. EmptyResultSet where it
        selects none.
        """
        with self.lock:
            self._look()
            doc_ids = self.codes.nearest(question, NEAREST)
        allowed = _those_of(doc_ids, among)
        return [doc_id for doc_id in doc_ids if doc_id in allowed][:COMPARED]

    def _look(self) -> None:
        now = time.monotonic()
        if now - self.looked_at < SECONDS_BETWEEN_LOOKS:
            return
        written = Meant.objects.filter(id__gt=max(self.seen, default=0) - LOOK_BACK, weights=self.weights)
        new = set(written.values_list("id", flat=True)) - self.seen
        written = Meant.objects.filter(id__in=new).order_by("id")
        self.codes.put((doc_id, bytes(codes)) for doc_id, codes in written.values_list("doc_id", "codes"))
        self.seen |= new
        newest = max(self.seen, default=0)
        self.seen = {each for each in self.seen if each > newest - LOOK_BACK}
        self.looked_at = now


@cache
def nearest_by(weights: str) -> Nearest:
    """Of the vectors that these weights made; one a process."""
    return Nearest(weights)


def _those_of(doc_ids: list[int], among: QuerySet[Any]) -> set[int]:
    if not doc_ids:
        return set()
    sql, parameters = selected(among)
    ids = ", ".join(["%s"] * len(doc_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT doc_id FROM videolib_searched WHERE doc_id IN ({ids}) AND doc_id IN ({sql})",
            [*doc_ids, *parameters],
        )
        return {doc_id for (doc_id,) in cursor.fetchall()}
