"""Cuts spoken words into captions that people can read: pure, the same for every engine.

The limits are those of the subtitling guides that broadcasters publish (Netflix Timed Text, BBC, EBU): two lines
of 42 characters, at most seven seconds, cut where a sentence or a breath ends. A wide (CJK) character counts as
two, which gives such languages lines of 21.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from transcode.speech.words import Word, ends_clause, ends_sentence, tidy_words, width

LINE_WIDTH = 42
MAX_SECONDS = 7.0
MIN_SECONDS = 1.0
# Reading speed in columns a second; a cue stays up this long when nothing follows at once.
READING_SPEED = 17.0
# A silence this long always ends a cue: a caption must not stand there announcing what is not yet said.
LONG_PAUSE = 1.2
SHORT_PAUSE = 0.35
# The shortest time a player can show; only engines that give several words one instant make us need it.
INSTANT = 0.04

# What a cue costs. One more cue costs 1; the rest says how many more cues a better cut is worth.
COST_CUE = 1.0
COST_CUT_INSIDE = 1.2  # ends in the middle of a clause
COST_CUT_CLAUSE = 0.35  # ends at a comma or a short breath
COST_SENTENCES_JOINED = 1.1  # the end of a sentence in the middle of a cue; less for very short sentences
COST_PAUSE = 1.0  # for each second of silence inside a cue, short breaths left out
COST_TOO_SHORT = 1.5  # for each second under the minimum


@dataclass(frozen=True)
class Cue:
    """One caption, seconds; `text` is one line or two, joined by a newline."""

    start: float
    end: float
    text: str


def cut_cues(words: Sequence[Word], *, until: float = math.inf) -> list[Cue]:
    """The words as cues: in order, without overlap, each word in exactly one. `until`: the recording's end, seconds.

    Words may come with equal, reversed or missing times; their order is believed, their times are mended.
    """
    groups = [group for passage in _passages(tidy_words(words, until=until)) for group in _cut(passage)]
    return _time(groups, until)


def _passages(words: list[Word]) -> Iterator[list[Word]]:
    """Runs of words without a long pause."""
    passage: list[Word] = []
    for word in words:
        if passage and word.start - passage[-1].end >= LONG_PAUSE:
            yield passage
            passage = []
        passage.append(word)
    if passage:
        yield passage


def _cut(words: list[Word]) -> list[list[Word]]:
    """The cheapest way to cut a passage, found by dynamic programming over where the last cue begins."""
    best = [0.0] + [math.inf] * len(words)
    begins = [0] * (len(words) + 1)
    for first in range(len(words)):
        for last, inner in _reach(words, first):
            cost = best[first] + inner + _cost_of_end(words, last)
            if cost < best[last + 1]:
                best[last + 1], begins[last + 1] = cost, first
    groups: list[list[Word]] = []
    end = len(words)
    while end:
        groups.append(words[begins[end] : end])
        end = begins[end]
    return groups[::-1]


def _reach(words: list[Word], first: int) -> Iterator[tuple[int, float]]:
    """Every word that a cue beginning at FIRST can end with, and what such a cue costs before its end is judged."""
    lines, line, inside = 1, 0, 0.0
    for last in range(first, len(words)):
        word = words[last]
        if last > first:
            inside += _cost_inside(words, first, last)
        line += width(word.text) + (0 if word.glued or not line else 1)
        if line > LINE_WIDTH:
            lines, line = lines + 1, width(word.text)
        seconds = word.end - words[first].start
        if last > first and (lines > 2 or seconds > MAX_SECONDS):
            return
        yield last, COST_CUE + inside + COST_TOO_SHORT * max(0.0, MIN_SECONDS - seconds)


def _cost_inside(words: list[Word], first: int, last: int) -> float:
    """What it costs not to cut between the word before LAST and LAST."""
    before = words[last - 1]
    pause = words[last].start - before.end
    cost = COST_PAUSE * pause if pause >= SHORT_PAUSE else 0.0
    if ends_sentence(before.text):
        cost += COST_SENTENCES_JOINED * min(1.0, (before.end - words[first].start) / MIN_SECONDS)
    return cost


def _cost_of_end(words: list[Word], last: int) -> float:
    text = words[last].text
    if last == len(words) - 1 or ends_sentence(text):
        return 0.0
    if ends_clause(text) or words[last + 1].start - words[last].end >= SHORT_PAUSE:
        return COST_CUT_CLAUSE
    return COST_CUT_INSIDE


def _time(groups: list[list[Word]], until: float) -> list[Cue]:
    """Cues with times: from the first word to the last, longer where that helps reading and nobody speaks."""
    spans = _separate([(group[0].start, group[-1].end) for group in groups], until)
    limits = [start for start, _ in spans[1:]] + [max(until, spans[-1][1])] if spans else []
    cues = []
    for group, (start, end), limit in zip(groups, spans, limits, strict=True):
        text = _lay_out(group)
        wanted = start + min(MAX_SECONDS, max(MIN_SECONDS, width(text) / READING_SPEED))
        cues.append(Cue(round(start, 3), round(max(end, min(wanted, limit)), 3), text))
    return cues


def _separate(spans: list[tuple[float, float]], until: float) -> list[tuple[float, float]]:
    """Spans that follow each other and are never empty, back from the end where the words ran into it."""
    apart: list[tuple[float, float]] = []
    clock = 0.0
    for start, end in spans:
        start = max(start, clock)
        clock = max(end, start + INSTANT)
        apart.append((start, clock))
    limit = max(until, INSTANT * len(spans))
    for index in reversed(range(len(apart))):
        start, end = apart[index]
        end = min(end, limit)
        limit = min(start, end - INSTANT)
        apart[index] = (limit, end)
    return apart


def _lay_out(words: list[Word]) -> str:
    """One line, or the two that are most alike in width, broken after a comma where that costs little."""
    whole = _join(words)
    if width(whole) <= LINE_WIDTH:
        return whole
    breaks = [(_join(words[:at]), _join(words[at:]), words[at - 1].text) for at in range(1, len(words))]
    fitting = [(top, low, last) for top, low, last in breaks if max(width(top), width(low)) <= LINE_WIDTH]
    top, low, _last = min(fitting, key=lambda lines: _imbalance(*lines))
    return f"{top}\n{low}"


def _imbalance(top: str, low: str, last: str) -> float:
    difference = width(low) - width(top)
    # a wider second line reads better than a wider first one, since it sits on the frame's edge
    return abs(difference) + (2 if difference < 0 else 0) - (10 if ends_clause(last) else 0)


def _join(words: Sequence[Word]) -> str:
    pieces = [words[0].text] + [after.text if after.glued else f" {after.text}" for _, after in pairwise(words)]
    return "".join(pieces)
