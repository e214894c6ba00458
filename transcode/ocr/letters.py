"""From the recogniser's chances, step by step, to text: pure.

The network says for each step which letter it sees, or none; a letter that goes on over several steps is one (CTC).
Where it hesitates between letters that look alike (O and 0, l and 1), those beside it decide: in PROFILE no zero
stands, and in 8080 no O. What it is sure of stays as it is: text of screens is no language with a dictionary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# What is taken for each other in small letters: a digit and letters, a small letter and a large one.
DIGITS = {"0": "Oo", "O": "0", "o": "0", "1": "lI", "l": "1", "I": "1", "5": "Ss", "S": "5", "8": "B", "B": "8"}
CASES = {small: small.upper() for small in "ckopsuvwxz"}
ALIKE = {letter: DIGITS.get(letter, "") + CASES.get(letter, "") for letter in {*DIGITS, *CASES}} | {" ": "_"}
# A chance that is no accident: of a clear zero, an O has less than a tenth of this.
HESITATES = 0.0008
# Where less is said by what stands beside it: on one side there is nothing, as in v1, or it is about small or large,
# which the height tells well. Of digits among what may be hexadecimal nothing is.
HESITATES_MUCH = 0.1
HEXADECIMAL = frozenset("0123456789abcdefx")
ROUND, REACH = "0Oo", 3
# Heights of a line: beside no letter of any font is so much ground, so it is a space; with less it is one where the
# network thought of it.
WIDE, NARROW = 0.55, 0.2
APART = 0.02


@dataclass(frozen=True)
class Steps:
    """What the network saw in part of a line: a row of chances a step, the first class meaning none; the part begins
    and ends at these columns of the line."""

    chances: NDArray[np.float32]
    left: int
    right: int


@dataclass(frozen=True)
class Gap:
    """Ground between letters: where its middle is, in columns of the line, and its width in heights of the line."""

    at: float
    width: float


@dataclass
class Letter:
    """One of the text: where its middle is, in columns of the line, how sure it is, what it may be instead, and the
    chance that there is a space before it."""

    text: str
    at: float
    chance: float
    instead: dict[str, float] = field(default_factory=dict)
    apart: float = 0.0


@dataclass(frozen=True)
class Spelling:
    """Places of letters among the classes of a network, looked up once."""

    letters: Sequence[str]
    places: dict[str, int]
    space: int

    @classmethod
    def of(cls, letters: Sequence[str]) -> Spelling:
        """`letters` are the classes of a network, the first one none."""
        wanted = {*ALIKE, *"".join(ALIKE.values())}
        places = {letter: place for place, letter in enumerate(letters) if letter in wanted}
        return cls(letters, places, len(letters) - 1 - list(reversed(letters)).index(" "))

    def spell(self, parts: Sequence[Steps], gaps: Sequence[Gap]) -> tuple[str, float]:
        """The text of a line and how sure it is, 0 to 1. `gaps` help to see its spaces."""
        seen = _with_spaces([letter for part in parts for letter in self._seen(part)], gaps)
        confidence = float(np.mean([letter.chance for letter in seen])) if seen else 0.0
        return "".join(_decided(seen)).strip(), confidence

    def _seen(self, part: Steps) -> list[Letter]:
        classes = part.chances.argmax(axis=1)
        begins = (classes != 0) & np.concatenate(([True], classes[1:] != classes[:-1]))
        width, before, seen = (part.right - part.left) / len(classes), 0, []
        for step in np.flatnonzero(begins).tolist():
            letter = self._letter(part.chances[step], self.letters[classes[step]], part.left + (step + 0.5) * width)
            letter.apart = float(part.chances[before : step + 1, self.space].max())
            seen.append(letter)
            before = step + 1
        return seen

    def _letter(self, chances: NDArray[np.float32], text: str, at: float) -> Letter:
        instead = {other: float(chances[self.places[other]]) for other in ALIKE.get(text, "") if other in self.places}
        return Letter(text, at, float(chances.max()), instead)


def _with_spaces(seen: Sequence[Letter], gaps: Sequence[Gap]) -> list[Letter]:
    spaced = list(seen[:1])
    for number, (before, letter) in enumerate(pairwise(seen), start=1):
        after = seen[number + 1].at if number + 1 < len(seen) else letter.at
        if letter.text == " " and not any(before.at < gap.at < after for gap in gaps):
            # There is ink where it should be: a thin line at the foot.
            letter.text = _likelier(letter, ALIKE[" "], HESITATES)
        width = max((gap.width for gap in gaps if before.at < gap.at < letter.at), default=0.0)
        is_apart = width >= WIDE or (width >= NARROW and letter.apart >= APART)
        if is_apart and before.text != " " != letter.text:
            spaced.append(Letter(" ", (before.at + letter.at) / 2, before.chance))
        spaced.append(letter)
    return spaced


def _decided(seen: Sequence[Letter]) -> list[str]:
    """The letters, those in doubt as the ones beside them want it."""
    texts = [letter.text for letter in seen]
    for place, letter in enumerate(seen):
        if letter.instead and letter.text != " ":
            texts[place] = _among(letter, _next(texts[:place][::-1]), _next(texts[place + 1 :]))
    return texts


def _next(texts: Sequence[str]) -> str:
    """The first of them that says something: of two Os in a row, neither tells what the other is."""
    return next((text for text in texts[:REACH] if text not in ROUND), "")


def _among(letter: Letter, before: str, after: str) -> str:
    """It, or what it may be instead."""
    if letter.text in "Oo" and after == "x" and not before.isalnum():
        return "0"
    beside = [each for each in (before, after) if each.isalnum()]
    if letter.text in CASES and beside and all(each.isupper() for each in beside):
        return _likelier(letter, CASES[letter.text], HESITATES_MUCH)
    is_digit = letter.text.isdigit()
    if is_digit and HEXADECIMAL.issuperset(beside):
        return letter.text
    least = HESITATES if len(beside) == 2 else HESITATES_MUCH
    if letter.text in DIGITS and beside and all(each.isalpha() if is_digit else each.isdigit() for each in beside):
        return _likelier(letter, DIGITS[letter.text], least)
    return letter.text


def _likelier(letter: Letter, others: str, least: float) -> str:
    """The likeliest of the others, where it is likely enough."""
    best = max(others, key=lambda other: letter.instead.get(other, 0.0), default=letter.text)
    return best if letter.instead.get(best, 0.0) >= least else letter.text
