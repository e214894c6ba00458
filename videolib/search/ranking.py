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
WHOLE_MEANING_COUNTS, TITLE_MEANING_COUNTS, WHOLE_WORDS_COUNT = 0.3, 0.3, 0.2

# Documents that have every word come first, whatever else they say: who types words expects that. Of more than a few
# words nobody expects that they stand just anywhere, so they have to stand close together. And a question in a sentence
# is none of words: putting documents first that have all of its words was measured to bury better answers.
MOST_WORDS_ANYWHERE = 4
TOGETHER = 3  # sentences
# Above anything else a score is made of.
EVERY_WORD_COUNTS = 1000.0


@dataclass(frozen=True)
class Cosines:
    """Of each sentence of a pool with the question, of each document and of its title; whether that of a sentence is
    known.
    """

    sentences: Floats
    documents: Floats
    titles: Floats
    known: NDArray[np.bool_]


@dataclass(frozen=True)
class Ranking:
    """How good each document of a pool is, each of its sentences, and whether any of the words stand in that."""

    documents: Floats
    sentences: Floats
    has_word: NDArray[np.bool_]


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
    times = [pool.times(word) for word in said]
    # The square root: of a question's words the rarest would decide all otherwise.
    rare = [math.sqrt(weights[word.text]) for word in said]
    terms = [*zip(rare, times, strict=True), *_pairs(pool, said, rare)]
    factors = np.array([FIELD_WEIGHTS[field] for field in FIELDS])[pool.fields]
    sentences = _by_words(pool, terms, sum(rare)) * factors
    if cosines:
        sentences = sentences + MEANING_COUNTS * cosines.sentences
    documents = _soft_maximum(pool, sentences) + WHOLE_WORDS_COUNT * _whole(pool, terms, sum(rare), factors)
    if cosines:
        documents += WHOLE_MEANING_COUNTS * cosines.documents + TITLE_MEANING_COUNTS * cosines.titles
    first = np.array(has_every_word, bool)
    if len(words) > MOST_WORDS_ANYWHERE:
        first &= _together(pool, times)
    has_word = np.sum(times, axis=0) > 0 if times else np.zeros(len(sentences), bool)
    return Ranking(documents + EVERY_WORD_COUNTS * first, sentences, has_word)


def _pairs(pool: Pool, said: Sequence[Word], rare: Sequence[float]) -> list[tuple[float, NDArray[np.int64]]]:
    """Words of the question that follow each other, and how often they do in each sentence."""
    plain = [(word, weight) for word, weight in zip(said, rare, strict=True) if " " not in word.text]
    return [(PAIR_COUNTS * (one[1] + other[1]) / 2, pool.pair(one[0], other[0])) for one, other in pairwise(plain)]


def _by_words(pool: Pool, terms: Sequence[tuple[float, NDArray[np.int64]]], whole: float) -> Floats:
    """The mean over the windows; about 1 where a sentence says all of the question."""
    score = np.zeros(len(pool.fields))
    if not whole:
        return score
    for window in WINDOWS:
        first, last = _window(pool, window)
        lengths = pool.begins[last] - pool.begins[first]
        norm = _norm(lengths)
        for weight, counts in terms:
            until = np.concatenate([[0], np.cumsum(counts)])
            often = until[last] - until[first]
            score += weight * often * (K1 + 1) / (often + norm)
    return score / (len(WINDOWS) * whole)


def _window(pool: Pool, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each sentence, the first of its window and the one after the last: it never leaves its field."""
    first = np.arange(len(pool.fields)) - (width - 1) // 2
    begins, ends = pool.bounds
    return np.maximum(first, begins), np.minimum(first + width, ends)


def _soft_maximum(pool: Pool, sentences: Floats) -> Floats:
    best = np.full(len(pool.doc_ids), -np.inf)
    np.maximum.at(best, pool.document_of, sentences)
    over = np.exp((sentences - best[pool.document_of]) / SOFTNESS)
    return best + SOFTNESS * np.log(np.bincount(pool.document_of, over, minlength=len(best)))


def _whole(pool: Pool, terms: Sequence[tuple[float, NDArray[np.int64]]], whole: float, factors: Floats) -> Floats:
    """BM25 of all that a document says, a word counting by its field."""
    score = np.zeros(len(pool.doc_ids))
    if not whole:
        return score
    lengths = np.bincount(pool.document_of, np.diff(pool.begins), minlength=len(score))
    norm = _norm(lengths)
    for weight, counts in terms:
        often = np.bincount(pool.document_of, counts * factors, minlength=len(score))
        score += weight * often * (K1 + 1) / (often + norm)
    return score / whole


def _norm(lengths: NDArray[Any]) -> Floats:
    """A word says less of a long text."""
    return K1 * (1 - B + B * lengths / max(1.0, lengths.mean())) if len(lengths) else np.empty(0)


def _together(pool: Pool, times: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Whether the words all stand in a few sentences that follow each other."""
    first, last = _window(pool, TOGETHER)
    here = np.ones(len(pool.fields), bool)
    for counts in times:
        until = np.concatenate([[0], np.cumsum(counts)])
        here &= until[last] > until[first]
    return np.bincount(pool.document_of[here], minlength=len(pool.doc_ids)) > 0
