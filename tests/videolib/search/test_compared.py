"""Documents side by side: which of them answer, by their words or by what they mean, and with which sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from videolib.search.compared import NEAR_ENOUGH, Compared, Question, Row
from videolib.search.lines import FIELDS, kept_lines
from videolib.search.meaning import SCALE, WIDTH
from videolib.search.moments import Sentence
from videolib.search.sentences import take_apart, texts_with_meaning
from videolib.search.types import Line, SearchDocument
from videolib.search.words import unwanted_of, words_of

Said = Mapping[str, Sequence[str]]
# What is asked means this direction; a sentence with the cosine C lies at that angle from it.
ASKED = np.eye(WIDTH, dtype=np.float32)[0]
NEAR, FAR = NEAR_ENOUGH + 0.1, NEAR_ENOUGH - 0.1


def at_cosine(cosine: float) -> NDArray[np.int8]:
    vector = cosine * ASKED + np.sqrt(1 - cosine**2) * np.eye(WIDTH, dtype=np.float32)[1]
    return np.rint(SCALE * vector).astype(np.int8)


def row(doc_id: int, said: Said, *cosines: float) -> Row:
    """With the cosines of title and spoken sentences, or without vectors."""
    lines = kept_lines(
        SearchDocument(doc_id, {field: [Line(text) for text in said.get(field, ())] for field in FIELDS})
    )
    assert not cosines or len(cosines) == len(texts_with_meaning(lines))
    vectors = b"".join(at_cosine(each).tobytes() for each in cosines) if cosines else None
    return Row(doc_id, *take_apart(lines), vectors)


def compared(typed: str, *rows: Row, every: Sequence[int] = (), by_meaning: bool = True) -> Compared:
    """With a question of which each word weighs 1."""
    words = words_of(typed)
    question = Question(words, unwanted_of(typed), ASKED if by_meaning else None)
    return Compared(rows, question, {word.text: 1.0 for word in words}, every)


def speech(*texts: str) -> Said:
    return {"title": ["so"], "speech": [f"{text}." for text in texts]}


def ids(found: Compared, by_words: Sequence[int] = ()) -> list[int]:
    return [hit.doc_id for hit in found.answers(by_words)]


# --- Which answer ---------------------------------------------------------------------------------------------------


def test_what_is_near_enough_answers_without_any_of_the_words() -> None:
    near, far = row(1, speech("hide a part", "so"), 0.1, NEAR, 0.1), row(2, speech("push", "so"), 0.1, FAR, 0.1)
    found = compared("mask", near, far)
    assert ids(found) == [1]
    assert found.answered_otherwise([]) == [1]


def test_what_the_index_alone_knows_to_have_the_words_answers_too() -> None:
    """A word beyond all that have a number (sentences.py)."""
    assert ids(compared("zebra", row(1, speech("so"), 0.1, FAR), row(2, speech("so"), 0.1, FAR)), [1]) == [1]


def test_a_title_that_is_near_is_no_answer_by_itself() -> None:
    assert ids(compared("mask", row(1, speech("push"), 0.9, FAR))) == []


def test_without_a_vector_of_the_question_nothing_is_near() -> None:
    found = compared("mask", row(1, speech("hide a part"), 0.1, 0.9), by_meaning=False)
    assert ids(found) == []


def test_a_document_without_vectors_answers_by_its_words_and_is_near_to_nothing() -> None:
    found = compared("mask", row(1, speech("a mask")), row(2, speech("hide a part")))
    assert ids(found, [1]) == ids(found) == [1]
    assert found.answered_otherwise([]) == [], "it has a word: it is counted where words are"


def test_of_the_same_words_the_nearer_comes_first_and_the_newer_of_the_same() -> None:
    rows = [row(1, speech("a mask"), 0.1, 0.2), row(2, speech("a mask"), 0.1, 0.6), row(3, speech("a mask"), 0.1, 0.2)]
    found = compared("mask", *rows)
    assert ids(found, [1, 2, 3]) == [2, 3, 1]
    scores = [hit.score for hit in found.answers([1, 2, 3])]
    assert scores == sorted(scores, reverse=True)


def test_who_has_every_word_comes_before_who_is_near() -> None:
    exact, near = row(1, speech("layer", "its mask"), 0.1, 0.1, 0.1), row(2, speech("hide it", "so"), 0.9, 0.95, 0.9)
    assert ids(compared("layer mask", exact, near, every=[1]), [1]) == [1, 2]


def test_what_has_an_unwanted_word_does_not_answer_however_near_it_is() -> None:
    rows = [row(1, speech("hide it", "a brush"), 0.9, 0.9, 0.9), row(2, {"tags": ["brushes"]}, 0.9)]
    rows += [row(3, speech("hide it", "so"), 0.1, NEAR, 0.1)]
    found = compared("mask -brush", *rows)
    assert ids(found) == found.answered_otherwise([]) == [3]


def test_an_unwanted_phrase_excludes_who_has_it_side_by_side_only() -> None:
    rows = [row(1, speech("free transform"), 0.1, NEAR), row(2, speech("transform it free"), 0.1, NEAR)]
    assert ids(compared('mask -"free transform"', *rows)) == [2]


@pytest.mark.parametrize(("typed", "is_open"), [("mask", True), ('"mask"', False), ('layer "mask"', False)])
def test_words_in_quotes_keep_what_is_only_near_out(typed: str, is_open: bool) -> None:
    assert Question(words_of(typed), ()).is_open is is_open


# --- With which sentences -------------------------------------------------------------------------------------------


def sentences(found: Compared, doc_id: int = 1) -> list[Sentence]:
    return list(found.sentences(doc_id))


def test_what_is_spoken_or_shown_comes_before_what_is_written() -> None:
    said = {"title": ["Mask"], "tags": ["mask"], "description": ["mask"], "screen": ["mask"], "speech": ["a mask."]}
    fields = [each.field for each in sentences(compared("mask", row(1, said)))]
    assert sorted(fields) == ["screen", "speech"]


def test_where_nothing_spoken_answers_what_is_written_is_one_sentence() -> None:
    said = {"title": ["The mask"], "description": ["one", "a mask"], "speech": ["so.", "and on."]}
    assert sentences(compared("mask", row(1, said), by_meaning=False)) == [Sentence("title", 0, 1)]


def test_the_best_sentence_comes_first_and_names_its_lines() -> None:
    said = {"title": ["so"], "screen": ["one", "layer"], "speech": ["and.", "now", "a layer", "with a mask.", "layer."]}
    best, *others = sentences(compared("layer mask", row(1, said)))
    assert best == Sentence("speech", 1, 4)
    assert set(others) == {Sentence("screen", 1, 2), Sentence("speech", 4, 5)}


def test_what_is_near_is_jumped_to_without_any_of_the_words() -> None:
    said = speech("one", "two", "three")
    assert sentences(compared("mask", row(1, said, 0.1, 0.2, 0.8, 0.3)))[0] == Sentence("speech", 1, 2)


def test_a_sentence_with_the_words_comes_before_one_that_is_a_little_nearer() -> None:
    said = speech("so", "here is the layer mask", "so")
    assert sentences(compared("layer mask", row(1, said, 0.1, 0.5, 0.45, 0.1)))[0] == Sentence("speech", 1, 2)


def test_of_two_documents_each_has_its_own_sentences() -> None:
    found = compared("mask", row(1, speech("so", "a mask")), row(2, speech("masks", "so", "so")))
    assert sentences(found, 1) == [Sentence("speech", 1, 2)]
    assert sentences(found, 2) == [Sentence("speech", 0, 1)]
    assert sentences(found, 99) == []


def test_a_document_that_has_no_sentence_to_show_shows_none() -> None:
    assert sentences(compared("mask", row(1, speech("nothing")), by_meaning=False)) == []


def test_of_no_documents_none_answers() -> None:
    found = compared("mask")
    assert ids(found) == found.answered_otherwise([]) == sentences(found) == []
    assert ids(compared("", row(1, speech("so"), 0.1, 0.1))) == []


def test_one_with_vectors_and_one_without_are_compared_side_by_side() -> None:
    rows = [row(1, speech("hide it")), row(2, speech("hide it", "so"), 0.1, 0.2, NEAR), row(3, speech("x"))]
    found = compared("mask", *rows)
    assert ids(found) == [2]
    assert sentences(found, 2)[0] == Sentence("speech", 1, 2)
    assert found.is_known.tolist() == [False, False, False, True, True, False, False]
