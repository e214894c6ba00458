"""Everything after the first rendition in one process with one decode: the other renditions and the storyboard."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import Graph, input_args, limits_for, run_graph
from transcode.media.graph import hls_output, paced, sized, sounds
from transcode.media.hls import RenditionFile, length_reached, read_rendition
from transcode.media.plan import Plan, SoundPlan
from transcode.media.storyboard import StoryboardPlan

SHEET = "sheet-%03d.jpg"
JPEG_QUALITY = 5  # ffmpeg's scale, 2 best to 31


@dataclass(frozen=True)
class Rest:
    """What was written. `damaged`: ffmpeg met bytes it could not decode, so a copy may stumble over them too."""

    renditions: tuple[RenditionFile, ...]
    sheets: tuple[Path, ...]
    damaged: bool = False


def write_rest(
    source: Path,
    facts: MediaFacts,
    plan: Plan,
    into: Path,
    on_progress: Callable[[float], None] | None = None,
) -> Rest:
    """Writes the other renditions and the storyboard's sheets into a folder. Progress from 0 to 1.

    Sound that ruins the picture is left out. Raises MediaError, permanent when the recording is to blame.
    """
    try:
        return write(source, facts, plan, plan.sound, into, on_progress)
    except MediaError as failed:
        if not failed.permanent or not plan.others or plan.sound.mode == "none":
            raise
        return write(source, facts, plan, SoundPlan("none"), into, on_progress)


def write(
    source: Path,
    facts: MediaFacts,
    plan: Plan,
    sound: SoundPlan,
    into: Path,
    on_progress: Callable[[float], None] | None,
) -> Rest:
    stream = input_args(source, facts.demuxer)
    parts = paced(stream[str(facts.picture.index)], facts).filter_multi_output("split", len(plan.others) + 1)
    outputs = [sheets_output(parts[len(plan.others)], facts, plan.storyboard)]
    heard = sounds(stream, sound, len(plan.others)) if plan.others else []
    for number, rendition in enumerate(plan.others):
        picture = sized(parts[number], facts, rendition.width, rendition.height)
        outputs.append(hls_output(picture, heard[number], rendition, sound))
    graph = ffmpeg.merge_outputs(*outputs)
    ran = run_graph(graph, limits=limits_for(facts), duration=facts.duration, on_progress=on_progress, cwd=into)
    renditions = tuple(read_rendition(into, rendition, length_reached(ran, facts)) for rendition in plan.others)
    sheets = tuple(sorted(into.glob("sheet-*.jpg")))
    if len(sheets) != plan.storyboard.sheets:
        raise MediaError("The previews of this recording could not be drawn.", permanent=True)
    return Rest(renditions, sheets, damaged=ran.damaged)


def sheets_output(stream: Graph, facts: MediaFacts, plan: StoryboardPlan) -> Graph:
    """Exactly the planned number of tiles: a tile shows the middle of its interval, the last is repeated if need be."""
    tiles = stream.filter("fps", fps=f"1/{plan.interval}", start_time=0, eof_action="pass")
    tiles = tiles.filter("tpad", stop_mode="clone", stop=plan.count).filter("trim", end_frame=plan.count)
    tiles = sized(tiles, facts, plan.tile_width, plan.tile_height)
    sheet = tiles.filter("tile", f"{plan.columns}x{plan.rows}").filter("format", "yuvj420p")
    return ffmpeg.output(sheet, SHEET, f="image2", start_number=0, fps_mode="passthrough", **{"q:v": JPEG_QUALITY})
