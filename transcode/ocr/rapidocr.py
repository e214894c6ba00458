"""rapidocr: the default engine. PP-OCR's small networks on ONNX Runtime, with weights that lie in the wheel.

rapidocr finds the lines. They are recognised here, each by itself and without padding, which takes half of the time
that rapidocr's batches do, and lets whoever has no time left stop after any line.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import rapidocr
from numpy.typing import NDArray

from transcode.ocr.base import Box, Line, Picture
from transcode.ocr.letters import NARROW, WIDE, Gap, Spelling, Steps

RECOGNISER = Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_rec_small.onnx"
# What looks for lines takes pictures up to this side as they are; by itself rapidocr would enlarge small regions.
LONGEST_SIDE = 4096
# It wants sides of at least a block.
LEAST_SIDE = 32
# Two: while screens are read, a recording may be encoded beside us, and that goes first.
THREADS = 2
# Lines that are begun before anybody asks for them.
AHEAD = 2 * THREADS
# Rows of the recogniser. A line is drawn together at first: every column costs the same, and the letters of code are
# wide enough. Narrow ones make it unsure, and then it gets the line as it is (docs/decisions.md).
ROWS, LEAST_COLUMNS = 48, 16
NARROWER = 0.75
SURE = 0.97
# Columns of the recogniser. Attention makes longer lines dearer than their parts.
LONGEST = 1200
INK = 24  # shades
# Of the lower of two boxes so much lies in the rows of the other, and so much of its height is between them, where they
# are of one line.
SAME_ROW, TOUCHES = 0.7, 0.3
MARGIN = 3  # columns of ground left beside a line
LEAST_CONFIDENCE = 0.5
# A lone letter is an icon, as often as not.
SHORT, LEAST_CONFIDENCE_OF_SHORT = 2, 0.8


class RapidOCREngine:
    """The ScreenEngine on rapidocr."""

    name = "rapidocr"

    def __init__(self) -> None:
        self._finder = rapidocr.RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.max_side_len": LONGEST_SIDE,
                "Global.min_side_len": LEAST_SIDE,
                "Det.limit_type": "max",
                "Det.limit_side_len": LONGEST_SIDE,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads(),
            }
        )
        options = onnxruntime.SessionOptions()
        # A line a thread: within one, two threads wait for each other as long as they work.
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # An arena keeps what the longest line took, for ever.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(RECOGNISER, options, providers=["CPUExecutionProvider"])
        self._threads = ThreadPoolExecutor(threads(), thread_name_prefix="screen")
        self._input = self._session.get_inputs()[0].name
        letters = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        # The network's classes: none, the letters, the space.
        self._spelling = Spelling.of(("", *letters, " "))

    def read(self, picture: Picture) -> Iterator[Line]:
        """See ScreenEngine."""
        if min(picture.shape[:2]) < LEAST_SIDE:
            picture = _enlarged(picture)
        waiting: deque[tuple[Box, Future[tuple[str, float]]]] = deque()
        try:
            for box in self._find(picture):
                part = picture[box.top : box.bottom, box.left : box.right]
                waiting.append((box, self._threads.submit(self._recognise, part)))
                if len(waiting) > AHEAD:
                    yield from _line(*waiting.popleft())
            for box, future in waiting:
                yield from _line(box, future)
        finally:
            for _, future in waiting:
                future.cancel()

    def _find(self, picture: Picture) -> list[Box]:
        found: Any = self._finder(picture, use_det=True, use_cls=False, use_rec=False)
        corners = getattr(found, "boxes", None)
        height, width = picture.shape[:2]
        return joined([_around(each, width, height) for each in corners]) if corners is not None else []

    def _recognise(self, line: Picture) -> tuple[str, float]:
        """The text of a line, and how sure it is: drawn together first, and at its own width where that was unsure."""
        line = trimmed(line)
        text, confidence = self._spelt(line, NARROWER)
        if confidence >= SURE:
            return text, confidence
        return max((text, confidence), self._spelt(line, 1.0), key=lambda spelt: spelt[1])

    def _spelt(self, line: Picture, narrower: float) -> tuple[str, float]:
        gaps = gaps_of(line)
        parts = parts_of(line, gaps, narrower)
        return self._spelling.spell([self._steps(line, left, right, narrower) for left, right in parts], gaps)

    def _steps(self, line: Picture, left: int, right: int, narrower: float) -> Steps:
        columns = max(LEAST_COLUMNS, round((right - left) * ROWS / line.shape[0] * narrower))
        how = cv2.INTER_LINEAR if columns > right - left else cv2.INTER_AREA
        scaled = cv2.resize(line[:, left:right], (columns, ROWS), interpolation=how)
        wanted = (scaled.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None]
        chances: NDArray[np.float32] = self._session.run(None, {self._input: wanted})[0][0]
        return Steps(chances, left, right)


def _line(box: Box, future: Future[tuple[str, float]]) -> Iterator[Line]:
    text, confidence = future.result()
    least = LEAST_CONFIDENCE_OF_SHORT if len(text) <= SHORT else LEAST_CONFIDENCE
    if text and confidence >= least:
        yield Line(box, text, confidence)


def threads() -> int:
    """How many there are."""
    return min(THREADS, len(os.sched_getaffinity(0)))


def trimmed(line: Picture) -> Picture:
    """The line without the ground at its ends, which would cost what letters do."""
    inked = np.flatnonzero(_inked(line))
    if not len(inked):
        return line
    return line[:, max(0, int(inked[0]) - MARGIN) : int(inked[-1]) + 1 + MARGIN]


def _inked(line: Picture) -> NDArray[np.bool_]:
    """Which columns are not all ground."""
    ground = np.median(line.reshape(-1, 3), axis=0)
    found: NDArray[np.bool_] = np.logical_or.reduce(np.abs(line - ground).max(axis=2) > INK, axis=0)
    return found


def gaps_of(line: Picture) -> list[Gap]:
    """Where there is ground between letters, wider than between the strokes of one."""
    inked = _inked(line)
    edges = np.flatnonzero(np.diff(np.concatenate(([True], inked, [True])).astype(np.int8)))
    height, width = line.shape[:2]
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    inner = ((start, end) for start, end in runs if start > 0 and end < width)
    return [Gap((start + end) / 2, (end - start) / height) for start, end in inner if end - start >= NARROW * height]


def parts_of(line: Picture, gaps: Sequence[Gap], narrower: float) -> list[tuple[int, int]]:
    """The line cut in the middle of spaces, where it is too long for the recogniser; whole where there are none."""
    height, width = line.shape[:2]
    most = LONGEST * height / ROWS / narrower
    cuts, last = [0], 0
    for middle in [int(gap.at) for gap in gaps if gap.width >= WIDE] + [width]:
        if middle - cuts[-1] > most and last > cuts[-1]:
            cuts.append(last)
        last = middle
    return list(pairwise([*cuts, width]))


def joined(boxes: Sequence[Box]) -> list[Box]:
    """The boxes, those that touch in one row as one: a long word is found in two pieces now and then."""
    found: list[Box] = []
    for box in boxes:
        before = next((number for number, other in enumerate(found) if _touch(other, box)), None)
        if before is None:
            found.append(box)
        else:
            found[before] = found[before].around(box)
    return found


def _touch(one: Box, other: Box) -> bool:
    height = min(one.height, other.height)
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    apart = max(one.left, other.left) - min(one.right, other.right)
    return shared >= SAME_ROW * height and apart <= TOUCHES * height and max(one.height, other.height) <= 2 * height


def _around(corners: NDArray[np.float32], width: int, height: int) -> Box:
    """The upright box around four corners: text on screens is not turned."""
    left, top = np.floor(corners.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).tolist()
    left, top = max(0, min(left, width - 2)), max(0, min(top, height - 2))
    return Box(left, top, max(left + 2, min(width, right)), max(top + 2, min(height, bottom)))


def _enlarged(picture: Picture) -> Picture:
    """With ground around it: nothing is found on less than a block."""
    height, width = picture.shape[:2]
    more = (0, max(0, LEAST_SIDE - height), 0, max(0, LEAST_SIDE - width))
    framed = cv2.copyMakeBorder(picture, *more, cv2.BORDER_REPLICATE)
    return framed.astype(np.uint8, copy=False)
