"""The still picture of a recording: a frame that tells something, not frame zero and not a fade."""

from collections.abc import Iterator
from pathlib import Path

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from transcode.media import child
from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import QUIET, binary, checked, input_args, limits_for
from transcode.media.graph import sized, tamed
from transcode.media.plan import Plan, even

Gray = NDArray[np.uint8]

POSTER = "poster.jpg"
WIDEST = 1280
JPEG_QUALITY = 3  # ffmpeg's scale, 2 best to 31
LOOK_WIDTH, LOOK_HEIGHT = 320, 180  # enough to tell an editor full of text from an empty desktop
SECONDS_A_LOOK = 60.0
BLANK = 4.0  # standard deviation of gray values below which a frame shows nothing
EDGE = 24  # a step between neighbours that the eye takes for a line


def write_poster(source: Path, facts: MediaFacts, plan: Plan, into: Path) -> Path:
    """Writes `into`/poster.jpg, at most 1280 wide, and returns it.

    Seeks to the planned times and keeps the most telling frame; where no seek yields a picture, the first
    frame that decodes. Raises MediaError when there is none at all.
    """
    for at in [*best_first(source, facts, plan, into), None]:
        try:
            return write_frame(source, facts, into, at)
        except MediaError as failed:
            if not failed.permanent:
                raise
    raise MediaError("No frame of this recording could be drawn.", permanent=True)


def best_first(source: Path, facts: MediaFacts, plan: Plan, into: Path) -> list[float]:
    """The times that yield a frame, most telling first."""
    return [at for _, at in sorted(looks(source, facts, plan, into), reverse=True)]


def looks(source: Path, facts: MediaFacts, plan: Plan, into: Path) -> Iterator[tuple[float, float]]:
    for at in plan.poster_times:
        frame = look(source, facts, at, into)
        if frame is not None:
            yield score(frame), at


def look(source: Path, facts: MediaFacts, at: float, into: Path) -> Gray | None:
    """The frame at a time, small and gray; None when the seek yields none."""
    small = picture_at(source, facts, at).filter("scale", LOOK_WIDTH, LOOK_HEIGHT).filter("format", "gray")
    output = ffmpeg.output(small, "pipe:1", f="rawvideo", fps_mode="passthrough", **{"frames:v": 1})
    try:
        pixels = run(output, facts, into).stdout
    except MediaError as failed:
        if not failed.permanent and not isinstance(failed, child.ChildTimeout):
            raise
        return None
    if len(pixels) != LOOK_WIDTH * LOOK_HEIGHT:
        return None
    return np.frombuffer(pixels, dtype=np.uint8).reshape(LOOK_HEIGHT, LOOK_WIDTH)


def picture_at(source: Path, facts: MediaFacts, at: float | None) -> ffmpeg.Stream:
    seek = {} if at is None else {"ss": f"{at:.3f}"}
    return tamed(input_args(source, facts.demuxer, **seek)[str(facts.picture.index)], facts)


def score(frame: Gray) -> float:
    """How much there is to see: the part of the picture that is edges, and a little for contrast. 0 is blank."""
    values = frame.astype(np.int16)
    spread = float(values.std())
    if spread < BLANK:
        return 0.0
    across = np.abs(np.diff(values, axis=1)) > EDGE
    down = np.abs(np.diff(values, axis=0)) > EDGE
    # A fade has the edges of its scene, but faint: few pass EDGE, and its contrast is low.
    return float(across.mean() + down.mean()) + spread / 1000


def write_frame(source: Path, facts: MediaFacts, into: Path, at: float | None) -> Path:
    scale = min(1.0, WIDEST / facts.display_width)
    size = (even(facts.display_width * scale), even(facts.display_height * scale))
    picture = sized(picture_at(source, facts, at), facts, *size).filter("format", "yuvj420p")
    path = into / POSTER
    path.unlink(missing_ok=True)
    output = ffmpeg.output(
        picture, POSTER, f="image2", update=1, fps_mode="passthrough", **{"frames:v": 1, "q:v": JPEG_QUALITY}
    )
    run(output, facts, into)
    if not path.exists() or not path.stat().st_size:
        raise MediaError("This moment of the recording yields no frame.", permanent=True)
    return path


def run(output: ffmpeg.Stream, facts: MediaFacts, into: Path) -> child.Finished:
    args = ffmpeg.compile(output, cmd=[binary(), *QUIET], overwrite_output=True)
    limits = limits_for(facts)
    return checked(child.run(args, limits=limits, cwd=into))
