"""What every engine that reads screens takes and gives, and the one place that chooses among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

# Rows, columns, and blue, green, red, as OpenCV has them.
Picture = NDArray[np.uint8]
EngineName = Literal["rapidocr", "tesseract"]


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture, whole pixels; `right` and `bottom` are the first that do not belong to it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def area(self) -> int:
        return self.width * self.height

    def moved(self, left: int, top: int) -> Box:
        """The same, so many pixels further right and down."""
        return Box(self.left + left, self.top + top, self.right + left, self.bottom + top)

    def around(self, other: Box) -> Box:
        """The smallest that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def overlap(self, other: Box) -> int:
        """How many pixels belong to both."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0, width) * max(0, height)


@dataclass(frozen=True)
class Line:
    """Text that stands in one line, exactly as read; `confidence` from 0 to 1."""

    box: Box
    text: str
    confidence: float


class ScreenEngine(Protocol):
    """Reads text off pictures. The weights are loaded with the engine and kept."""

    name: str

    def read(self, picture: Picture) -> Iterator[Line]:
        """The lines on PICTURE, each as soon as it is read: whoever has no time left takes no more of them.

        Columns that lie apart are lines of their own. Raises MediaError when the engine itself fails.
        """


@lru_cache(maxsize=1)
def get_engine(name: EngineName) -> ScreenEngine:
    """The engine of that name, always the same object: a worker keeps its weights.

    Imports the engine's library and loads weights, about a second. Call it where the work is done, never before a
    fork. Raises MediaError where the machine lacks it.
    """
    if name == "rapidocr":
        from transcode.ocr.rapidocr import RapidOCREngine  # noqa: PLC0415 (ONNX Runtime: a second)

        return RapidOCREngine()
    if name == "tesseract":
        from transcode.ocr.tesseract import Tesseract  # noqa: PLC0415 (not everywhere)

        return Tesseract()
    raise ValueError(f"{name!r} reads no screens: rapidocr or tesseract")
