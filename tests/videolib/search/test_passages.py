"""Documents are cut into passages that overlap and lose nothing."""

import random
from itertools import pairwise

import pytest

from videolib.search.passages import MARK, MOST_LINES, PASSAGE_CHARACTERS, UNMARK, passages_of, shown
from videolib.search.types import Line, SearchDocument


def speech(*texts):
    return SearchDocument(1, {"speech": [Line(text, 5.0 * at) for at, text in enumerate(texts)]})


def lines_of(passages):
    return {line: start for each in passages for line, start in zip(each.text.split("\n"), each.starts, strict=True)}


def test_one_line_is_one_passage():
    (passage,) = passages_of(speech("hello"))
    assert (passage.field, passage.text, list(passage.starts)) == ("speech", "hello", [0.0])


def test_a_document_that_says_nothing_has_no_passages():
    assert list(passages_of(speech("", " \n ", "\x00"))) == []
    assert list(passages_of(SearchDocument(1, {"title": [], "tags": []}))) == []


@pytest.mark.parametrize("seed", range(30))
def test_every_line_keeps_its_second_and_every_two_neighbours_share_a_passage(seed):
    rng = random.Random(seed)
    said = [f"line{number} " + "x" * rng.choice([1, 30, 80, 200, 900]) for number in range(rng.randint(1, 60))]
    passages = list(passages_of(speech(*said)))
    assert lines_of(passages) == {line: 5.0 * at for at, line in enumerate(said)}
    together = [each.text.split("\n") for each in passages]
    for first, second in pairwise(said):
        assert any(first in lines and second in lines for lines in together)


def test_passages_are_neither_long_nor_many():
    passages = list(passages_of(speech(*["a cue of usual length, some sixty characters, more or less"] * 400)))
    assert all(len(each.text) < 2 * PASSAGE_CHARACTERS for each in passages)
    assert len(passages) <= 400
    assert max(len(each.starts) for each in passages_of(speech(*["yes"] * 400))) == MOST_LINES


def test_fields_are_kept_apart():
    document = SearchDocument(1, {"title": [Line("one")], "tags": [Line("two"), Line("three")]})
    assert [(each.field, each.text) for each in passages_of(document)] == [("title", "one"), ("tags", "two\nthree")]


def test_unspaced_characters_are_parted_for_the_index_and_shown_as_they_were():
    (passage,) = passages_of(speech("使用Docker部署 v2"))
    assert passage.text.split("\u200b") == ["使", "用", "Docker", "部", "署 v2"]
    assert shown(passage.text) == "使用Docker部署 v2"


def test_nothing_stored_can_be_taken_for_a_mark_or_the_end_of_a_line():
    (passage,) = passages_of(speech(f"a{MARK}b{UNMARK}c\nd\re\x00f\ud800g\u200bh"))
    assert passage.text == "a b c d e f?g h"
