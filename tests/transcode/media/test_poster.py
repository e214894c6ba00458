"""The still picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.transcode.media.conftest import H264, Make, picture
from transcode.media.plan import make_plan
from transcode.media.poster import score, write_poster
from transcode.media.probe import probe


def gray_of(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    with Image.open(path) as image:
        return np.asarray(image.convert("L"))


def test_the_telling_frame_wins_over_blank_ones(made: Make, tmp_path: Path) -> None:
    busy = "color=white:s=640x360:r=10:d=6[w];testsrc2=s=640x360:r=10:d=6[t];[w][t]overlay=enable='between(t,2.5,3.5)'"
    source = made("mostly-blank.mp4", "-f", "lavfi", "-i", busy, *H264)
    facts = probe(source)
    poster = write_poster(source, facts, make_plan(facts), tmp_path)
    assert gray_of(poster).std() > 20


def test_a_large_picture_is_made_smaller_and_a_small_one_left(made: Make, screen: Path, tmp_path: Path) -> None:
    large = made("wide.mp4", *picture("2560x1080", "5", 1), *H264)
    for source, size in ((large, (1280, 540)), (screen, (320, 240))):
        facts = probe(source)
        with Image.open(write_poster(source, facts, make_plan(facts), tmp_path)) as image:
            assert (image.format, image.size) == ("JPEG", size)


def test_a_browser_take_without_index_has_a_poster(browser_take: Path, tmp_path: Path) -> None:
    facts = probe(browser_take)
    assert gray_of(write_poster(browser_take, facts, make_plan(facts), tmp_path)).std() > 20


def test_where_no_seek_yields_a_frame_the_first_one_is_taken(screen: Path, tmp_path: Path) -> None:
    facts = probe(screen)
    plan = replace(make_plan(facts), poster_times=(1000.0, 2000.0))
    assert write_poster(screen, facts, plan, tmp_path).stat().st_size > 1000


def test_a_blank_recording_still_has_a_poster(made: Make, tmp_path: Path) -> None:
    source = made("blank.mp4", "-f", "lavfi", "-i", "color=black:s=64x64:r=5:d=2", *H264)
    facts = probe(source)
    assert write_poster(source, facts, make_plan(facts), tmp_path).exists()


def test_text_scores_above_a_fade_and_a_fade_above_nothing() -> None:
    rng = np.random.default_rng(1)
    text = np.where(rng.random((180, 320)) > 0.8, 30, 220).astype(np.uint8)
    fade = (text // 8 + 100).astype(np.uint8)
    blank = np.full((180, 320), 128, dtype=np.uint8)
    assert score(text) > score(fade) > score(blank) == pytest.approx(0)
