"""What the backends of both databases share: passages in, documents ranked, moments chosen.

Finding takes three queries, however many documents there are (on PostgreSQL the first is two):
1. which documents have which words, of those allowed, and the best POOL of them by that alone;
2. how well each passage of those does (BM25), which orders the pool;
3. the best passages of the documents on the asked-for page, matches marked.
A backend brings how each of them is asked in its own SQL.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.db.models import QuerySet

from videolib.search import ranking
from videolib.search.models import Passage
from videolib.search.moments import MarkedPassage, best_moments
from videolib.search.passages import passages_of
from videolib.search.types import Field, Hit, Hits, Query, SearchDocument
from videolib.search.words import Word, unwanted_of, words_of

# So many documents are ordered by their passages; those after them stay in the order of the words they cover.
POOL = 40
# Passages of one document that are looked through for its moments.
PASSAGES_LOOKED_THROUGH = 4

# A passage's id says whose it is: document, number within it, field. So an index alone tells which documents match,
# without a look into the table for each passage.
DOCUMENT_BITS, FIELD_BITS = 24, 4
FIELDS: tuple[Field, ...] = ("title", "tags", "description", "speech")
# SQL: the field's code, and what a word counts in it.
WEIGHT_OF_FIELD = " ".join(f"WHEN {code} THEN {ranking.FIELD_WEIGHTS[name]}" for code, name in enumerate(FIELDS))


@dataclass(frozen=True)
class Found:
    """A document that has some of the words."""

    doc_id: int
    every_word: bool
    covered: float


@dataclass(frozen=True)
class Documents:
    """The first documents that were found, how many there are in all (see Hits), and how rare each word is."""

    found: Sequence[Found] = ()
    total: int = 0
    is_cut: bool = False
    weights: Mapping[str, float] = field(default_factory=dict)


# A passage's id and how well it matches; by document.
Score = tuple[int, float]
Scores = Mapping[int, Sequence[Score]]


class RankedBackend(ABC):
    """A search backend on the table of passages."""

    name: str

    @abstractmethod
    def documents(
        self, words: Sequence[Word], among: QuerySet[Any], *, unwanted: Sequence[Word], most: int
    ) -> Documents:
        """The best `most` documents by the words they have, of those allowed, without those that have any that is
        unwanted. EmptyResultSet where none is allowed.
        """

    @abstractmethod
    def write(self, documents: Sequence[SearchDocument]) -> None:
        """Store the passages (`rows_of`) of documents that have none."""

    @abstractmethod
    def score(self, words: Sequence[Word], doc_ids: Sequence[int], weights: Mapping[str, float]) -> Iterable[Score]:
        """(id, score) of every passage of these documents that has any of the words; higher is better."""

    @abstractmethod
    def mark(self, words: Sequence[Word], passage_ids: Sequence[int]) -> Iterable[tuple[int, str, Sequence[float]]]:
        """(id, text with its matches marked, starts) of these passages."""

    @transaction.atomic
    def put(self, *documents: SearchDocument) -> None:
        """See SearchBackend."""
        self.remove([document.doc_id for document in documents])
        self.write(documents)

    def remove(self, doc_ids: Iterable[int]) -> None:
        """See SearchBackend."""
        ids = list(doc_ids)
        with transaction.atomic():
            for at in range(0, len(ids), 500):
                Passage.objects.filter(doc_id__in=ids[at : at + 500]).delete()

    def known_ids(self) -> set[int]:
        """See SearchBackend."""
        return set(Passage.objects.values_list("doc_id", flat=True).distinct())

    def find(self, query: Query, *, among: QuerySet[Any]) -> Hits:
        """See SearchBackend."""
        words = words_of(query.text, as_typed=query.as_typed)
        first, last = query.offset, query.offset + query.limit
        documents = self._documents(words, among, unwanted=unwanted_of(query.text), most=max(POOL, last))
        shown = documents.found[POOL:][max(0, first - POOL) : max(0, last - POOL)]
        scores = self._scores(words, [*documents.found[:POOL], *shown], documents.weights)
        ranked = [*_ranked(documents.found[:POOL], scores), *_ranked(documents.found[POOL:], {})]
        hits = self._with_moments(ranked[first:last], scores, words, documents.weights)
        return Hits(hits, documents.total, documents.is_cut)

    def _documents(
        self, words: Sequence[Word], among: QuerySet[Any], *, unwanted: Sequence[Word], most: int
    ) -> Documents:
        try:
            return self.documents(words, among, unwanted=unwanted, most=most) if words else Documents()
        except EmptyResultSet:
            return Documents()

    def _scores(self, words: Sequence[Word], among: Sequence[Found], weights: Mapping[str, float]) -> Scores:
        scores = defaultdict(list)
        if among:
            for passage_id, score in self.score(words, [document.doc_id for document in among], weights):
                scores[passage_id >> DOCUMENT_BITS].append((passage_id, score))
        return scores

    def _with_moments(
        self, hits: Sequence[Hit], scores: Scores, words: Sequence[Word], weights: Mapping[str, float]
    ) -> list[Hit]:
        best = {passage_id: score for hit in hits for passage_id, score in _looked_through(scores[hit.doc_id])}
        passages = defaultdict(list)
        for passage_id, text, starts in self.mark(words, list(best)) if hits else ():
            passage = MarkedPassage(_field_of(passage_id), text, starts, best[passage_id])
            passages[passage_id >> DOCUMENT_BITS].append(passage)
        return [replace(hit, moments=best_moments(passages[hit.doc_id], weights)) for hit in hits]


def selected(among: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """The ids that `among` selects, in no order, as SQL and its parameters. Raises EmptyResultSet."""
    asked = among.query.chain()
    asked.clear_ordering(force=False)
    sql, parameters = asked.sql_with_params()
    return sql, parameters


def documents_in(rows: Sequence[Sequence[Any]], words: Sequence[Word]) -> Documents:
    """Rows of (document, has every word, covered, how many there are, weights by number of the word as JSON, …)."""
    if not rows:
        return Documents()
    weights = {words[int(number)].text: weight for number, weight in json.loads(rows[0][4]).items()}
    found = [Found(doc, bool(every), covered) for doc, every, covered, *_ in rows]
    return Documents(found, total=rows[0][3], weights=weights)


def _ranked(found: Sequence[Found], passages: Scores) -> list[Hit]:
    hits = []
    for document in found:
        scores = [score for _, score in passages.get(document.doc_id, ())]
        hits.append(Hit(document.doc_id, ranking.score_of(document.every_word, document.covered, scores)))
    return sorted(hits, key=lambda hit: (-hit.score, -hit.doc_id))


def _looked_through(passages: Sequence[Score]) -> list[Score]:
    """What is spoken first: other fields give a moment only where nothing spoken matched."""
    return nlargest(PASSAGES_LOOKED_THROUGH, passages, key=lambda each: (_field_of(each[0]) == "speech", each[1]))


class PassageRow(NamedTuple):  # an import makes a million, and a model takes five times as long
    """A Passage as the database takes it, a value a field: `starts` is JSON."""

    id: int
    doc_id: int
    field: Field
    text: str
    starts: str


def rows_of(document: SearchDocument) -> Iterator[PassageRow]:
    """The passages of a document as rows."""
    for number, passage in enumerate(passages_of(document)):
        number_of_all = _id_of(document.doc_id, number, passage.field)
        yield PassageRow(number_of_all, document.doc_id, passage.field, passage.text, json.dumps(passage.starts))


def _id_of(doc_id: int, number: int, field: Field) -> int:
    return doc_id << DOCUMENT_BITS | number << FIELD_BITS | FIELDS.index(field)


def _field_of(passage_id: int) -> Field:
    return FIELDS[passage_id % (1 << FIELD_BITS)]
