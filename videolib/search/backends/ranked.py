"""What the backends of both databases share: documents in, ranked documents and their moments out.

Finding takes a handful of queries, however many documents there are:
1. which documents have which words, of those allowed, and the best by that alone (on PostgreSQL in two queries);
2. which of those nearest in meaning are allowed (where there are vectors, nearest.py);
3. what those say, as numbers (sentences.py), by which they are compared with the question (compared.py, ranking.py);
4. the lines of the documents on the asked-for page, for their moments (moments.py).
A backend brings how the first is asked in its own SQL, and what its index needs when a document is written.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.db.models import QuerySet

from videolib.search.actions import ask_for_meanings
from videolib.search.compared import Compared, Question
from videolib.search.lines import FIELDS, TIMED, kept_lines
from videolib.search.meaning import get_meaning
from videolib.search.models import Meant, Searched
from videolib.search.moments import best_moments
from videolib.search.nearest import nearest_by
from videolib.search.rows import read_rows
from videolib.search.sentences import digest_of, take_apart
from videolib.search.stems import Marker, stems_of
from videolib.search.types import Field, Hit, Hits, Line, Moment, Query, SearchDocument
from videolib.search.words import Word, is_sentence, unwanted_of, words_of

# So many documents that have the words are ordered by what they say; those after them stay in the order of the words
# they cover.
POOL = 40
IDS_AT_ONCE = 500  # SQLite takes so many in a statement, and more
_LINES = ("doc_id", "starts", *FIELDS)


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
        question = _question(query)
        try:
            return self._find(query, question, among) if question.words else Hits((), 0)
        except EmptyResultSet:
            return Hits((), 0)

    def _find(self, query: Query, question: Question, among: QuerySet[Any]) -> Hits:
        first, last = query.offset, query.offset + query.limit
        documents = Documents()
        if query.engine != "semantic":
            documents = self.documents(question.words, among, unwanted=question.unwanted, most=max(POOL, last))
        found = [each.doc_id for each in documents.found]
        near: Sequence[int] = ()
        if question.vector is not None and question.is_open:
            near = nearest_by(question.weights).among(question.vector, among)
        pooled = list(dict.fromkeys([*found[:POOL], *near]))
        behind = [doc_id for doc_id in found[POOL:] if doc_id not in near]
        # Of those behind the pool, all that may come onto the page: which of the near ones answer is not known yet.
        shown = behind[max(0, first - len(pooled)) : max(0, last - POOL)]
        rows = read_rows([*pooled, *shown], weights=question.weights)
        # A question in a sentence is more than its words (ranking.py).
        by_words = not is_sentence(query.text)
        every = {each.doc_id for each in documents.found if each.every_word and by_words}
        pool, *rest = (
            Compared([rows[doc_id] for doc_id in ids if doc_id in rows], question, documents.weights, every)
            for ids in (pooled, shown)[: 2 if shown else 1]
        )
        ranked = pool.answers(frozenset(found))
        hits = [*ranked, *_behind(ranked, behind)]
        moments = _Moments(question, documents.weights, (pool, *rest))
        total = documents.total + len(pool.answered_otherwise(frozenset(found)))
        return Hits(moments.of(hits[first:last]), total, documents.is_cut)


def _question(query: Query) -> Question:
    words = words_of(query.text, as_typed=query.as_typed)
    # Half a word means nothing yet.
    by_meaning = query.engine != "lexical" and words and not query.as_typed
    meaning = get_meaning() if by_meaning else None
    unwanted = unwanted_of(query.text)
    return (
        Question(words, unwanted, meaning.of_question(query.text), meaning.name)
        if meaning
        else Question(words, unwanted)
    )


def _behind(ranked: Sequence[Hit], doc_ids: Iterable[int]) -> Iterator[Hit]:
    """Those that were not compared, each worse than any that was."""
    lowest = ranked[-1].score if ranked else 0.0
    return (Hit(doc_id, lowest - number) for number, doc_id in enumerate(doc_ids, 1))


@dataclass(frozen=True)
class _Moments:
    """Where the words and the meaning of a question are, in documents that were compared with it."""

    question: Question
    weights: Mapping[str, float]
    compared: Sequence[Compared]

    def of(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits with their moments (one query)."""
        marker = Marker(self.question.words)
        kept = {
            row["doc_id"]: row for row in Searched.objects.filter(pk__in=[hit.doc_id for hit in hits]).values(*_LINES)
        }
        return [replace(hit, moments=self._of(hit, kept[hit.doc_id], marker)) for hit in hits if hit.doc_id in kept]

    def _of(self, hit: Hit, kept: Mapping[str, Any], marker: Marker) -> Sequence[Moment]:
        lines = {field: kept[field].split("\n") for field in FIELDS}
        sentences = chain.from_iterable(compared.sentences(hit.doc_id) for compared in self.compared)
        return best_moments(sentences, lines, kept["starts"], marker, self.weights)


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
