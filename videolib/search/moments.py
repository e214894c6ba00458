"""From the best sentences of a document to the seconds worth jumping to. Pure, the same for every backend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, takewhile

from videolib.search.lines import MARK, UNMARK, shown
from videolib.search.stems import Marker, fold
from videolib.search.types import Field, Moment, Snippet

MOST_MOMENTS = 2
# Two jumps closer than this are one to whoever watches.
SECONDS_APART = 10.0
# A snippet of two or three lines on a card.
SNIPPET_CHARACTERS = 180

_PIECE = re.compile(r"[^\W_]+")
_MARKED = re.compile(f"{MARK}([^{UNMARK}]*){UNMARK}")


@dataclass(frozen=True)
class Sentence:
    """Lines FIRST up to LAST of a field."""

    field: Field
    first: int
    last: int


def best_moments(
    sentences: Iterable[Sentence],
    lines: Mapping[Field, Sequence[str]],
    starts: Mapping[Field, Sequence[float]],
    marker: Marker,
    weights: Mapping[str, float],
) -> tuple[Moment, ...]:
    """Of sentences that answer, best first: the best moments, best first, at least SECONDS_APART; `weights` says of
    each word looked for how rare it is.

    What stands in title, tags and description has no second of its own, and is one moment, at second 0.
    """
    chosen: list[Moment] = []
    for sentence in sentences:
        at = _best_line(sentence, lines[sentence.field], marker, weights)
        start = starts[sentence.field][at] if sentence.field in starts else 0.0
        if all(abs(start - other.at_seconds) >= SECONDS_APART for other in chosen):
            chosen.append(Moment(start, _snippet(sentence, at, lines[sentence.field], marker), sentence.field))
        if len(chosen) == MOST_MOMENTS:
            break
    return tuple(chosen)


def _best_line(sentence: Sentence, lines: Sequence[str], marker: Marker, weights: Mapping[str, float]) -> int:
    """Where most of the words are, by their weights; of equal ones the first."""
    if sentence.last - sentence.first == 1:
        return sentence.first
    marked = _marks_within_lines(marker.mark("\n".join(lines[sentence.first : sentence.last])))
    worth = [sum(weights[word] for word in _words_marked(line, weights)) for line in marked]
    return sentence.first + worth.index(max(worth))


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
    return {word for marked in _MARKED.findall(line) for word in _words_meant(marked, words)} if words else set()


@lru_cache(maxsize=4096)
def _words_meant(marked: str, words: tuple[str, ...]) -> frozenset[str]:
    pieces = _PIECE.findall(fold(shown(marked)))
    together = "".join(pieces)
    phrases = {word for word in words if " " in word and fold(word).replace(" ", "") in together}
    likest = {max(words, key=lambda word: _shared_letters(piece, fold(word))) for piece in pieces}
    return frozenset(phrases | likest)


def _shared_letters(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _snippet(sentence: Sentence, at: int, lines: Sequence[str], marker: Marker) -> Snippet:
    """The line that matched, or where it fits more of its sentence and its neighbours; what is too long is cut."""
    joint = ", " if sentence.field == "tags" else " "
    whole = [(sentence.first, sentence.last)] if sentence.last - sentence.first > 1 else []
    wider = [(at - 1, at + 2), *whole, (at - 1, at + 1), (at, at + 2)]
    stretches = (joint.join(lines[first:last]) for first, last in wider if first >= 0 and last <= len(lines))
    fitting = (stretch for stretch in stretches if len(shown(stretch)) <= SNIPPET_CHARACTERS)
    return Snippet(_cut(_parts(marker.mark(next(fitting, lines[at])))))


def _parts(text: str) -> list[tuple[str, bool]]:
    split = ((shown(part), at % 2 == 1) for at, part in enumerate(_MARKED.split(text)))
    return [(part, matched) for part, matched in split if part]


def _cut(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    if sum(len(part) for part, _ in parts) <= SNIPPET_CHARACTERS:
        return parts
    letters = [(letter, matched) for part, matched in parts for letter in part]
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
