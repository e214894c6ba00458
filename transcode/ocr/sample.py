"""Which part of which frame is read next: the largest that nobody has read yet. Pure: arrays in, a region out.

Frames are compared at a quarter of their size, where the noise of encoding is averaged away and the smallest letter
still leaves a trace, in cells of 16 by 16 pixels. A cell is unread where it holds anything but plain ground, until
the same content at the same place has been read off any frame. So what stands still is read once, however many frames
show it, and what is being typed is read when most of it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from transcode.ocr.base import Box

Stack = NDArray[np.uint8]  # frames, rows, columns: grey, a quarter of each side
Cells = NDArray[np.bool_]  # frames, rows, columns of cells
Mask = NDArray[np.bool_]  # rows, columns of cells

QUARTER = 4  # pixels of the picture in one of the stack
CELL = 4  # pixels of the stack in a cell
# Shades of grey, of 255. Letters of 12 pixels differ from their ground by 20 and more in a quarter, noise by 4.
INK = 14
SAME = 12
# Fewer cells at one place are a caret, a blinking light, the end of a mouse pointer.
LEAST_CELLS = 3
# Cells so far apart, in columns and rows, are read together.
NEAR = (7, 3)
# Pixels of the stack: what is no further from a changed cell belongs to its line, and a blank row ends the line.
REACH_ACROSS, REACH_UP = 14, 12
# Frames compared at a time: a whole stack of ten minutes is 80 MB.
AT_ONCE = 64


@dataclass(frozen=True)
class Region:
    """Part of a frame: which one, where (pixels of the stack), and how many cells of it are unread."""

    frame: int
    box: Box
    unread: int

    @property
    def in_picture(self) -> Box:
        """Where, in pixels of the picture."""
        box = self.box
        return Box(box.left * QUARTER, box.top * QUARTER, box.right * QUARTER, box.bottom * QUARTER)


def cells_with_ink(stack: Stack) -> Cells:
    """Where there is anything but plain ground."""
    rows, columns = stack.shape[1] // CELL, stack.shape[2] // CELL
    ink = np.zeros((len(stack), rows, columns), np.bool_)
    for number, frame in enumerate(stack):
        ink[number] = _contrast(frame) > INK
    return ink


def next_region(stack: Stack, unread: Cells) -> Region | None:
    """The largest unread part of the frame with most unread; None when all is read."""
    counts = unread.sum(axis=(1, 2))
    for frame in np.argsort(-counts, kind="stable"):
        if counts[frame] < LEAST_CELLS:
            break
        if region := _largest(stack[frame], unread[frame], int(frame)):
            return region
        # All that is left in it is specks.
        unread[frame] = False
    return None


def mark_read(stack: Stack, unread: Cells, region: Region) -> None:
    """The region was read: in every frame, what is the same there is read as well."""
    rows = slice(region.box.top // CELL, -(-region.box.bottom // CELL))
    columns = slice(region.box.left // CELL, -(-region.box.right // CELL))
    inside = (slice(rows.start * CELL, rows.stop * CELL), slice(columns.start * CELL, columns.stop * CELL))
    shown = stack[region.frame][inside]
    for first in range(0, len(stack), AT_ONCE):
        some = slice(first, first + AT_ONCE)
        differs = differing(stack[some][:, inside[0], inside[1]], shown)
        unread[some, rows, columns][..., : differs.shape[1], : differs.shape[2]] &= differs
    unread[region.frame, rows, columns] = False


def differing(frames: Stack, shown: NDArray[np.uint8]) -> Cells:
    """Which cells of `frames` do not show what `shown` does; what is left over at the edges counts as the same."""
    apart = np.asarray(cv2.absdiff(frames, np.broadcast_to(shown, frames.shape).copy())) > SAME
    rows, columns = apart.shape[1] // CELL, apart.shape[2] // CELL
    whole = apart[:, : rows * CELL, : columns * CELL]
    found: Cells = np.logical_or.reduce(whole.reshape(len(apart), rows, CELL, columns, CELL), axis=(2, 4))
    return found


def shortened(region: Region, pixels: int) -> Region:
    """The upper part of it, of no more than so many pixels of the picture."""
    box = region.box
    rows = pixels // max(1, box.width * QUARTER * QUARTER)
    return Region(region.frame, Box(box.left, box.top, box.right, min(box.bottom, box.top + rows)), region.unread)


def _contrast(frame: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Of each cell, between its lightest and its darkest pixel."""
    rows, columns = frame.shape[0] // CELL, frame.shape[1] // CELL
    cells = frame[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    contrast: NDArray[np.int16] = cells.max(axis=(1, 3)).astype(np.int16) - cells.min(axis=(1, 3))
    return contrast


def _largest(frame: NDArray[np.uint8], unread: Mask, number: int) -> Region | None:
    near = cv2.dilate(unread.astype(np.uint8), np.ones(NEAR[::-1], np.uint8))
    count, labels = cv2.connectedComponents(near, connectivity=8)
    sizes = np.bincount(labels[unread], minlength=count)
    label = int(sizes.argmax())
    if sizes[label] < LEAST_CELLS:
        return None
    rows, columns = np.nonzero(unread & (labels == label))
    box = Box(
        int(columns.min()) * CELL, int(rows.min()) * CELL, (int(columns.max()) + 1) * CELL, (int(rows.max()) + 1) * CELL
    )
    return Region(number, grown(frame, box), int(sizes[label]))


def grown(frame: NDArray[np.uint8], box: Box) -> Box:
    """The box with the whole of the lines it cuts: across as far as letters follow letters, up and down to a blank
    row, and some ground around."""
    height, width = frame.shape
    left, right = _along(_inked(frame[box.top : box.bottom], axis=0), box.left, box.right, REACH_ACROSS)
    band = _inked(frame[:, left:right], axis=1)
    top, bottom = _until_blank(band, box.top, box.bottom)
    return Box(max(0, left - 3), max(0, top - 3), min(width, right + 3), min(height, bottom + 3))


def _inked(part: NDArray[np.uint8], axis: int) -> NDArray[np.bool_]:
    """Which columns (axis 0) or rows (axis 1) are not of one shade."""
    part = part.astype(np.int16)
    found: NDArray[np.bool_] = part.max(axis=axis) - part.min(axis=axis) > INK
    return found


def _along(ink: NDArray[np.bool_], first: int, last: int, reach: int) -> tuple[int, int]:
    """From `first` to `last`, and further while the next ink is no further than `reach`."""
    while ink[max(0, first - reach) : first].any():
        first = max(0, first - reach) + int(np.argmax(ink[max(0, first - reach) : first]))
    while ink[last : last + reach].any():
        last += reach - int(np.argmax(ink[last : last + reach][::-1])) if last + reach <= len(ink) else len(ink) - last
    return first, min(last, len(ink))


def _until_blank(ink: NDArray[np.bool_], first: int, last: int) -> tuple[int, int]:
    up = next((row for row in range(first, max(0, first - REACH_UP), -1) if not ink[row - 1]), max(0, first - REACH_UP))
    end = min(len(ink), last + REACH_UP)
    down = next((row for row in range(last, end) if not ink[row]), end)
    return up, down


def as_stack(pictures: Sequence[NDArray[np.uint8]]) -> Stack:
    """Grey pictures of one size, a quarter of the frames', as one array."""
    return np.stack(pictures)
