"""The still picture of a recording: a frame that tells something, not frame zero and not a fade."""

from collections.abc import Iterator
from pathlib import Path

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import Graph
from transcode.media.graph import sized
from transcode.media.plan import StillsPlan

Gray = NDArray[np.uint8]

POSTER = "poster.jpg"
STILL, LOOKS = "still-%03d.jpg", "stills.gray"
JPEG_QUALITY = 8  # ffmpeg's scale, 2 best to 31; two fifths of the bytes of 3, and text is as readable on a card
LOOK_WIDTH, LOOK_HEIGHT = 320, 180  # enough to tell an editor full of text from an empty desktop
BLANK = 4.0  # standard deviation of gray values below which a frame shows nothing
EDGE = 24  # a step between neighbours that the eye takes for a line


def poster_outputs(stream: Graph, facts: MediaFacts, plan: StillsPlan) -> Iterator[Graph]:
    """The candidates as pictures, and small and gray to choose by, each from the middle of its part."""
    stills = stream.filter("fps", fps=f"1/{plan.interval}", start_time=0, eof_action="pass")
    stills = stills.filter("trim", end_frame=plan.count)
    parts = sized(stills, facts, plan.width, plan.height).filter_multi_output("split", 2)
    pictures = parts[0].filter("format", "yuvj420p")
    looks = parts[1].filter("scale", LOOK_WIDTH, LOOK_HEIGHT).filter("format", "gray")
    yield ffmpeg.output(pictures, STILL, f="image2", start_number=0, fps_mode="passthrough", **{"q:v": JPEG_QUALITY})
    yield ffmpeg.output(looks, LOOKS, f="rawvideo", fps_mode="passthrough")


def choose_poster(folder: Path) -> Path:
    """Makes poster.jpg of the most telling candidate; MediaError where there is none."""
    stills = sorted(folder.glob("still-*.jpg"))
    looks = np.fromfile(folder / LOOKS, dtype=np.uint8)
    if not stills or looks.size != len(stills) * LOOK_WIDTH * LOOK_HEIGHT:
        raise MediaError("No frame of this recording could be drawn.", permanent=True)
    scores = [score(look) for look in looks.reshape(-1, LOOK_HEIGHT, LOOK_WIDTH)]
    return stills[int(np.argmax(scores))].rename(folder / POSTER)


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
