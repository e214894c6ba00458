"""From chances to text: what is in doubt, the letters beside it decide; what is certain stays."""

from __future__ import annotations

import numpy as np
import pytest

from transcode.ocr.letters import Gap, Spelling, Steps

LETTERS = ("", *"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.:-_", " ")
SPELLING = Spelling.of(LETTERS)


Doubts = dict[int, tuple[str, float]]


def steps(text: str, doubts: Doubts | None = None) -> Steps:
    """A network that sees TEXT, two steps a letter; doubts of {3: ("O", 0.05)}: the fourth may be an O."""
    chances = np.zeros((2 * len(text), len(LETTERS)), np.float32)
    chances[1::2, 0] = 1.0
    for place, letter in enumerate(text):
        other, chance = (doubts or {}).get(place, ("", 0.0))
        chances[2 * place, LETTERS.index(other)] = chance
        chances[2 * place, LETTERS.index(letter)] = 1.0 - chance
    return Steps(chances, 0, 10 * len(text))


def spelt(text: str, doubts: Doubts | None = None) -> str:
    return SPELLING.spell([steps(text, doubts)], [])[0]


@pytest.mark.parametrize("text", ["ORA-00942", "0x80070005", "COUNTIF", "f1fb1297", "kubectl", "v1", "l33t", "B8"])
def test_what_the_network_is_sure_of_stays(text: str) -> None:
    assert spelt(text) == text


def test_a_letter_that_goes_on_is_one_and_a_double_one_is_two() -> None:
    chances = np.zeros((5, len(LETTERS)), np.float32)
    for step, letter in enumerate(("l", "l", "", "l", "o")):
        chances[step, LETTERS.index(letter)] = 1.0
    assert SPELLING.spell([Steps(chances, 0, 50)], [])[0] == "llo"


@pytest.mark.parametrize(
    ("seen", "doubt", "meant"),
    [
        ("PR0FILE", {2: ("O", 0.05)}, "PROFILE"),
        ("8O80", {1: ("0", 0.05)}, "8080"),
        ("VL00KUP", {2: ("O", 0.05), 3: ("O", 0.05)}, "VLOOKUP"),
        ("Back0ff", {4: ("O", 0.05)}, "BackOff"),
        ("kubect1", {6: ("l", 0.4)}, "kubectl"),
        ("CoUNT", {1: ("O", 0.4)}, "COUNT"),
        ("XYz", {2: ("Z", 0.4)}, "XYZ"),
        ("Ox80", {}, "0x80"),
    ],
)
def test_what_is_in_doubt_is_decided_by_what_stands_beside_it(seen: str, doubt: Doubts, meant: str) -> None:
    assert spelt(seen, doubt) == meant


@pytest.mark.parametrize(
    ("seen", "doubt"),
    [
        ("f1f", {1: ("l", 0.05)}),
        ("v1", {1: ("l", 0.05)}),
        ("e0a", {1: ("o", 0.05)}),
        ("O15", {0: ("0", 0.05)}),
        ("D1", {1: ("l", 0.05)}),
    ],
)
def test_where_that_says_nothing_it_stays(seen: str, doubt: Doubts) -> None:
    assert spelt(seen, doubt) == seen


def test_a_wide_gap_is_a_space_and_a_narrow_one_only_where_the_network_thought_of_it() -> None:
    part = steps("abcd")
    assert SPELLING.spell([part], [Gap(20.0, 0.6)])[0] == "ab cd"
    assert SPELLING.spell([part], [Gap(20.0, 0.3)])[0] == "abcd"
    part.chances[3, len(LETTERS) - 1] = 0.1
    assert SPELLING.spell([part], [Gap(20.0, 0.3)])[0] == "ab cd"
    assert SPELLING.spell([part], [])[0] == "abcd"


def test_a_space_that_was_seen_is_not_doubled() -> None:
    assert SPELLING.spell([steps("ab cd")], [Gap(25.0, 0.9)])[0] == "ab cd"


def test_a_space_with_ink_in_it_is_the_line_at_the_foot() -> None:
    part = steps("a b", {1: ("_", 0.05)})
    assert SPELLING.spell([part], [])[0] == "a_b"
    assert SPELLING.spell([part], [Gap(15.0, 0.5)])[0] == "a b"
    assert SPELLING.spell([steps("a b")], [])[0] == "a b", "the network never thought of one"


def test_nothing_seen_is_no_text() -> None:
    chances = np.zeros((4, len(LETTERS)), np.float32)
    chances[:, 0] = 1.0
    assert SPELLING.spell([Steps(chances, 0, 40)], []) == ("", 0.0)
    assert SPELLING.spell([], []) == ("", 0.0)
