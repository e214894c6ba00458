"""Documents side by side, compared with a question: how good each is, and which of its sentences. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from videolib.search import ranking
from videolib.search.lines import FIELDS, TIMED
from videolib.search.meaning import SCALE, WIDTH
from videolib.search.moments import Sentence
from videolib.search.ranking import Cosines
from videolib.search.sentences import Pool
from videolib.search.types import Hit
from videolib.search.words import Word

# The cosine of two texts that have nothing to do with each other: what a sentence counts whose vector is not made yet.
UNLIKE = 0.15
# What is nearer to the question than this may answer it without any of its words. Of questions without an answer
# fewer than one in ten come as near, of those with one nearly all (benchmarks/search_quality.py).
NEAR_ENOUGH = 0.34
SPOKEN, TITLE = FIELDS.index("speech"), FIELDS.index("title")


class Row(NamedTuple):
    """A document as its rows have it: see Searched and Meant."""

    doc_id: int
    stems: str
    numbers: bytes
    sentences: bytes
    vectors: bytes | None


@dataclass(frozen=True)
class Question:
    """What is looked for: words, those no answer has, and the vector of the question where meaning counts."""

    words: Sequence[Word]
    unwanted: Sequence[Word]
    vector: NDArray[np.float32] | None = None
    weights: str = ""  # what made it

    @property
    def is_open(self) -> bool:
        """Whether what is near in meaning may answer: not where words in quotes have to stand in the answer."""
        return not any(word.required for word in self.words)


class Compared:
    """Documents compared with a question. `weights` says how rare each word is, `every` who has every word."""

    def __init__(
        self, rows: Sequence[Row], question: Question, weights: Mapping[str, float], every: Collection[int]
    ) -> None:
        self.pool = Pool.of([row[:4] for row in rows])
        self.number_of = {row.doc_id: number for number, row in enumerate(rows)}
        self.cosines = _cosines(self.pool, rows, question.vector)
        self.ranking = ranking.rank(
            self.pool, question.words, weights, [row.doc_id in every for row in rows], self.cosines
        )
        self.is_timed = np.isin(self.pool.fields, [FIELDS.index(field) for field in TIMED])
        self.is_known = np.zeros(len(self.is_timed), bool) if self.cosines is None else self.cosines.known
        self.unwanted = {
            doc_id for word in question.unwanted for doc_id in self._of_sentences(self.pool.times(word) > 0)
        }
        self.with_words = self._of_sentences(self.ranking.has_word)
        self.near = set() if self.cosines is None else self._of_sentences(self.cosines.sentences >= NEAR_ENOUGH)

    def answers(self, found: Collection[int]) -> list[Hit]:
        """Those that answer, best first: the ones that were found by their words, and the ones near enough."""
        answering = [doc_id for doc_id in self.pool.doc_ids if doc_id in found or self._answers_otherwise(doc_id)]
        hits = [Hit(doc_id, float(self.ranking.documents[self.number_of[doc_id]])) for doc_id in answering]
        return sorted(hits, key=lambda hit: (-hit.score, -hit.doc_id))

    def answered_otherwise(self, found: Collection[int]) -> list[int]:
        """Those that answer though none of the words stands in them."""
        others = [doc_id for doc_id in self.pool.doc_ids if doc_id not in found and doc_id not in self.with_words]
        return [doc_id for doc_id in others if self._answers_otherwise(doc_id)]

    def _answers_otherwise(self, doc_id: int) -> bool:
        return (doc_id in self.near or doc_id in self.with_words) and doc_id not in self.unwanted

    def sentences(self, doc_id: int) -> Iterator[Sentence]:
        """Those of a document that answer, best first, if it is one of these: what is spoken or shown, or where that
        does not answer one of the others.
        """
        number = self.number_of.get(doc_id)
        if number is None:
            return
        first, last = self.pool.offsets[number], self.pool.offsets[number + 1]
        timed = self.is_timed[first:last]
        answers = self.ranking.has_word[first:last] | self.is_known[first:last]
        with_seconds = answers & timed
        here = np.flatnonzero(with_seconds if with_seconds.any() else answers)
        best = first + here[np.argsort(-self.ranking.sentences[first:last][here], kind="stable")]
        for at in best if with_seconds.any() else best[:1]:
            lines = int(self.pool.first_lines[at])
            yield Sentence(FIELDS[self.pool.fields[at]], lines, lines + int(self.pool.lines[at]))

    def _of_sentences(self, which: NDArray[np.bool_]) -> set[int]:
        return {self.pool.doc_ids[number] for number in np.unique(self.pool.document_of[which])}


def _cosines(pool: Pool, rows: Sequence[Row], question: NDArray[np.float32] | None) -> Cosines | None:
    if question is None:
        return None
    sentences, titles = np.full(len(pool.fields), UNLIKE), np.full(len(rows), UNLIKE)
    has_vectors = np.array([bool(row.vectors) for row in rows], bool)
    known = has_vectors[pool.document_of] & (pool.fields == SPOKEN)
    vectors = [row.vectors for row in rows if row.vectors]
    if vectors:
        near = np.frombuffer(b"".join(vectors), np.int8).reshape(-1, WIDTH).astype(np.float32) @ (question / SCALE)
        is_title = np.zeros(len(near), bool)
        is_title[np.cumsum([0, *(len(each) // WIDTH for each in vectors[:-1])])] = True
        sentences[known], titles[has_vectors] = near[~is_title], near[is_title]
    return Cosines(sentences, titles, known)
