"""From passages with their matches marked to the seconds worth jumping to. Pure, the same for every backend."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, takewhile

from videolib.search.passages import MARK, UNMARK, shown
from videolib.search.types import Field, Moment, Snippet

MOST_MOMENTS = 2
# Two jumps closer than this are one to whoever watches.
SECONDS_APART = 10.0
# A word in the line before or after counts half, one further a quarter: the jump lands where the words gather.
NEARBY = (1.0, 0.5, 0.25)
# How much the passage counts beside the line itself.
PASSAGE_COUNTS = 0.5
# A snippet of two or three lines on a card.
SNIPPET_CHARACTERS = 180

_PIECE = re.compile(r"[^\W_]+")
_MARKED = re.compile(f"{MARK}([^{UNMARK}]*){UNMARK}")


@dataclass(frozen=True)
class MarkedPassage:
    """A passage that matched, MARK and UNMARK around each match, and how well it did."""

    field: Field
    text: str
    starts: Sequence[float]
    score: float


@dataclass(frozen=True)
class _Spot:
    score: float
    start: float
    passage: MarkedPassage
    lines: Sequence[str]
    at: int


def best_moments(passages: Iterable[MarkedPassage], weights: Mapping[str, float]) -> tuple[Moment, ...]:
    """The best moments, best first, at least SECONDS_APART; `weights` says of each word looked for how rare it is.

    What is spoken comes before what stands in title, tags and description: those have no second of their own, and are
    given (at second 0) only where nothing spoken matched.
    """
    folded = {_folded(word): weight for word, weight in weights.items()}
    spots = [spot for passage in passages for spot in _spots(passage, folded)]
    spots.sort(key=lambda spot: (spot.passage.field != "speech", -spot.score, spot.start))
    chosen: list[_Spot] = []
    for spot in spots:
        if len(chosen) == MOST_MOMENTS or (chosen and spot.passage.field != "speech"):
            break
        if all(abs(spot.start - other.start) >= SECONDS_APART for other in chosen):
            chosen.append(spot)
    return tuple(Moment(spot.start, _snippet(spot), spot.passage.field) for spot in chosen)


def _spots(passage: MarkedPassage, weights: Mapping[str, float]) -> list[_Spot]:
    lines = _marks_within_lines(passage.text)
    found = [_words_marked(line, weights) for line in lines]
    return [
        _Spot(_near(found, at, weights) + PASSAGE_COUNTS * passage.score, start, passage, lines, at)
        for at, start in enumerate(passage.starts)
        if found[at]
    ]


def _near(found: Sequence[set[str]], at: int, weights: Mapping[str, float]) -> float:
    best: dict[str, float] = {}
    for distance, part in enumerate(NEARBY):
        for neighbour in {at - distance, at + distance}:
            for word in found[neighbour] if 0 <= neighbour < len(found) else ():
                best[word] = max(best.get(word, 0.0), part)
    return sum(part * weights[word] for word, part in best.items())


def _marks_within_lines(text: str) -> list[str]:
    """The lines, each mark closed in the line it was opened in: a phrase may run over the end of one."""
    lines, inside = [], False
    for line in text.split("\n"):
        whole = MARK + line if inside else line
        inside = whole.count(MARK) > whole.count(UNMARK)
        lines.append(whole + UNMARK if inside else whole)
    return lines


def _words_marked(line: str, weights: Mapping[str, float]) -> set[str]:
    """Which of the words are marked in the line; the index knows stems only, so the likest word is taken."""
    words = tuple(weights)
    return {word for marked in _MARKED.findall(line) for word in _words_meant(marked, words)}


@lru_cache(maxsize=4096)
def _words_meant(marked: str, words: tuple[str, ...]) -> frozenset[str]:
    pieces = _PIECE.findall(_folded(shown(marked)))
    together = "".join(pieces)
    phrases = {word for word in words if " " in word and word.replace(" ", "") in together}
    return frozenset(phrases.union(max(words, key=lambda word: _shared_letters(piece, word)) for piece in pieces))


def _shared_letters(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _snippet(spot: _Spot) -> Snippet:
    """The line that matched, its neighbours where they fit; a long line is cut around its first match."""
    stretch, joint = spot.lines[spot.at], ", " if spot.passage.field == "tags" else " "
    for first, last in ((spot.at, spot.at + 1), (spot.at - 1, spot.at), (spot.at - 1, spot.at + 1)):
        if first >= 0 and last < len(spot.lines):
            longer = joint.join(spot.lines[first : last + 1])
            stretch = longer if len(shown(longer)) <= SNIPPET_CHARACTERS else stretch
    return Snippet(_cut(_parts(stretch)))


def _parts(text: str) -> list[tuple[str, bool]]:
    split = ((shown(part), at % 2 == 1) for at, part in enumerate(_MARKED.split(text)))
    return [(part, matched) for part, matched in split if part]


def _cut(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    letters = [(letter, matched) for part, matched in parts for letter in part]
    if len(letters) <= SNIPPET_CHARACTERS:
        return parts
    match = next((at for at, (_, matched) in enumerate(letters) if matched), 0)
    first = _word_start(letters, max(0, min(match - SNIPPET_CHARACTERS // 3, len(letters) - SNIPPET_CHARACTERS)))
    last = _word_end(letters, first + SNIPPET_CHARACTERS)
    kept = [
        ("".join(letter for letter, _ in run), matched)
        for matched, run in groupby(letters[first:last], key=lambda letter: letter[1])
    ]
    return [*([("… ", False)] if first else []), *kept, *([(" …", False)] if last < len(letters) else [])]


def _word_start(letters: Sequence[tuple[str, bool]], at: int) -> int:
    """The next beginning of a word, if there is one near; unspaced scripts are cut anywhere."""
    if at == 0:
        return 0
    return next((i + 1 for i in range(at - 1, min(at + 20, len(letters))) if letters[i][0] == " "), at)


def _word_end(letters: Sequence[tuple[str, bool]], at: int) -> int:
    if at >= len(letters):
        return len(letters)
    return next((i for i in range(at, max(at - 20, 0), -1) if letters[i][0] == " "), at)
