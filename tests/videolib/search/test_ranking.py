"""What makes one document, and one sentence, a better answer than another."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from videolib.search import ranking
from videolib.search.lines import FIELDS, kept_lines
from videolib.search.ranking import (
    EVERY_WORD_COUNTS,
    FIELD_WEIGHTS,
    MEANING_COUNTS,
    MOST_WORDS_ANYWHERE,
    SOFTNESS,
    WINDOWS,
    Cosines,
    Ranking,
    rank,
)
from videolib.search.sentences import Pool, take_apart
from videolib.search.types import Line, SearchDocument
from videolib.search.words import words_of

Said = Mapping[str, Sequence[str]]


def pool_of(*documents: Said) -> Pool:
    return Pool.of(
        (number, *take_apart(kept_lines(SearchDocument(number, {
            field: [Line(text) for text in said.get(field, ())] for field in FIELDS
        }))))
        for number, said in enumerate(documents, 1)
    )  # fmt: skip


def ranked(
    typed: str,
    *documents: Said,
    weights: Mapping[str, float] | None = None,
    every: Sequence[bool] | None = None,
    cosines: Cosines | None = None,
) -> Ranking:
    """Every word weighs 1, and nobody has every word, unless it is said."""
    words = words_of(typed)
    weights = {word.text: 1.0 for word in words} if weights is None else weights
    return rank(pool_of(*documents), words, weights, every or [False] * len(documents), cosines)


def speech(*texts: str) -> Said:
    """Each a sentence."""
    return {"speech": [f"{text}." for text in texts]}


def order(scores: Any) -> list[int]:
    return np.argsort(-scores, kind="stable").tolist()


# --- Sentences ------------------------------------------------------------------------------------------------------


def test_the_sentence_that_says_most_comes_first() -> None:
    said = speech("nothing here at all", "a layer is here", "its layer and mask")
    assert order(ranked("layer mask", said).sentences)[0] == 2


def test_words_in_the_sentences_around_count_too_and_less() -> None:
    far = ["so it is"] * WINDOWS[-1]
    said = speech("now a mask", *far, "here a layer", "now a mask", *far, "here a layer")
    first, last = 0, len(far) + 2
    found = ranked("layer mask", said).sentences
    assert found[last] > found[first], "a layer is named just before"
    assert found[last] < ranked("layer mask", speech("a layer, a mask"), said).sentences[0]


@pytest.mark.parametrize("beside", ["description", "speech"])
def test_a_window_never_leaves_its_field(beside: str) -> None:
    with_it, without = ({"tags": ["mask"], beside: [text]} for text in ("layer layer.", "other other."))
    found, other = (ranked("layer mask", said).sentences[0] for said in (with_it, without))
    assert found == other


def test_a_window_never_leaves_its_document() -> None:
    found, other = (
        ranked("layer mask", speech("mask"), speech(text, text)).sentences[0] for text in ("layer layer", "other other")
    )
    assert found == other


def test_a_rare_word_weighs_more_than_a_frequent_one() -> None:
    said = speech("a layer here", *["so it is"] * 20, "a mask here")
    assert order(ranked("layer mask", said, weights={"layer": 0.5, "mask": 4.0}).sentences)[0] == 21
    assert order(ranked("layer mask", said, weights={"layer": 4.0, "mask": 0.5}).sentences)[0] == 0


def test_words_that_follow_each_other_count_extra() -> None:
    apart, together, about = ("layer so so so so mask", "so so layer so mask so", "so so mask so layer so")
    found = ranked("layer mask", speech(apart), speech(together), speech(about)).sentences
    assert found[1] > found[0] == pytest.approx(found[2])


def test_a_word_said_often_counts_more_and_never_as_much_as_another_word() -> None:
    found = ranked(
        "layer mask", speech("so so layer so"), speech("layer layer so layer"), speech("so mask and layer")
    ).sentences
    assert found[0] < found[1] < found[2]


def test_a_short_sentence_says_it_more_plainly_than_a_long_one() -> None:
    short, long = ranked("layer", speech("a layer"), speech("a layer " + "and so on " * 9)).sentences
    assert short > long


def test_a_title_says_more_than_tags_than_a_description_than_what_is_shown_or_spoken() -> None:
    assert list(FIELD_WEIGHTS) == list(FIELDS)
    assert list(FIELD_WEIGHTS) == sorted(FIELD_WEIGHTS, key=lambda field: -FIELD_WEIGHTS[field])
    found = ranked("layer", *({field: ["a layer"]} for field in FIELDS)).sentences
    assert (found[:4] > found[1:]).tolist() == [True, True, True, False]


def test_where_a_word_stands_is_told_of_each_sentence() -> None:
    found = ranked("layer mask", speech("a layer", "nothing", "masks"), {"title": ["so"]})
    assert found.has_word.tolist() == [True, False, True, False]


# --- Meaning --------------------------------------------------------------------------------------------------------


def cosines(sentences: Sequence[float], titles: Sequence[float]) -> Cosines:
    return Cosines(np.array(sentences), np.array(titles), np.ones(len(sentences), bool))


def test_what_is_nearer_in_meaning_moves_up() -> None:
    said = speech("one here", "two here", "three here")
    without, with_meaning = ranked("layer", said), ranked("layer", said, cosines=cosines([0.1, 0.6, 0.3], [0]))
    assert len(set(without.sentences)) == 1
    assert order(with_meaning.sentences) == [1, 2, 0]
    assert with_meaning.sentences - without.sentences == pytest.approx(MEANING_COUNTS * np.array([0.1, 0.6, 0.3]))


def test_a_document_is_as_near_as_its_nearest_sentence() -> None:
    near, far = speech("one", "two", "three"), speech("one", "two", "three")
    found = ranked("layer", far, near, cosines=cosines([0.3, 0.3, 0.3, 0.1, 0.1, 0.8], [0, 0]))
    assert order(found.documents) == [1, 0]


def test_of_documents_that_say_the_same_the_one_with_the_nearer_title_comes_first() -> None:
    found = ranked("layer", speech("a layer"), speech("a layer"), cosines=cosines([0.2, 0.2], [0.1, 0.5]))
    assert order(found.documents) == [1, 0]


# --- Documents ------------------------------------------------------------------------------------------------------


def test_a_document_is_scored_by_a_soft_maximum_of_its_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "WHOLE_WORDS_COUNT", 0.0)
    rng, words = random.Random(3), ["layer", "mask", "so", "and", "then"]
    documents = [
        speech(*(" ".join(rng.choices(words, k=rng.randint(1, 8))) for _ in range(rng.randint(1, 30)))) for _ in "1234"
    ]
    found, pool = ranked("layer mask", *documents), pool_of(*documents)
    for number, score in enumerate(found.documents):
        own = found.sentences[pool.offsets[number] : pool.offsets[number + 1]]
        assert score == pytest.approx(SOFTNESS * math.log(sum(math.exp(each / SOFTNESS) for each in own)))
        assert max(own) <= score <= max(own) + SOFTNESS * math.log(len(own))


def test_one_good_sentence_beats_very_many_poor_ones() -> None:
    filler = ["so we go on with something else"] * 300
    good, poor = speech("a layer mask", *filler), speech(*["something about a layer and so on"] * 301)
    assert order(ranked("layer mask", poor, good).documents) == [1, 0]


def test_of_documents_with_one_sentence_that_answers_the_one_that_says_more_comes_first() -> None:
    far = ["and so it goes"] * 30
    once, twice = speech("a layer here", *far, *far, "nothing of it"), speech("a layer here", *far, *far, "a layer too")
    assert order(ranked("layer", once, twice).documents) == [1, 0]


def test_every_word_beats_anything_else_for_few_words() -> None:
    spread = {"title": ["layer"], "speech": ["so.", "its mask", *["and on."] * 50]}
    good = speech(*["a layer mask"] * 40)
    found = ranked("layer mask", good, spread, every=[False, True]).documents
    assert found[1] >= EVERY_WORD_COUNTS > found[0]


def test_of_many_words_all_have_to_stand_close_together() -> None:
    words = [f"word{number}" for number in range(MOST_WORDS_ANYWHERE + 1)]
    spread = speech(*(text for word in words for text in (word, *["so it goes"] * 5)))
    together = speech("so", " ".join(words[:2]), " ".join(words[2:4]), words[4], "so")
    apart = speech("so", words[0], words[1], " ".join(words[2:4]), words[4], "so")
    found = ranked(" ".join(words), spread, together, apart, every=[True] * 3).documents
    assert (found >= EVERY_WORD_COUNTS).tolist() == [False, True, False]
    found = ranked(" ".join(words[:-1]), spread, together, apart, every=[True] * 3).documents
    assert (found >= EVERY_WORD_COUNTS).all()


def test_what_is_close_together_in_two_fields_or_documents_is_not_together() -> None:
    words = [f"word{number}" for number in range(MOST_WORDS_ANYWHERE + 1)]
    halves = " ".join(words[:3]), " ".join(words[3:])
    fields = {"description": [halves[0]], "screen": [halves[1]]}
    found = ranked(" ".join(words), fields, speech(halves[0]), speech(halves[1]), every=[True] * 3).documents
    assert (found < EVERY_WORD_COUNTS).all()


def test_a_word_said_nowhere_keeps_nobody_from_having_every_word_together() -> None:
    words = [f"word{number}" for number in range(MOST_WORDS_ANYWHERE + 1)]
    weights = dict.fromkeys(words[1:], 1.0)
    found = ranked(" ".join(words), speech(" ".join(words[1:])), weights=weights, every=[True]).documents
    assert found[0] >= EVERY_WORD_COUNTS


# --- Nothing --------------------------------------------------------------------------------------------------------


def test_where_nothing_is_said_nothing_is_wrong() -> None:
    said = speech("one", "two")
    for found in (ranked("layer", said, weights={}), ranked("", said), ranked("layer mask", said)):
        assert (found.sentences.tolist(), found.has_word.tolist()) == ([0.0, 0.0], [False, False])
        assert np.isfinite(found.documents).all()
    silent = ranked("layer", {"title": ["🎉"]}, {"speech": ["..."]})
    assert np.isfinite(silent.documents).all() and not silent.has_word.any()


@pytest.mark.parametrize("with_meaning", [False, True])
def test_of_no_documents_none_is_best(with_meaning: bool) -> None:
    found = ranked("layer mask", cosines=cosines([], []) if with_meaning else None)
    assert found.documents.tolist() == found.sentences.tolist() == found.has_word.tolist() == []
