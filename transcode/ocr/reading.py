"""The whole of it: frames in, text over time out, in no more time than a part of the recording's length."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from transcode.media.errors import MediaError
from transcode.media.screens import Screen
from transcode.ocr import sample
from transcode.ocr.base import Box, Line, Picture, ScreenEngine
from transcode.ocr.merge import Shown, over_time

# Of the recording's length, by the clock; and how much of that is for reading, what is left for putting it together.
SHARE, FOR_READING = 0.3, 0.95
# Of what is left, how much looking for lines in a region may take: they are to be read as well.
FOR_LOOKING = 0.5
# Seconds a pixel for that, until it has been measured: 2 s for 1080p.
LOOKING = 1e-6
LEAST_LOOKING = 1e-7
# Fewer pixels show no line; where the time is enough for no more, it is over.
LEAST_PIXELS = 64 * 64
# What begins or ends so close to the edge of a region, pixels, is cut by it where the edge is not all ground (shades).
EDGE, INK = 1, 40

Clock = Callable[[], float]
OnProgress = Callable[[float], None]


@dataclass
class Budget:
    """How long reading may take, by a clock that the caller gives; and what looking at a pixel has cost so far."""

    seconds: float
    clock: Clock
    began: float
    on_progress: OnProgress
    looking: float = LOOKING

    @property
    def left(self) -> float:
        """Seconds."""
        return self.seconds - (self.clock() - self.began)

    def pixels(self) -> int:
        """How large a region may be that is looked at now."""
        return int(max(0.0, self.left) * FOR_LOOKING / self.looking)

    def measured(self, seconds: float, pixels: int) -> None:
        """So long the last look took; what is known is the mean of that and what was known before."""
        self.looking = (self.looking + max(seconds, pixels * LEAST_LOOKING) / pixels) / 2

    def tell(self, done: float) -> None:
        """Say that so much is done, 0 to 1. What the caller does in that moment, another job even, costs no time."""
        asked = self.clock()
        spent = 1.0 - self.left / self.seconds if self.seconds > 0 else 1.0
        self.on_progress(min(0.99, max(spent, done)))
        self.began += self.clock() - asked


@dataclass
class Read:
    """What was read, off how many regions, and whether the time was enough for all there were."""

    shown: list[Shown] = field(default_factory=list)
    regions: int = 0
    complete: bool = True


def read_text(
    screens: Sequence[Screen],
    engine: ScreenEngine,
    *,
    duration: float,
    clock: Clock = time.monotonic,
    began: float | None = None,
    on_progress: OnProgress = lambda _: None,
) -> Read:
    """The text on the frames of a recording: pictures of one size that our own ffmpeg wrote, in the order of time.

    Takes SHARE of the duration at most (seconds) since `began`, by default the present: what changes most is read
    first, and what is not reached in time is left out. `on_progress` gets the part done after every line. Raises
    MediaError when a frame or the engine fails.
    """
    budget = Budget(FOR_READING * SHARE * duration, clock, clock() if began is None else began, on_progress)
    if not screens:
        return Read()
    stack = sample.as_stack([_load(screen, cv2.IMREAD_REDUCED_GRAYSCALE_4) for screen in screens])
    unread = sample.cells_with_ink(stack)
    read, lines, size, whole = Read(), list[tuple[int, Line]](), (1, 1), max(1, int(unread.sum()))
    while region := sample.next_region(stack, unread):
        there_is_time_for = budget.pixels()
        if there_is_time_for < min(LEAST_PIXELS, region.in_picture.area):
            read.complete = False
            break
        region = sample.shortened(region, there_is_time_for)
        picture = _load(screens[region.frame], cv2.IMREAD_COLOR)
        size = (picture.shape[1], picture.shape[0])
        lines += [(region.frame, line) for line in _read_region(engine, picture, region.in_picture, budget)]
        sample.mark_read(stack, unread, region)
        read.regions += 1
        budget.tell(1 - int(unread.sum()) / whole)
    read.shown = over_time(lines, stack, [screen.at for screen in screens], duration, size)
    return read


def _read_region(engine: ScreenEngine, picture: Picture, region: Box, budget: Budget) -> Iterator[Line]:
    """The lines in a region of the picture, as many as there is time for, less those its edges cut through."""
    height, width = picture.shape[:2]
    region = Box(region.left, region.top, min(width, region.right), min(height, region.bottom))
    part = picture[region.top : region.bottom, region.left : region.right]
    asked = budget.clock()
    for number, line in enumerate(engine.read(part)):
        if number == 0:
            budget.measured(budget.clock() - asked, region.area)
        if not _is_cut(line.box, part, region, (width, height)):
            yield Line(line.box.moved(region.left, region.top), line.text, line.confidence)
        if budget.left <= 0:
            break
        budget.tell(0.0)


def _is_cut(box: Box, part: Picture, region: Box, size: tuple[int, int]) -> bool:
    """Whether letters go on behind an edge of the region, which is part of a picture of that size."""
    width, height = size
    edges = (
        (box.top <= EDGE and region.top > 0, part[0, box.left : box.right]),
        (box.bottom >= region.height - EDGE and region.bottom < height, part[-1, box.left : box.right]),
        (box.left <= EDGE and region.left > 0, part[box.top : box.bottom, 0]),
        (box.right >= region.width - EDGE and region.right < width, part[box.top : box.bottom, -1]),
    )
    return any(bool(touches and np.ptp(pixels.astype(np.int16), axis=0).max() > INK) for touches, pixels in edges)


def _load(screen: Screen, how: int) -> Picture:
    picture = cv2.imread(str(screen.path), how)
    if picture is None:
        raise MediaError("A frame of this recording cannot be read.", permanent=False)
    return picture.astype(np.uint8, copy=False)
