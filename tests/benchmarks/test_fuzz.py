"""The fuzzer itself, and a little of what it does on every run of the tests."""

import random
import sys
from pathlib import Path

import pytest

from benchmarks import fuzz
from tests.transcode.media.conftest import H264, VP8, Make, made, picture, tone
from transcode.media.errors import MediaError

__all__ = ["made"]  # a fixture
FEW = 12  # damaged files of each kind: two seconds


def kinds(made: Make) -> list[Path]:
    sound = [*tone(1), "-shortest"]
    return [
        made("small.mp4", *picture("64x48", seconds=1), *sound, *H264, "-c:a", "aac"),
        made("small.webm", *picture("64x48", seconds=1), *sound, *VP8, "-c:a", "libopus"),
        made("small.avi", *picture("64x48", seconds=1), "-c:v", "mpeg4"),
        made("small.webp", *picture("64x48", seconds=1), "-c:v", "libwebp_anim"),
    ]


def test_damaged_recordings_end_as_renditions_or_as_refusals(made: Make, tmp_path: Path) -> None:
    originals = kinds(made)
    ends = [fuzz.try_one(originals, 7, number, tmp_path / "kept") for number in range(len(originals) * FEW)]
    assert not [end for end in ends if end.startswith("FINDING")]
    assert {end.split()[0] for end in ends} == {"ready", "refused"}
    assert not (tmp_path / "kept").exists()


def test_a_number_always_damages_in_the_same_way() -> None:
    data = bytes(range(256)) * 40
    once, again = (fuzz.damaged(random.Random("1.5"), data) for _ in range(2))
    assert once == again != data


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError("x"), MediaError("Ours.", permanent=False), MediaError("no sentence", permanent=True)],
)
def test_whatever_is_neither_is_a_finding_and_kept(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(_: Path) -> None:
        raise error

    monkeypatch.setattr(fuzz, "probe", fail)
    keep = tmp_path / "kept"
    monkeypatch.setattr(sys, "argv", ["fuzz", "--count", "1", "--keep", str(keep), str(kinds(made)[0])])
    assert fuzz.main() == 1
    assert "FINDING" in capsys.readouterr().out
    assert [path.name for path in keep.iterdir()] == ["1-0-small.mp4"]
