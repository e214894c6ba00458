"""Which part of which frame is read next."""

from __future__ import annotations

import numpy as np

from transcode.ocr.base import Box
from transcode.ocr.sample import CELL, Region, cells_with_ink, differing, grown, mark_read, next_region, shortened

ROWS, COLUMNS = 120, 200


def blank(frames: int = 1) -> np.ndarray:
    return np.full((frames, ROWS, COLUMNS), 30, np.uint8)


def write(frame: np.ndarray, top: int, left: int, width: int, *, height: int = 4, seed: int = 1) -> None:
    """Something like a line of text: strokes with gaps between them."""
    strokes = np.random.default_rng(seed).integers(90, 220, (height, width)).astype(np.uint8)
    strokes[:, ::3] = 30
    frame[top : top + height, left : left + width] = strokes


def read_all(stack: np.ndarray) -> list[Region]:
    unread, regions = cells_with_ink(stack), []
    while region := next_region(stack, unread):
        mark_read(stack, unread, region)
        regions.append(region)
        assert len(regions) < 50
    return regions


def test_plain_ground_is_never_read() -> None:
    assert read_all(blank(3)) == []


def test_what_stands_still_is_read_once_however_many_frames_show_it() -> None:
    stack = blank(30)
    for frame in stack:
        write(frame, 40, 20, 100)
    (region,) = read_all(stack)
    assert (region.frame, region.box.left <= 20, region.box.right >= 120) == (0, True, True)


def test_only_the_part_that_changed_is_read_again() -> None:
    stack = blank(2)
    for number, frame in enumerate(stack):
        write(frame, 20, 20, 150, seed=7)
        write(frame, 90, 20, 60, seed=number)
    first, second, third = read_all(stack)
    assert {first.frame, second.frame} == {0}
    assert third.frame == 1
    assert third.box.top > 60


def test_the_frame_with_most_that_is_new_comes_first() -> None:
    stack = blank(3)
    write(stack[0], 20, 20, 40)
    write(stack[1], 20, 20, 40)
    for top in range(16, 100, 16):
        write(stack[2], top, 20, 160, seed=top)
    assert next_region(stack, cells_with_ink(stack)).frame == 2  # type: ignore[union-attr]


def test_a_line_that_is_being_typed_is_read_where_it_is_longest() -> None:
    stack = blank(10)
    for number, frame in enumerate(stack):
        write(frame, 40, 20, 160)
        frame[:, 20 + 16 * (number + 1) :] = 30
    regions = read_all(stack)
    assert [region.frame for region in regions] == [9]


def test_what_comes_back_is_not_read_again() -> None:
    stack = blank(4)
    for number, frame in enumerate(stack):
        write(frame, 40, 20, 100, seed=number % 2)
    assert len(read_all(stack)) == 2


def test_a_caret_and_noise_are_no_reason_to_read() -> None:
    stack = blank(6)
    for number, frame in enumerate(stack):
        write(frame, 40, 20, 100)
        frame += np.random.default_rng(number).integers(0, 5, frame.shape).astype(np.uint8)
        if number % 2:
            frame[40:44, 124] = 200
    assert len(read_all(stack)) == 1


def test_a_region_has_the_whole_of_the_lines_it_cuts() -> None:
    frame = blank()[0]
    write(frame, 40, 20, 140)
    write(frame, 70, 20, 140)
    box = grown(frame, Box(80, 40, 88, 44))
    assert box.left <= 20 and box.right >= 160
    assert box.top < 40 and 44 < box.bottom < 70


def test_growing_ends_at_the_edges_of_the_picture() -> None:
    frame = blank()[0]
    write(frame, 0, 0, COLUMNS, height=ROWS)
    assert grown(frame, Box(80, 40, 88, 44)).overlap(Box(0, 0, COLUMNS, ROWS)) == grown(frame, Box(80, 40, 88, 44)).area


def test_a_region_can_be_cut_to_what_there_is_time_for() -> None:
    region = Region(0, Box(0, 0, 100, 50), 20)
    half = shortened(region, region.in_picture.area // 2)
    assert half.in_picture.area == region.in_picture.area // 2
    assert shortened(region, 10**9).box == region.box
    assert shortened(region, 0).in_picture.area == 0


def test_frames_differ_where_they_do() -> None:
    stack = blank(3)
    stack[2, 8:12, 8:12] = 90
    differs = differing(stack, stack[0])
    assert differs.shape == (3, ROWS // CELL, COLUMNS // CELL)
    assert [tuple(place) for place in np.argwhere(differs)] == [(2, 2, 2)]
