"""Everything after the first rendition in one process with one decode: renditions, storyboard, poster, screens."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import Graph, input_args, limits_for, run_graph
from transcode.media.graph import hls_output, paced, rungs, sized, sounds
from transcode.media.hls import RenditionFile, Variant, length_reached, read_rendition
from transcode.media.plan import Plan, RenditionPlan, SoundPlan
from transcode.media.poster import choose_poster, poster_outputs
from transcode.media.screens import Screen, read_screens, screens_output
from transcode.media.storyboard import StoryboardPlan

SHEET = "sheet-%03d.jpg"
JPEG_QUALITY = 9  # ffmpeg's scale, 2 best to 31; tiles are looked at in passing
WORTH_IT = 0.75  # of the bits of the picture above it; a rendition that needs more spares nobody anything


@dataclass(frozen=True)
class Rest:
    """What was written. `damaged`: ffmpeg met bytes it could not decode, so a copy may stumble over them too."""

    renditions: tuple[RenditionFile, ...]
    sheets: tuple[Path, ...]
    poster: Path
    screens: tuple[Screen, ...] = ()
    damaged: bool = False


def write_rest(
    source: Path,
    facts: MediaFacts,
    plan: Plan,
    into: Path,
    on_progress: Callable[[float], None] | None = None,
    *,
    sound: SoundPlan | None = None,
) -> Rest:
    """Writes the other renditions, the storyboard's sheets and the poster into a folder. Progress from 0 to 1.

    `sound` is the planned one, levelled; where that is no copy any more, the copied first rendition is written
    again with it. Sound that ruins the picture is left out. Raises MediaError, permanent when the recording is
    to blame.
    """
    sound = sound or plan.sound
    try:
        return write(source, facts, plan, sound, into, on_progress)
    except MediaError as failed:
        if not failed.permanent or not plan.others or sound.mode == "none":
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
    graph = ffmpeg.merge_outputs(*outputs(input_args(source, facts.demuxer), facts, plan, sound))
    ran = run_graph(graph, limits=limits_for(facts), duration=facts.duration, on_progress=on_progress, cwd=into)
    length = length_reached(ran.reached, facts)
    sheets = tuple(sorted(into.glob("sheet-*.jpg")))
    if len(sheets) != plan.storyboard.sheets:
        raise MediaError("The previews of this recording could not be drawn.", permanent=True)
    return Rest(
        renditions=tuple(read_rendition(into, rendition, length) for rendition in written(plan, sound)),
        sheets=sheets,
        poster=choose_poster(into),
        screens=read_screens(into) if plan.screens else (),
        damaged=ran.damaged,
    )


def written(plan: Plan, sound: SoundPlan) -> tuple[RenditionPlan, ...]:
    """The renditions of this pass: the first one only where its copied sound is replaced."""
    again = plan.first.copy and plan.sound.mode == "copy" and sound.mode == "encode"
    return (plan.first, *plan.others) if again else plan.others


def outputs(stream: Graph, facts: MediaFacts, plan: Plan, sound: SoundPlan) -> Iterator[Graph]:
    picture = stream[str(facts.picture.index)]
    parts = paced(picture, facts).filter_multi_output("split", 2 + plan.screens + bool(plan.others))
    yield sheets_output(parts[0], facts, plan.storyboard)
    yield from poster_outputs(parts[1], facts, plan.stills)
    if plan.screens:
        yield screens_output(parts[2], facts)
    renditions = written(plan, sound)
    sized_pictures = rungs(parts[2 + plan.screens], facts, plan.others) if plan.others else []
    pictures = [picture] * (len(renditions) - len(plan.others)) + sized_pictures
    for rendition, at_size, heard in zip(renditions, pictures, sounds(stream, sound, len(renditions)), strict=True):
        yield hls_output(at_size, heard, rendition, sound, facts.duration)


def sheets_output(stream: Graph, facts: MediaFacts, plan: StoryboardPlan) -> Graph:
    """Exactly the planned number of tiles: a tile shows the middle of its interval, the last is repeated if need be."""
    tiles = stream.filter("fps", fps=f"1/{plan.interval}", start_time=0, eof_action="pass")
    tiles = tiles.filter("tpad", stop_mode="clone", stop=plan.count).filter("trim", end_frame=plan.count)
    tiles = sized(tiles, facts, plan.tile_width, plan.tile_height)
    sheet = tiles.filter("tile", f"{plan.columns}x{plan.rows}").filter("format", "yuvj420p")
    return ffmpeg.output(sheet, SHEET, f="image2", start_number=0, fps_mode="passthrough", **{"q:v": JPEG_QUALITY})


def worth_publishing(
    made: Sequence[RenditionFile], published: Iterable[RenditionFile | Variant]
) -> list[RenditionFile]:
    """Those of `made` that spare a viewer at least a quarter of the bits of the next larger picture.

    What is already published under the same name is replaced in any case; what is the largest stays.
    """
    known = {each.name: each for each in published}
    everything: dict[str, RenditionFile | Variant] = {**known, **{each.name: each for each in made}}
    above: RenditionFile | Variant | None = None
    worth = set()
    for each in sorted(everything.values(), key=by_size, reverse=True):
        if each.name in known or above is None or each.size_bytes <= WORTH_IT * above.size_bytes:
            worth.add(each.name)
            # Players that do not know AV1 have nothing of it: it is measured, and measures nobody.
            above = above if is_av1(each) else each
    return [each for each in made if each.name in worth]


def by_size(rendition: RenditionFile | Variant) -> tuple[int, bool]:
    return rendition.width * rendition.height, not is_av1(rendition)


def is_av1(rendition: RenditionFile | Variant) -> bool:
    return str(rendition.codecs).startswith("av01")
