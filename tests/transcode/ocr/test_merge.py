"""Lines of single frames become text with a beginning and an end."""

from __future__ import annotations

import numpy as np
import pytest

from transcode.ocr.base import Box, Line
from transcode.ocr.merge import Shown, over_time

SIZE = (800, 480)
AT = Box(80, 160, 480, 176)


def stack_of(*shown: int, place: Box = AT) -> np.ndarray:
    """Frames that show line number so and so at the place; 0 is none."""
    stack = np.full((len(shown), SIZE[1] // 4, SIZE[0] // 4), 20, np.uint8)
    for frame, number in zip(stack, shown, strict=True):
        if number:
            inside = frame[place.top // 4 : place.bottom // 4, place.left // 4 : place.right // 4]
            inside[:] = np.random.default_rng(number).integers(80, 250, inside.shape)
    return stack


def merged(stack: np.ndarray, *readings: tuple[int, Line], seconds: float = 1.0) -> list[Shown]:
    times = [number * seconds for number in range(len(stack))]
    return over_time(readings, stack, times, len(stack) * seconds, SIZE)


def test_a_line_is_there_as_long_as_its_pixels_are() -> None:
    (shown,) = merged(stack_of(0, 1, 1, 1, 0, 0), (2, Line(AT, "ORA-00942", 0.9)))
    assert (shown.start, shown.end, shown.text, shown.confidence) == (1.0, 4.0, "ORA-00942", 0.9)
    assert (shown.left, shown.top) == (pytest.approx(0.1), pytest.approx(1 / 3))
    assert (shown.width, shown.height) == (pytest.approx(0.5), pytest.approx(16 / 480))


def test_the_last_frame_stands_until_the_end() -> None:
    (shown,) = merged(stack_of(0, 1), (1, Line(AT, "make run", 0.9)))
    assert (shown.start, shown.end) == (1.0, 2.0)


def test_the_mouse_that_passes_over_it_makes_no_second_line() -> None:
    (shown,) = merged(stack_of(1, 1, 2, 1, 1), (0, Line(AT, "git status", 0.9)))
    assert (shown.start, shown.end) == (0.0, 5.0)


def test_what_went_for_long_and_came_again_is_there_twice() -> None:
    shown = merged(stack_of(1, 0, 0, 0, 0, 0, 1), (0, Line(AT, "git status", 0.9)))
    assert [(each.start, each.end) for each in shown] == [(0.0, 1.0), (6.0, 7.0)]


def test_the_same_line_read_twice_is_one_and_the_surer_reading_stays() -> None:
    stack = stack_of(1, 1, 1)
    nearby = Box(AT.left + 2, AT.top, AT.right + 2, AT.bottom)
    (shown,) = merged(stack, (0, Line(AT, "kubectl", 0.8)), (2, Line(nearby, "kubectl", 0.95)))
    assert (shown.start, shown.end, shown.confidence) == (0.0, 3.0, 0.95)


def test_of_two_readings_of_one_place_the_longer_and_surer_stays() -> None:
    stack = stack_of(1, 1)
    part = Box(AT.left, AT.top, AT.left + 120, AT.bottom)
    (shown,) = merged(stack, (0, Line(AT, "kubectl get pods", 0.9)), (1, Line(part, "kubect", 0.9)))
    assert shown.text == "kubectl get pods"


def test_what_stood_there_before_keeps_its_time() -> None:
    shown = merged(stack_of(1, 1, 2, 2), (0, Line(AT, "first", 0.9)), (3, Line(AT, "second", 0.9)))
    assert [(each.text, each.start, each.end) for each in shown] == [("first", 0.0, 2.0), ("second", 2.0, 4.0)]


def test_a_caret_at_a_line_is_no_other_line() -> None:
    stack = stack_of(1, 1)
    stack[1, AT.top // 4 : AT.bottom // 4, AT.left // 4 + 40] = 255
    (shown,) = merged(stack, (0, Line(AT, "line", 0.9)))
    assert shown.end == 2.0


def test_lines_come_in_the_order_of_time_and_then_from_top_to_bottom() -> None:
    below = Box(80, 200, 480, 216)
    stack = np.maximum(stack_of(0, 1, 1), stack_of(3, 3, 3, place=below))
    above = merged(stack, (2, Line(AT, "later", 0.9)), (0, Line(below, "below", 0.9)))
    assert [each.text for each in above] == ["below", "later"]


def test_nothing_read_is_nothing_shown() -> None:
    assert over_time([], np.zeros((0, 1, 1), np.uint8), [], 3.0, SIZE) == []
