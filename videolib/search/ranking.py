"""What makes one document, and one sentence of it, a better answer than another: the same for every backend. Pure.

A sentence is as good as the words of the question that stand in it and around it (BM25 over windows of one, three
and twelve sentences, pairs of words that follow each other counting extra) and as near as it is in meaning (the
cosine of its vector with the question's). A document is as good as its sentences, the better ones counting most,
with a little for what it says as a whole. The numbers were tuned on one set of questions about screencasts and held
on two others (benchmarks/search_quality.py, docs/performance.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from videolib.search.lines import FIELDS
from videolib.search.sentences import Pool
from videolib.search.types import Field
from videolib.search.words import Word

Floats = NDArray[np.float64]

# What a word counts in each field. A title is chosen with care; speech says everything once.
FIELD_WEIGHTS: dict[Field, float] = {"title": 1.3, "tags": 1.2, "description": 1.1, "screen": 1.0, "speech": 1.0}

K1, B = 1.2, 0.5
WINDOWS = (1, 3, 12)
PAIR_COUNTS = 0.6
MEANING_COUNTS = 2.0
# A document's score is a soft maximum over its sentences: how soft.
SOFTNESS = 0.1
TITLE_MEANING_COUNTS, WHOLE_WORDS_COUNT = 0.3, 0.2

# Documents that have every word come first, whatever else they say: who types words expects that. Of more than a few
# words nobody expects that they stand just anywhere, so they have to stand close together. And a question in a sentence
# is none of words: putting documents first that have all of its words was measured to bury better answers.
MOST_WORDS_ANYWHERE = 4
TOGETHER = 3  # sentences
# Above anything else a score is made of.
EVERY_WORD_COUNTS = 1000.0


@dataclass(frozen=True)
class Cosines:
    """With the question: of each sentence of a pool, and whether it is known; of the title of each document."""

    sentences: Floats
    titles: Floats
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Ranking:
    """How good each document of a pool is, each of its sentences, and whether any of the words stand in that."""

    documents: Floats
    sentences: Floats
    has_word: NDArray[np.bool_]


@dataclass(frozen=True)
class _Terms:
    """Words and pairs of words: what each weighs, and (a row a term) how often it stands in each sentence."""

    weights: Floats
    counts: Floats
    whole: float  # what a sentence has at most that says every word often

    @classmethod
    def of(cls, pool: Pool, words: Sequence[Word], weights: Mapping[str, float]) -> _Terms:
        """The square roots of the weights: of a question's words the rarest would decide all otherwise."""
        rare = [math.sqrt(weights[word.text]) for word in words]
        plain = [(word, weight) for word, weight in zip(words, rare, strict=True) if " " not in word.text]
        pairs = [(PAIR_COUNTS * (g + h) / 2, pool.pair(one, other)) for (one, g), (other, h) in pairwise(plain)]
        rows = [*(pool.times(word) for word in words), *(counts for _, counts in pairs)]
        counts = np.array(rows, np.float64).reshape(len(rows), len(pool.fields))
        return cls(np.array([*rare, *(weight for weight, _ in pairs)]), counts, sum(rare) or 1.0)

    def score(self, often: Floats, lengths: NDArray[np.int64]) -> Floats:
        """BM25 of texts of these lengths, in which the terms stand so often; about 1 where a text says it all."""
        norm = K1 * (1 - B + B * lengths / max(1.0, lengths.mean() if len(lengths) else 1.0))
        scored: Floats = self.weights @ (often * (K1 + 1) / (often + norm)) / self.whole
        return scored


def rank(
    pool: Pool,
    words: Sequence[Word],
    weights: Mapping[str, float],
    has_every_word: Sequence[bool],
    cosines: Cosines | None,
) -> Ranking:
    """`weights` says how rare each word is (by its text); a word without is said nowhere. `has_every_word` of each
    document, wherever in it, if that shall put it first.
    """
    said = [word for word in words if word.text in weights]
    terms = _Terms.of(pool, said, weights)
    of_words = terms.counts[: len(said)] > 0
    factors = np.array([FIELD_WEIGHTS[field] for field in FIELDS])[pool.fields]
    sentences = _by_words(pool, terms) * factors
    if cosines:
        sentences = sentences + MEANING_COUNTS * cosines.sentences
    documents = _soft_maximum(pool, sentences) + WHOLE_WORDS_COUNT * _whole(pool, terms, factors)
    if cosines:
        documents += TITLE_MEANING_COUNTS * cosines.titles
    first = np.array(has_every_word, bool)
    if len(words) > MOST_WORDS_ANYWHERE:
        first &= _together(pool, of_words)
    has_word: NDArray[np.bool_] = np.logical_or.reduce(of_words, axis=0)
    return Ranking(documents + EVERY_WORD_COUNTS * first, sentences, has_word)


def _by_words(pool: Pool, terms: _Terms) -> Floats:
    """The mean over the windows."""
    until = _until(terms.counts)
    score = np.zeros(len(pool.fields))
    for width in WINDOWS:
        first, last = _window(pool, width)
        score += terms.score(until[:, last] - until[:, first], pool.begins[last] - pool.begins[first])
    return score / len(WINDOWS)


def _window(pool: Pool, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each sentence, the first of its window and the one after the last: it never leaves its field."""
    first = np.arange(len(pool.fields)) - (width - 1) // 2
    begins, ends = pool.bounds
    return np.maximum(first, begins), np.minimum(first + width, ends)


def _until(rows: NDArray[Any]) -> NDArray[Any]:
    """Of each row, the sum of all before each place, and of all."""
    return np.pad(np.cumsum(rows, axis=1), ((0, 0), (1, 0)))


def _soft_maximum(pool: Pool, sentences: Floats) -> Floats:
    best = np.full(len(pool.doc_ids), -np.inf)
    np.maximum.at(best, pool.document_of, sentences)
    over = np.exp((sentences - best[pool.document_of]) / SOFTNESS)
    return best + SOFTNESS * np.log(np.bincount(pool.document_of, over, minlength=len(best)))


def _whole(pool: Pool, terms: _Terms, factors: Floats) -> Floats:
    """Of all that a document says, a word counting by its field."""
    until = _until(terms.counts * factors)
    return terms.score(np.diff(until[:, pool.offsets], axis=1), np.diff(pool.begins[pool.offsets]))


def _together(pool: Pool, of_words: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether the words all stand in a few sentences that follow each other."""
    first, last = _window(pool, TOGETHER)
    until = _until(of_words)
    here = (until[:, last] > until[:, first]).all(axis=0)
    return np.bincount(pool.document_of[here], minlength=len(pool.doc_ids)) > 0
