"""Lines read off single frames become text with a beginning and an end. Pure.

A line was there in every frame that shows the same pixels at its place; so its times are those of the picture, not of
the reading. The same line read twice, off frames of different moments, is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from transcode.ocr.base import Box, Line
from transcode.ocr.sample import AT_ONCE, CELL, QUARTER, Stack, differing

# The mouse passes over it, a menu opens for a moment: text that was gone no longer than this never went, seconds.
SHORT_ABSENCE = 3.0
# Of a line's columns of cells so many may differ, and it is still the same: a caret, the end of a mouse pointer.
MAY_DIFFER = 1
# Of the smaller of two boxes so much lies in the other where both are readings of one line.
SAME_PLACE = 0.6


@dataclass(frozen=True)
class Shown:
    """Text on the screen from `start` to `end` seconds, exactly as read. The box is in parts of the picture, 0 to 1;
    `confidence` from 0 to 1."""

    start: float
    end: float
    left: float
    top: float
    width: float
    height: float
    text: str
    confidence: float


@dataclass(frozen=True)
class _Stay:
    """One line, and the time it was there."""

    line: Line
    start: float
    end: float


def over_time(
    readings: Sequence[tuple[int, Line]], stack: Stack, times: Sequence[float], duration: float, size: tuple[int, int]
) -> list[Shown]:
    """What stood there when, in the order of time, then from top to bottom.

    `readings` are lines and the number of the frame each was read off; `times` says from when on each frame of
    `stack` was shown, the last until `duration`; `size` is the picture's width and height.
    """
    ends = [*times[1:], max(duration, times[-1])] if times else []
    stays = [stay for frame, line in readings for stay in _stays(frame, line, stack, times, ends)]
    kept = _without_doubles(_joined(stays))
    return sorted((_shown(stay, size) for stay in kept), key=lambda each: (each.start, each.top, each.left))


def _stays(frame: int, line: Line, stack: Stack, times: Sequence[float], ends: Sequence[float]) -> Iterator[_Stay]:
    numbers = np.flatnonzero(_is_there(stack, frame, line.box))
    # Numbers without a gap have one distance from their places.
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        frames = [int(number) for _, number in run]
        yield _Stay(line, times[frames[0]], ends[frames[-1]])


def _is_there(stack: Stack, frame: int, box: Box) -> NDArray[np.bool_]:
    """In which frames the pixels of the box are those of `frame`."""
    top, bottom = box.top // QUARTER, max(box.top // QUARTER + CELL, -(-box.bottom // QUARTER))
    left, right = box.left // QUARTER, max(box.left // QUARTER + CELL, -(-box.right // QUARTER))
    inside = (slice(top, bottom), slice(left, right))
    shown = stack[frame][inside]
    there = np.ones(len(stack), np.bool_)
    for first in range(0, len(stack), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        columns = differing(stack[some][:, inside[0], inside[1]], shown).any(axis=1)
        there[some] = columns.sum(axis=1) <= min(MAY_DIFFER, columns.shape[1] // 4)
    return there


def _joined(stays: Sequence[_Stay]) -> list[_Stay]:
    """Stays of one text at one place that overlap, or follow each other at once, as one."""
    joined: list[_Stay] = []
    for _, same in groupby(sorted(stays, key=lambda stay: (stay.line.text, stay.start)), key=lambda s: s.line.text):
        open_ones: list[_Stay] = []
        for stay in same:
            _add(open_ones, stay)
        joined += open_ones
    return joined


def _add(stays: list[_Stay], stay: _Stay) -> None:
    for number, other in enumerate(stays):
        if stay.start - other.end <= SHORT_ABSENCE and _same_place(stay.line.box, other.line.box):
            better = max(stay.line, other.line, key=lambda line: line.confidence)
            stays[number] = _Stay(better, other.start, max(stay.end, other.end))
            return
    stays.append(stay)


def _without_doubles(stays: Sequence[_Stay]) -> list[_Stay]:
    """Of two readings of one place at one time, the longer and surer stays; the other keeps the time it has alone."""
    kept: list[_Stay] = []
    for stay in sorted(stays, key=lambda stay: (-len(stay.line.text) * stay.line.confidence, stay.start)):
        rest: _Stay | None = stay
        for other in kept:
            if rest and _same_place(rest.line.box, other.line.box):
                rest = _less(rest, other)
        if rest:
            kept.append(rest)
    return kept


def _less(stay: _Stay, other: _Stay) -> _Stay | None:
    """What is left of a stay outside of another's time: the longer end, or nothing."""
    if stay.end <= other.start or stay.start >= other.end:
        return stay
    before, after = other.start - stay.start, stay.end - other.end
    if max(before, after) <= 0:
        return None
    return replace(stay, end=other.start) if before >= after else replace(stay, start=other.end)


def _same_place(one: Box, other: Box) -> bool:
    return one.overlap(other) >= SAME_PLACE * min(one.area, other.area)


def _shown(stay: _Stay, size: tuple[int, int]) -> Shown:
    box, (width, height) = stay.line.box, size
    return Shown(
        start=stay.start,
        end=stay.end,
        left=box.left / width,
        top=box.top / height,
        width=box.width / width,
        height=box.height / height,
        text=stay.line.text,
        confidence=stay.line.confidence,
    )
