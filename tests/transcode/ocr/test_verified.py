"""Real frames of programming videos, whose text somebody read by eye."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.drawn_screens import tokens_of
from transcode.ocr import get_engine


@pytest.mark.shared
@pytest.mark.parametrize("name", ["103", "266", "356"])
def test_nearly_every_token_is_read(name: str, shared_data: Path) -> None:
    verified = shared_data / "ocr" / "psc2code"
    picture = cv2.imread(str(verified / "crops" / f"{name}.png"))
    assert picture is not None
    read = tokens_of(line.text for line in get_engine("rapidocr").read(picture.astype(np.uint8)))
    known = tokens_of((verified / "verified" / f"{name}.txt").read_text(encoding="utf-8").splitlines())
    assert (known & read).total() >= 0.9 * known.total(), known - read
