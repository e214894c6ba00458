"""What is made of the lines that rapidocr finds, before they are recognised."""

from __future__ import annotations

import numpy as np

from transcode.ocr.base import Box
from transcode.ocr.letters import Gap
from transcode.ocr.rapidocr import gaps_of, joined, parts_of, trimmed


def line(*inked: tuple[int, int], width: int = 300, height: int = 20) -> np.ndarray:
    """Light ground with strokes from one column up to another."""
    picture = np.full((height, width, 3), 240, np.uint8)
    for start, end in inked:
        picture[4:16, start:end] = 20
    return picture


def test_pieces_of_one_word_are_one_line() -> None:
    assert joined([Box(10, 10, 60, 30), Box(61, 11, 120, 30)]) == [Box(10, 10, 120, 30)]
    assert joined([Box(61, 11, 120, 30), Box(10, 10, 64, 30)]) == [Box(10, 10, 120, 30)]


def test_columns_and_rows_stay_lines_of_their_own() -> None:
    apart = [Box(10, 10, 60, 30), Box(80, 10, 120, 30), Box(10, 28, 60, 48), Box(121, 0, 200, 60)]
    assert joined(apart) == apart


def test_ground_beside_a_line_is_not_recognised() -> None:
    assert trimmed(line((50, 60), (200, 210))).shape[1] == 3 + 160 + 3
    assert trimmed(line()).shape[1] == 300, "nothing is there to be trimmed to"


def test_gaps_are_those_between_letters() -> None:
    assert gaps_of(line((50, 60), (62, 70), (90, 100))) == [Gap(80.0, 1.0)]


def test_a_long_line_is_cut_in_spaces_only() -> None:
    long = line(width=2000)
    gaps = [Gap(400.0, 0.9), Gap(450.0, 0.3), Gap(900.0, 0.9)]
    assert parts_of(long, gaps, 1.0) == [(0, 400), (400, 900), (900, 2000)]
    assert parts_of(long, [], 1.0) == [(0, 2000)]
    assert parts_of(line(width=300), [Gap(150.0, 0.9)], 1.0) == [(0, 300)]
