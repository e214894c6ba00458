"""The still picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.transcode.media.conftest import H264, Make, picture
from transcode.media.encode import write_rest
from transcode.media.errors import MediaError
from transcode.media.plan import make_plan
from transcode.media.poster import choose_poster, score
from transcode.media.probe import probe


def poster_of(source: Path, into: Path) -> Image.Image:
    facts = probe(source)
    poster = write_rest(source, facts, make_plan(facts), into).poster
    assert poster.name == "poster.jpg"
    with Image.open(poster) as image:
        image.load()
        return image


def spread(image: Image.Image) -> float:
    return float(np.asarray(image.convert("L")).std())


def test_the_telling_frame_wins_over_blank_ones(made: Make, tmp_path: Path) -> None:
    busy = "color=white:s=640x360:r=10:d=6[w];testsrc2=s=640x360:r=10:d=6[t];[w][t]overlay=enable='between(t,2.5,3.5)'"
    source = made("mostly-blank.mp4", "-f", "lavfi", "-i", busy, *H264)
    assert spread(poster_of(source, tmp_path)) > 20


def test_a_large_picture_is_made_smaller_and_a_small_one_left(made: Make, screen: Path, tmp_path: Path) -> None:
    large = made("wide.mp4", *picture("2560x1080", "5", 1), *H264)
    for source, size in ((large, (1280, 540)), (screen, (320, 240))):
        into = tmp_path / source.stem
        into.mkdir()
        image = poster_of(source, into)
        assert (image.format, image.size) == ("JPEG", size)


def test_a_browser_take_without_index_has_a_poster(browser_take: Path, tmp_path: Path) -> None:
    assert spread(poster_of(browser_take, tmp_path)) > 20


def test_a_blank_recording_still_has_a_poster(made: Make, tmp_path: Path) -> None:
    source = made("blank.mp4", "-f", "lavfi", "-i", "color=black:s=64x64:r=5:d=2", *H264)
    assert spread(poster_of(source, tmp_path)) < 1


def test_the_first_frame_is_no_candidate_where_there_is_more(made: Make, tmp_path: Path) -> None:
    flash = "color=gray:s=320x180:r=10:d=8[g];testsrc2=s=320x180:r=10:d=8[t];[g][t]overlay=enable='lt(t,0.2)'"
    source = made("flash.mp4", "-f", "lavfi", "-i", flash, *H264)
    assert spread(poster_of(source, tmp_path)) < 5


def test_no_candidate_at_all_is_said(tmp_path: Path) -> None:
    (tmp_path / "stills.gray").touch()
    with pytest.raises(MediaError, match="No frame"):
        choose_poster(tmp_path)


def test_text_scores_above_a_fade_and_a_fade_above_nothing() -> None:
    rng = np.random.default_rng(1)
    text = np.where(rng.random((180, 320)) > 0.8, 30, 220).astype(np.uint8)
    fade = (text // 8 + 100).astype(np.uint8)
    blank = np.full((180, 320), 128, dtype=np.uint8)
    assert score(text) > score(fade) > score(blank) == pytest.approx(0)
