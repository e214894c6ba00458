"""Scrub previews: how many small pictures, on which sheets, and the WebVTT that finds them."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from transcode.media.webvtt import clock

TILES_WANTED = 100  # a preview about every hundredth of the seek bar, which is what a finger can hit
LONGEST_INTERVAL = 10.0  # seconds; longer recordings get more tiles instead
MOST_TILES = 2000  # beyond, the interval grows again, so that a day of screen does not fill a disk
STEPS = (0.5, 1.0, 2.0, 5.0, LONGEST_INTERVAL)
LEAST_INTERVAL = 0.04  # seconds; no picture stands for less
COLUMNS = 10
MOST_ROWS = 10
TILE_SIDE = 192  # pixels, the longer side


@dataclass(frozen=True)
class StoryboardPlan:
    """`count` tiles, one every `interval` seconds, on sheets of `columns` by `rows`."""

    interval: float
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    count: int

    @property
    def tiles_per_sheet(self) -> int:
        return self.columns * self.rows

    @property
    def sheets(self) -> int:
        return ceil(self.count / self.tiles_per_sheet)


@dataclass(frozen=True)
class Tile:
    """Where a tile lies: on which sheet, and its corner there in pixels."""

    sheet: int
    left: int
    top: int


def tile_at(plan: StoryboardPlan, seconds: float) -> Tile:
    """The tile that shows this second; before the beginning the first, behind the end the last."""
    return _tile(plan, min(max(int(seconds / plan.interval), 0), plan.count - 1))


def _tile(plan: StoryboardPlan, number: int) -> Tile:
    sheet, place = divmod(number, plan.tiles_per_sheet)
    row, column = divmod(place, plan.columns)
    return Tile(sheet, column * plan.tile_width, row * plan.tile_height)


def plan_storyboard(duration: float, width: int, height: int) -> StoryboardPlan:
    """Tiles in the shape of the picture, `width` by `height` as displayed."""
    interval = next((step for step in STEPS if duration / step <= TILES_WANTED), LONGEST_INTERVAL)
    interval = min(max(interval, duration / MOST_TILES), max(duration, LEAST_INTERVAL))
    count = max(1, min(MOST_TILES, round(duration / interval)))
    scale = TILE_SIDE / max(width, height)
    columns = min(COLUMNS, count)
    return StoryboardPlan(
        interval=interval,
        columns=columns,
        rows=min(MOST_ROWS, ceil(count / columns)),
        tile_width=max(2, round(width * scale / 2) * 2),
        tile_height=max(2, round(height * scale / 2) * 2),
        count=count,
    )


def storyboard_vtt(plan: StoryboardPlan, duration: float, uri_for: Callable[[int], str]) -> str:
    """WebVTT whose cues name a rectangle of a sheet (`uri_for(0)#xywh=...`); the last lasts to the end."""
    cues = ["WEBVTT"]
    for number in range(plan.count):
        end = duration if number == plan.count - 1 else (number + 1) * plan.interval
        tile = _tile(plan, number)
        where = f"{uri_for(tile.sheet)}#xywh={tile.left},{tile.top},{plan.tile_width},{plan.tile_height}"
        cues.append(f"{clock(number * plan.interval)} --> {clock(end)}\n{where}")
    return "\n\n".join(cues) + "\n"
