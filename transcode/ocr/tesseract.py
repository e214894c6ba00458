"""Tesseract, where it is installed (Debian: tesseract-ocr): the second engine. Faster and smaller, and reads less."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from transcode.media import child
from transcode.media.errors import MediaError
from transcode.ocr.base import Box, Line, Picture

PATH = "/usr/bin:/usr/local/bin"
# Its languages: on Debian, and where it was built by hand.
DATA = (Path("/usr/share/tesseract-ocr"), Path("/usr/share/tessdata"), Path("/usr/local/share/tessdata"))
# It was made for print at 300 dots an inch: letters of 12 pixels are half of what it expects.
LARGER = 2
SPARSE = "11"  # its name for "as much text as there is, in no order"
LIMITS = child.Limits(cpu_seconds=120, wall_seconds=120.0, memory_bytes=2 * 1024**3)
LEAST_CONFIDENCE = 50.0  # of 100
WORD = "5"  # the level of its rows that are single words


class Tesseract:
    """The ScreenEngine on the program."""

    name = "tesseract"

    def __init__(self) -> None:
        self._program = program()
        if not self._program:
            raise MediaError("Tesseract is not installed on this machine.", permanent=False)

    def read(self, picture: Picture) -> Iterator[Line]:
        """See ScreenEngine. All lines come at once, when the program has ended."""
        with TemporaryDirectory(prefix="videolib-screen-") as folder:
            file = Path(folder) / "screen.png"
            cv2.imwrite(str(file), cv2.resize(picture, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC))
            args = [self._program, file.name, "stdout", "--psm", SPARSE, "tsv"]
            finished = child.run(args, limits=LIMITS, reads=DATA, cwd=Path(folder))
        if finished.returncode != 0:
            raise MediaError(f"Tesseract could not read a frame: {finished.stderr_tail[-200:]}", permanent=False)
        yield from lines_of(finished.stdout.decode())


def program() -> str:
    """Where it is; empty where it is not installed."""
    return shutil.which("tesseract", path=PATH) or ""


def lines_of(table: str) -> Iterator[Line]:
    """The lines in what it says with `tsv`: a row a word, of which those of a line follow each other."""
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == WORD and (row["text"] or "").strip()]
    for _, each in groupby(words, key=lambda row: (row["block_num"], row["par_num"], row["line_num"])):
        line = list(each)
        confidence = sum(float(word["conf"]) for word in line) / len(line)
        if confidence >= LEAST_CONFIDENCE:
            yield Line(_around(line), " ".join(word["text"] for word in line), confidence / 100)


def _around(words: list[dict[str, str]]) -> Box:
    boxes = [[int(word[name]) for name in ("left", "top", "width", "height")] for word in words]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return Box(left // LARGER, top // LARGER, -(-right // LARGER), -(-bottom // LARGER))
