"""Scrub previews."""

import pytest

from transcode.media.storyboard import MOST_TILES, StoryboardPlan, Tile, plan_storyboard, storyboard_vtt, tile_at


@pytest.mark.parametrize("duration", [0.04, 0.3, 1, 3, 29.7, 95, 362.8, 3600, 7200, 86400])
def test_tiles_cover_the_whole_length_whatever_it_is(duration: float) -> None:
    plan = plan_storyboard(duration, 1280, 720)
    assert 1 <= plan.count <= MOST_TILES
    assert plan.count * plan.interval == pytest.approx(duration, abs=plan.interval)
    assert plan.count <= plan.sheets * plan.tiles_per_sheet
    assert plan.interval <= 10 or duration > 10 * MOST_TILES


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (161, 121), (16, 4000), (3000, 16)])
def test_tiles_keep_the_shape_and_have_even_sides(size: tuple[int, int]) -> None:
    plan = plan_storyboard(10, *size)
    assert plan.tile_width % 2 == plan.tile_height % 2 == 0
    assert max(plan.tile_width, plan.tile_height) == 192
    assert min(plan.tile_width, plan.tile_height) >= 2


def test_cues_walk_over_rows_and_sheets_and_the_last_one_reaches_the_end() -> None:
    plan = plan_storyboard(1203, 1280, 720)
    vtt = storyboard_vtt(plan, 1203, lambda sheet: f"/s/{sheet}.jpg?a=1&b=2")
    cues = vtt.strip().split("\n\n")
    assert cues[0] == "WEBVTT"
    assert len(cues) == 1 + plan.count == 121
    assert cues[1] == "00:00:00.000 --> 00:00:10.000\n/s/0.jpg?a=1&b=2#xywh=0,0,192,108"
    assert cues[12].endswith("/s/0.jpg?a=1&b=2#xywh=192,108,192,108")
    assert cues[101].endswith("/s/1.jpg?a=1&b=2#xywh=0,0,192,108")
    assert "--> 00:20:03.000" in cues[-1]


@pytest.mark.parametrize(
    ("seconds", "tile"),
    [
        (-1, Tile(0, 0, 0)),
        (0, Tile(0, 0, 0)),
        (9.9, Tile(0, 0, 0)),
        (10, Tile(0, 160, 0)),
        (25, Tile(0, 0, 90)),
        (40, Tile(1, 0, 0)),
        (59, Tile(1, 160, 0)),
        (1e9, Tile(1, 160, 0)),
    ],
)
def test_each_second_has_the_tile_that_its_cue_names(seconds: float, tile: Tile) -> None:
    plan = StoryboardPlan(interval=10, columns=2, rows=2, tile_width=160, tile_height=90, count=6)
    assert tile_at(plan, seconds) == tile
