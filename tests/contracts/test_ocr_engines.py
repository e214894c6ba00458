"""One contract for every engine that reads screens: real engines on real drawn screens."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.drawn_screens import load_font
from transcode.ocr import Line, Picture, ScreenEngine, get_engine
from transcode.ocr.tesseract import program

LINES = (
    "kubectl get pods -n checkout",
    "ORA-00942: table or view does not exist",
    "File > Options > Trust Center",
    "/usr/local/lib/node_modules/npm",
)
# Of the tokens of these lines; the second engine reads less (docs/performance.md).
LEAST_RECALL = {"rapidocr": 1.0, "tesseract": 0.7}


def drawn(lines: tuple[str, ...] = LINES, *, dark: bool = False, letters: int = 16, size: int = 480) -> Picture:
    """The lines below each other, as a JPEG of our ffmpeg has them: with half of the colours' sharpness."""
    ground, ink = ("#1e1e1e", "#d4d4d4") if dark else ("#ffffff", "#202124")
    image = Image.new("RGB", (640, size), ground)
    pen = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        pen.text((40, 60 + 60 * row), line, font=load_font("jetbrains_mono", letters), fill=ink)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=94, subsampling=2)
    picture = cv2.imdecode(np.frombuffer(data.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture.astype(np.uint8)


@pytest.fixture(scope="module", params=["rapidocr", "tesseract"])
def engine(request: pytest.FixtureRequest) -> Iterator[ScreenEngine]:
    if request.param == "tesseract" and not program():
        pytest.skip("Tesseract is not installed; Debian: apt install tesseract-ocr")
    with pytest.MonkeyPatch.context() as patch:
        # Whoever wants to fetch weights fails here.
        patch.setattr(socket.socket, "connect", lambda *_: pytest.fail("an engine goes to the network"))
        yield get_engine(request.param)


class TestScreenEngine:
    @pytest.mark.parametrize("dark", [False, True])
    def test_what_stands_there_is_read(self, engine: ScreenEngine, dark: bool) -> None:
        text = " ".join(line.text for line in engine.read(drawn(dark=dark)))
        tokens = [token for line in LINES for token in line.split() if len(token) > 3]
        assert sum(token in text for token in tokens) >= LEAST_RECALL[engine.name] * len(tokens), text

    def test_each_line_has_its_place(self, engine: ScreenEngine) -> None:
        lines = {line.text.split(":")[0]: line.box for line in engine.read(drawn())}
        box = lines["ORA-00942"]
        assert 20 <= box.left <= 44 and 110 <= box.top <= 130
        assert 130 <= box.bottom <= 150 and 380 <= box.right <= 460

    def test_it_is_as_sure_as_a_number_from_0_to_1_says(self, engine: ScreenEngine) -> None:
        assert all(0.5 <= line.confidence <= 1 for line in engine.read(drawn()))

    def test_plain_ground_holds_no_text(self, engine: ScreenEngine) -> None:
        assert list(engine.read(np.full((200, 300, 3), 240, np.uint8))) == []

    @pytest.mark.parametrize("size", [(8, 8), (20, 400), (400, 20), (33, 35)])
    def test_a_picture_of_any_size_is_taken(self, engine: ScreenEngine, size: tuple[int, int]) -> None:
        noise = np.random.default_rng(3).integers(0, 255, (*size, 3)).astype(np.uint8)
        for line in engine.read(noise):
            assert line.text.strip()
            assert 0 <= line.box.left < line.box.right <= size[1]
            assert 0 <= line.box.top < line.box.bottom <= size[0]

    def test_whoever_has_no_time_left_takes_no_more_lines(self, engine: ScreenEngine) -> None:
        reading = engine.read(drawn())
        assert isinstance(next(iter(reading)), Line)
        closing: Any = reading
        closing.close()
        assert len(list(engine.read(drawn()))) >= 2, "and it reads the next picture as if nothing had been"

    def test_it_is_the_same_engine_for_the_next_recording(self, engine: ScreenEngine) -> None:
        name: Any = engine.name
        assert get_engine(name) is get_engine(name)


def test_nobody_else_reads() -> None:
    unknown: Any = "eyes"
    with pytest.raises(ValueError, match="rapidocr or tesseract"):
        get_engine(unknown)
