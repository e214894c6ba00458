"""Lines as they are kept: nothing in them can be taken for a mark, and nothing of them is lost."""

from __future__ import annotations

import random

import pytest

from tests.contracts.search_material import ODD_TEXTS
from videolib.search.lines import FIELDS, MARK, PARTING, TIMED, UNMARK, kept_lines, shown
from videolib.search.types import Line, SearchDocument


def kept(*texts: str) -> list[Line]:
    lines = [Line(text, 5.0 * at) for at, text in enumerate(texts)]
    return list(kept_lines(SearchDocument(1, {"speech": lines}))["speech"])


def test_a_line_keeps_its_text_and_its_second() -> None:
    assert kept("hello", "world again") == [Line("hello", 0.0), Line("world again", 5.0)]


def test_a_line_that_says_nothing_is_left_out_and_the_others_keep_their_seconds() -> None:
    assert kept("", "one", " \n ", "\x00", "two", PARTING) == [Line("one", 5.0), Line("two", 20.0)]


def test_every_field_is_there_in_its_order_though_the_document_has_it_not() -> None:
    lines = kept_lines(SearchDocument(1, {"speech": [Line("three")], "title": [Line("one")]}))
    assert list(lines) == list(FIELDS)
    assert {field: [line.text for line in some] for field, some in lines.items() if some} == {
        "title": ["one"],
        "speech": ["three"],
    }
    assert set(TIMED) <= set(FIELDS)


def test_unspaced_characters_are_parted_for_the_index_and_shown_as_they_were() -> None:
    (line,) = kept("使用Docker部署 v2")
    assert line.text.split(PARTING) == ["使", "用", "Docker", "部", "署 v2"]
    assert shown(line.text) == "使用Docker部署 v2"


def test_nothing_kept_can_be_taken_for_a_mark_or_the_end_of_a_line() -> None:
    (line,) = kept(f"a{MARK}b{UNMARK}c\nd\re\x00f\ud800g\u200bh\u2028i\x85j")
    assert line.text == "a b c d e f?g h i j"


def test_accents_are_kept_as_one_character_each() -> None:
    (line,) = kept("Cafe\u0301")
    assert line.text == "Café"


@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: repr(text[:20]))
def test_what_was_kept_once_is_kept_as_it_is(text: str) -> None:
    for line in kept(text):
        assert kept(shown(line.text)) == [Line(line.text)]


@pytest.mark.parametrize("seed", range(10))
def test_joined_by_newlines_any_lines_are_as_many_as_before(seed: int) -> None:
    rng = random.Random(seed)
    texts = ["".join(chr(rng.randrange(0x3100)) for _ in range(rng.randint(0, 12))) for _ in range(200)]
    lines = kept(*texts)
    assert "\n".join(line.text for line in lines).split("\n") == [line.text for line in lines]
    assert [line.text for line in lines] == [line.text.strip() for line in lines]
