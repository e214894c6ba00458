"""Spoken words with their times, and what writing says about them: width, clause and sentence ends. Pure."""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

MAX_WORD_WIDTH = 42  # a caption's line; longer ones (URLs, hashes) are taken apart
# Whisper stretches a word over silence, or dreams of one that lasts for ever; nobody speaks a word this long.
MAX_WORD_SECONDS = 3.0

SENTENCE_ENDS = ".?!…。．？！｡؟۔।"
CLAUSE_ENDS = ",;:、，；：،؛–—" + SENTENCE_ENDS
CLOSERS = "\"'”’»)]}」』）】》"
# A full stop here ends no sentence; single letters ("J. F. Kennedy") are seen by their length.
ABBREVIATIONS = frozenset({"mr.", "mrs.", "ms.", "dr.", "st.", "vs.", "e.g.", "i.e.", "etc.", "no.", "z.b.", "ca."})


@dataclass(frozen=True)
class Word:
    """One word: seconds, and its text without spaces around. `glued`: written without a space before it, as all
    words of Chinese or Japanese are, or "-lag" after "jet"."""

    start: float
    end: float
    text: str
    glued: bool = False


@lru_cache(maxsize=8192)  # the same words come again and again
def width(text: str) -> int:
    """Columns that the text takes: two for a wide (CJK) character, none for a combining mark."""
    return len(text) if text.isascii() else sum(_column(character) for character in text)


@lru_cache(maxsize=8192)
def ends_sentence(text: str) -> bool:
    bare = text.rstrip(CLOSERS)
    if not bare or bare[-1] not in SENTENCE_ENDS:
        return False
    initial = len(bare) == 2 and bare[-1] == "." and bare[0].isalpha()
    return not initial and bare.lower() not in ABBREVIATIONS


@lru_cache(maxsize=8192)
def ends_clause(text: str) -> bool:
    bare = text.rstrip(CLOSERS)
    return bare[-1:] in CLAUSE_ENDS if bare else False


def tidy_words(words: Sequence[Word], *, until: float = math.inf) -> list[Word]:
    """The same words with times that rise, within 0 and UNTIL, none without anything to see, none wider than a line.

    The order of the words is believed, since it is the order of the text; a time that contradicts it is not.
    """
    plain = [word for word in words if width(word.text.strip())]
    if not plain:
        return []
    starts = _spread(_rising([word.start for word in plain], until), until)
    timed = [
        replace(word, start=start, end=_end(word, start, after))
        for word, start, after in zip(plain, starts, [*starts[1:], until], strict=True)
    ]
    return _join_clinging([piece for word in timed for piece in _split(word)])


def _rising(starts: Sequence[float], until: float) -> list[float]:
    """The starts with each one that leaves the longest rising run drawn to the start before it."""
    kept = _longest_rising([start if 0 <= start <= until and math.isfinite(start) else math.nan for start in starts])
    rising, clock = [], min((starts[index] for index in kept), default=0.0)
    for index, start in enumerate(starts):
        clock = start if index in kept else clock
        rising.append(clock)
    return rising


def _longest_rising(values: Sequence[float]) -> set[int]:
    """Indices of a longest non-decreasing subsequence (patience sorting); NaN never belongs to it."""
    tails: list[float] = []
    tops: list[int] = []
    before: dict[int, int] = {}
    for index, value in enumerate(values):
        if math.isnan(value):
            continue
        at = bisect_right(tails, value)
        tails[at : at + 1], tops[at : at + 1] = [value], [index]
        before[index] = tops[at - 1] if at else -1
    chosen: set[int] = set()
    index = tops[-1] if tops else -1
    while index >= 0:
        chosen.add(index)
        index = before[index]
    return chosen


def _spread(starts: Sequence[float], until: float) -> list[float]:
    """Words that share one start, each with its own part of the time up to the next start."""
    runs = [(start, len(list(run))) for start, run in groupby(starts)]
    ends = [start for start, _ in runs[1:]] + [until]
    return [
        start + index * min((end - start) / count, MAX_WORD_SECONDS / 10)
        for (start, count), end in zip(runs, ends, strict=True)
        for index in range(count)
    ]


def _end(word: Word, start: float, after: float) -> float:
    """Where the word ends: not before it starts, not after the next one starts, within reason."""
    end = word.end if math.isfinite(word.end) else start
    return max(start, min(end, start + MAX_WORD_SECONDS, after))


def _split(word: Word) -> Iterator[Word]:
    """The word in pieces no wider than a line, each with its share of the time."""
    pieces = [piece for part in word.text.split() for piece in _wrap(part)]
    total = sum(len(text) for text, _ in pieces)
    start = word.start
    for index, (text, first) in enumerate(pieces):
        end = start + (word.end - word.start) * len(text) / total
        yield Word(start, end if index < len(pieces) - 1 else word.end, text, word.glued if not index else not first)
        start = end


def _wrap(text: str) -> list[tuple[str, bool]]:
    """(piece, is it the first of this text) for pieces no wider than a line."""
    pieces, used = [""], 0
    for character in text:
        used += _column(character)
        if used > MAX_WORD_WIDTH:
            pieces.append("")
            used = _column(character)
        pieces[-1] += character
    return [(piece, index == 0) for index, piece in enumerate(pieces)]


def _column(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _join_clinging(words: Sequence[Word]) -> list[Word]:
    """Joins what no line may begin or end between: "jet" + "-lag", "は" + "。", "「" + "い"."""
    joined: list[Word] = []
    for word in words:
        last = joined[-1] if joined else None
        if last and _clings(last, word):
            joined[-1] = replace(last, end=max(last.end, word.end), text=last.text + word.text)
        else:
            joined.append(word)
    return joined


def _clings(before: Word, after: Word) -> bool:
    too_long = after.end - before.start > MAX_WORD_SECONDS
    if not after.glued or too_long or width(before.text + after.text) > MAX_WORD_WIDTH:
        return False
    tail, head = unicodedata.category(before.text[-1]), unicodedata.category(after.text[0])
    return tail in ("Ps", "Pi", "Sc") or head in ("Pe", "Pf", "Po", "Pd", "Pc", "Sm", "Sc", "So", "Mn", "Mc")
