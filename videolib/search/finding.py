"""From a query to a page of hits: what every backend does after its index has said which documents have the words.

1. which documents have which words, of those allowed, and the best by that alone (the backend's own SQL);
2. where nobody says one of the words, what may have been meant by it (spelling.py), and 1 again;
3. which of the documents nearest in meaning are allowed (nearest.py, where there are vectors);
4. what all those say, as numbers (sentences.py), by which they are compared with the question (compared.py);
5. the lines of the documents on the asked-for page, for their moments (moments.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any, Protocol

from django.db.models import QuerySet

from videolib.search.compared import Compared, Question, Row
from videolib.search.lines import FIELDS
from videolib.search.meaning import Meaning, get_meaning
from videolib.search.models import Searched
from videolib.search.moments import best_moments
from videolib.search.nearest import nearest_by
from videolib.search.rows import read_rows
from videolib.search.spelling import meant_by
from videolib.search.stems import Marker
from videolib.search.types import Hit, Hits, Query
from videolib.search.words import MOST_WORDS, Word, is_sentence, unwanted_of, words_of

# So many documents that have the words are ordered by what they say; those after them stay in the order of the words
# they cover.
POOL = 30
# Of what may have been meant by a word, as many as that are looked for: those that most documents say.
MEANT = 2
# Half a word means nothing; half a sentence does.
WORDS_THAT_MEAN = 3
_ASIDE = ThreadPoolExecutor(2, thread_name_prefix="meaning")
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


class Index(Protocol):
    """Which documents have words, in a backend's own SQL."""

    def documents(
        self, words: Sequence[Word], among: QuerySet[Any], *, unwanted: Sequence[Word], most: int
    ) -> Documents:
        """The best `most` documents by the words they have, of those allowed, without those that have any that is
        unwanted. EmptyResultSet where none is allowed.
        """


def find(query: Query, *, among: QuerySet[Any], index: Index) -> Hits:
    """See SearchBackend; EmptyResultSet where nothing is allowed."""
    words, unwanted = words_of(query.text, as_typed=query.as_typed), unwanted_of(query.text)
    if not words:
        return Hits((), 0)
    first, last = query.offset, query.offset + query.limit
    meaning = _meaning_for(query, words)
    # While the database looks for the words.
    vector = _ASIDE.submit(meaning.of_question, query.text) if meaning else None
    documents, respelled = Documents(), dict[str, str]()
    if query.engine != "semantic":
        ask = partial(index.documents, among=among, unwanted=unwanted, most=max(POOL, last))
        documents = ask(words)
        if meant := _meant(words, documents.weights, among, index):
            words = [replace(word, spelled=(*word.spelled, *meant.get(word, ()))) for word in words]
            documents = ask(words)
            respelled = {word.text: spelled[0] for word, spelled in meant.items()}
    question = Question(words, unwanted)
    if meaning and vector:
        right = meaning.of_question(_written_right(query.text, respelled)) if respelled else vector.result()
        question = Question(words, unwanted, right, meaning.name)
    compared = _Comparison(query, question, documents, among)
    return replace(compared.hits(first, last), respelled=respelled)


def _meant(
    words: Sequence[Word], weights: Mapping[str, float], among: QuerySet[Any], index: Index
) -> dict[Word, list[str]]:
    """Instead of each word that nobody says: what is said of that which may have been meant, by most first. Nothing
    where words stand in quotes: who writes so means what is written.
    """
    if any(word.required for word in words):
        return {}
    guesses = meant_by([word for word in words if word.text not in weights])
    asked = [Word(guess) for guess in dict.fromkeys(chain.from_iterable(guesses.values()))][:MOST_WORDS]
    said = index.documents(asked, among, unwanted=(), most=1).weights if asked else {}
    chosen = {
        word: sorted((g for g in some if g in said), key=lambda g: said[g])[:MEANT] for word, some in guesses.items()
    }
    return {word: some for word, some in chosen.items() if some}


def _meaning_for(query: Query, words: Sequence[Word]) -> Meaning | None:
    is_half_typed = query.as_typed and len(words) < WORDS_THAT_MEAN
    return None if query.engine == "lexical" or is_half_typed else get_meaning()


def _written_right(text: str, respelled: Mapping[str, str]) -> str:
    for typed, meant in respelled.items():  # both are letters and digits only
        text = re.sub(rf"(?<!\w){typed}(?!\w)", meant, text, flags=re.IGNORECASE)
    return text


class _Comparison:
    """What was found, compared with the question."""

    def __init__(self, query: Query, question: Question, documents: Documents, among: QuerySet[Any]) -> None:
        self.question, self.documents = question, documents
        self.found = [each.doc_id for each in documents.found]
        self.near: Sequence[int] = ()
        if question.vector is not None and question.is_open:
            self.near = nearest_by(question.weights).among(question.vector, among)
        # A question in a sentence is more than its words (ranking.py). Of a later page more are found: it shall not put
        # one first of which an earlier one did not know.
        by_words = not is_sentence(query.text)
        self.every = {each.doc_id for each in documents.found[:POOL] if each.every_word and by_words}

    def hits(self, first: int, last: int) -> Hits:
        """The page from FIRST up to LAST, with moments."""
        pooled = list(dict.fromkeys([*self.found[:POOL], *self.near]))
        behind = [doc_id for doc_id in self.found[POOL:] if doc_id not in self.near]
        # Of those behind the pool, all that may come onto the page: which of the near ones answer is not known yet.
        shown = behind[max(0, first - len(pooled)) : max(0, last - POOL)]
        rows = read_rows([*pooled, *shown], weights=self.question.weights)
        pool = self._compare([rows[doc_id] for doc_id in pooled if doc_id in rows])
        rest = [self._compare([rows[doc_id] for doc_id in shown if doc_id in rows])] if shown else []
        ranked = pool.answers(frozenset(self.found))
        page = [*ranked, *_behind(ranked, behind)][first:last]
        total = self.documents.total + len(pool.answered_otherwise(frozenset(self.found)))
        return Hits(self._with_moments(page, [pool, *rest]), total, self.documents.is_cut)

    def _compare(self, rows: Sequence[Row]) -> Compared:
        return Compared(rows, self.question, self.documents.weights, self.every)

    def _with_moments(self, hits: Sequence[Hit], compared: Sequence[Compared]) -> list[Hit]:
        """One query. A document that went away meanwhile is no hit."""
        marker, weights = Marker(self.question.words), self.documents.weights
        kept = {
            row["doc_id"]: row for row in Searched.objects.filter(pk__in=[hit.doc_id for hit in hits]).values(*_LINES)
        }
        with_moments = []
        for hit in hits:
            if row := kept.get(hit.doc_id):
                sentences = chain.from_iterable(each.sentences(hit.doc_id) for each in compared)
                lines = {field: row[field].split("\n") for field in FIELDS}
                moments = best_moments(sentences, lines, row["starts"], marker, weights)
                with_moments.append(replace(hit, moments=moments))
        return with_moments


def _behind(ranked: Sequence[Hit], doc_ids: Iterable[int]) -> Iterator[Hit]:
    """Those that were not compared, each worse than any that was."""
    lowest = ranked[-1].score if ranked else 0.0
    return (Hit(doc_id, lowest - number) for number, doc_id in enumerate(doc_ids, 1))
