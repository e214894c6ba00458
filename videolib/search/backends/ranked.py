"""What the backends of both databases share: how a document is kept, and how hits are found (finding.py).

A backend brings how it asks, in its own SQL, which documents have which words, and what its index needs when a document
is written.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.db.models import QuerySet

from videolib.search.actions import ask_for_meanings
from videolib.search.finding import Documents, Found, find
from videolib.search.likeness import alike_in_meaning
from videolib.search.lines import FIELDS, TIMED, kept_lines
from videolib.search.models import Meant, Searched
from videolib.search.sentences import digest_of, take_apart
from videolib.search.spelling import learn
from videolib.search.stems import stems_of
from videolib.search.types import Field, Hits, Line, Query, SearchDocument
from videolib.search.words import Word

IDS_AT_ONCE = 500  # SQLite takes so many in a statement, and more


class SearchedRow(NamedTuple):  # an import makes a hundred thousand, and a model takes five times as long
    """A Searched as the database takes it, its columns in their order: `starts` is JSON."""

    doc_id: int
    title: str
    tags: str
    description: str
    screen: str
    speech: str
    starts: str
    said: str
    stems: str
    numbers: bytes
    sentences: bytes


@dataclass(frozen=True)
class Kept:
    """A document as it is written: its row, and its lines with how they are taken apart."""

    row: SearchedRow
    lines: Mapping[Field, Sequence[Line]]
    stems: Callable[[str], Sequence[str]]


class RankedBackend(ABC):
    """A search backend on the table of what is searched."""

    name: str

    @abstractmethod
    def documents(
        self, words: Sequence[Word], among: QuerySet[Any], *, unwanted: Sequence[Word], most: int
    ) -> Documents:
        """The best `most` documents by the words they have, of those allowed, without those that have any that is
        unwanted. EmptyResultSet where none is allowed.
        """

    @abstractmethod
    def write(self, documents: Sequence[Kept]) -> None:
        """Store documents that have no row."""

    @transaction.atomic
    def put(self, *documents: SearchDocument) -> None:
        """See SearchBackend. What its sentences mean stays, and counts as long as they are the same."""
        self.make_room([document.doc_id for document in documents])
        stems = cache(stems_of)  # a database may want them, too: no line is taken apart twice
        kept = [row for document in documents if (row := _kept(document, stems))]
        self.write(kept)
        learn(line.text for document in kept for lines in document.lines.values() for line in lines)
        ask_for_meanings([document.row.doc_id for document in kept])

    @transaction.atomic
    def remove(self, doc_ids: Iterable[int]) -> None:
        """See SearchBackend."""
        ids = sorted(doc_ids)
        self.make_room(ids)
        for piece in _pieces(ids):
            Meant.objects.filter(doc_id__in=piece).delete()

    def make_room(self, doc_ids: Sequence[int]) -> None:
        """Take the rows of these documents away."""
        for piece in _pieces(doc_ids):
            Searched.objects.filter(doc_id__in=piece).delete()

    def known_ids(self) -> set[int]:
        """See SearchBackend."""
        return set(Searched.objects.values_list("doc_id", flat=True))

    def find(self, query: Query, *, among: QuerySet[Any]) -> Hits:
        """See SearchBackend."""
        try:
            return find(query, among=among, index=self)
        except EmptyResultSet:
            return Hits((), 0)

    def like(self, doc_id: int, *, among: QuerySet[Any], most: int) -> list[int]:
        """See SearchBackend."""
        try:
            alike = alike_in_meaning(doc_id, among, most)
        except EmptyResultSet:
            return []
        return self._like_by_title(doc_id, among, most) if alike is None else alike

    def _like_by_title(self, doc_id: int, among: QuerySet[Any], most: int) -> list[int]:
        title = Searched.objects.filter(pk=doc_id).values_list("title", flat=True).first() or ""
        # What is a sign to search, a minus or quotes, is none in a title.
        words = "".join(character if character.isalnum() else " " for character in title)
        hits = self.find(Query(words, limit=most + 1, engine="lexical"), among=among).hits
        return [hit.doc_id for hit in hits if hit.doc_id != doc_id][:most]


def documents_in(rows: Sequence[Sequence[Any]], words: Sequence[Word]) -> Documents:
    """Rows of (document, has every word, covered, how many there are, weights by number of the word as JSON, …)."""
    if not rows:
        return Documents()
    weights = {words[int(number)].text: weight for number, weight in json.loads(rows[0][4]).items()}
    found = [Found(doc, bool(every), covered) for doc, every, covered, *_ in rows]
    return Documents(found, total=rows[0][3], weights=weights)


def _kept(document: SearchDocument, stems: Callable[[str], Sequence[str]]) -> Kept | None:
    """None where there is nothing to find."""
    lines = kept_lines(document)
    if not any(lines.values()):
        return None
    texts = ["\n".join(line.text for line in lines[field]) for field in FIELDS]
    starts = json.dumps({field: [line.start for line in lines[field]] for field in TIMED})
    row = [document.doc_id, *texts, starts, digest_of(lines), *take_apart(lines, stems)]
    return Kept(SearchedRow._make(row), lines, stems)


def _pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + IDS_AT_ONCE] for at in range(0, len(ids), IDS_AT_ONCE))
