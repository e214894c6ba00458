"""Frames in, text out, in no more time than there is: counted on a clock that the test turns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from transcode.media.errors import MediaError
from transcode.media.screens import Screen
from transcode.ocr import Box, Line, Picture, read_text, reading

WIDTH, HEIGHT = 800, 480


class Clock:
    """Stands still until somebody works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class ToldEngine:
    """Reads so many lines off every region, each a second long, and remembers what it was given."""

    name = "told"

    def __init__(self, clock: Clock, *, lines: int = 1, seconds: float = 1.0, box: Box | None = None) -> None:
        self.clock, self.lines, self.seconds, self.box = clock, lines, seconds, box
        self.given: list[tuple[int, int]] = []
        self.read_off = 0

    def read(self, picture: Picture) -> Iterator[Line]:
        self.given.append((picture.shape[1], picture.shape[0]))
        for number in range(self.lines):
            self.clock.now += self.seconds
            self.read_off += 1
            inside = Box(8, 8, picture.shape[1] - 8, picture.shape[0] - 8)
            yield Line(self.box or inside, f"line {number} of {len(self.given)}", 0.9)


def screens(folder: Path, *seeds: int) -> list[Screen]:
    """A frame a second; each seed is another line in the middle of the picture, 0 is none."""
    found = []
    for number, seed in enumerate(seeds):
        picture = np.full((HEIGHT, WIDTH, 3), 25, np.uint8)
        if seed:
            strokes = np.random.default_rng(seed).integers(80, 255, (5, 60)).astype(np.uint8)
            picture[200:220, 100:340] = np.kron(strokes, np.ones((4, 4), np.uint8))[..., None]
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), picture)
        found.append(Screen(float(number), path))
    return found


def test_each_change_is_read_and_has_its_time_and_place(tmp_path: Path) -> None:
    clock = Clock()
    read = read_text(screens(tmp_path, 1, 1, 2, 2), ToldEngine(clock), duration=100, clock=clock)
    assert (read.regions, read.complete) == (2, True)
    assert [(each.start, each.end) for each in read.shown] == [(0.0, 2.0), (2.0, 100)]
    assert read.shown[0].left == pytest.approx(100 / WIDTH, abs=0.02)
    assert read.shown[0].top == pytest.approx(200 / HEIGHT, abs=0.03)


def test_reading_ends_after_its_part_of_the_duration(tmp_path: Path) -> None:
    """Ten changes, and time for three seconds: three regions of seven eighths of one."""
    clock, seeds = Clock(), range(1, 11)
    engine = ToldEngine(clock, seconds=0.875)
    read = read_text(screens(tmp_path, *seeds), engine, duration=10, clock=clock)
    assert (read.regions, read.complete) == (3, False)
    assert clock.now - 100 <= 0.3 * 10
    assert len(read.shown) == 3


def test_reading_ends_in_the_middle_of_a_region_too(tmp_path: Path) -> None:
    clock = Clock()
    engine = ToldEngine(clock, lines=50, seconds=0.125)
    read = read_text(screens(tmp_path, 1), engine, duration=10, clock=clock)
    assert engine.read_off == 23, "less than three seconds of eighths: some of the time is for putting it together"
    assert len(engine.given) == read.regions == 1


def test_what_went_before_counts_against_the_time_and_what_the_caller_does_in_between_does_not(tmp_path: Path) -> None:
    clock = Clock()
    late = read_text(screens(tmp_path, 1, 2), ToldEngine(clock), duration=10, clock=clock, began=clock.now - 3)
    assert (late.regions, late.complete) == (0, False)

    def do_something_else(_: float) -> None:
        clock.now += 1000

    told = read_text(
        screens(tmp_path, 1, 2), ToldEngine(clock), duration=10, clock=clock, on_progress=do_something_else
    )
    assert (told.regions, told.complete) == (2, True)


def test_where_looking_is_slow_regions_get_smaller(tmp_path: Path) -> None:
    """A screen full of text, and 0.3 s: what is looked at is what can be looked at in that time."""
    clock = Clock()
    picture = np.random.default_rng(1).integers(0, 255, (HEIGHT // 4, WIDTH // 4)).astype(np.uint8)
    path = tmp_path / "full.png"
    cv2.imwrite(str(path), np.kron(picture, np.ones((4, 4), np.uint8)))
    engine = ToldEngine(clock, seconds=0.01)
    read_text([Screen(0.0, path)], engine, duration=1, clock=clock)
    assert engine.given[0][0] * engine.given[0][1] < WIDTH * HEIGHT
    assert engine.given[0][1] >= 64


@pytest.mark.parametrize("inked", [True, False])
def test_lines_cut_by_the_edge_of_a_region_are_left_to_the_next(inked: bool) -> None:
    """Where the edge is plain ground, they only come close to it."""
    part = np.full((100, 200, 3), 30, np.uint8)
    part[0, 50:60] = 200 if inked else 30
    at_the_top, region = Box(40, 0, 120, 20), Box(300, 200, 500, 300)
    assert reading._is_cut(at_the_top, part, region, (800, 480)) is inked
    assert not reading._is_cut(at_the_top, part, region.moved(0, -200), (800, 480)), "there the picture ends"
    assert not reading._is_cut(at_the_top.moved(0, 30), part, region, (800, 480))


def test_progress_rises_with_every_line(tmp_path: Path) -> None:
    clock, told = Clock(), list[float]()
    read_text(screens(tmp_path, 1, 2, 3), ToldEngine(clock), duration=100, clock=clock, on_progress=told.append)
    assert len(told) == 6
    assert 0 < max(told) < 1


def test_no_frames_are_no_text() -> None:
    read = read_text([], ToldEngine(Clock()), duration=10)
    assert (read.shown, read.regions, read.complete) == ([], 0, True)


def test_a_frame_that_is_no_picture_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    with pytest.raises(MediaError) as error:
        read_text([Screen(0.0, broken)], ToldEngine(Clock()), duration=10)
    assert not error.value.permanent
