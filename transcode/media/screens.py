"""Frames kept for reading the text on them: where the picture changed, at full size."""

import re
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import Graph
from transcode.media.graph import DUPLICATE, sized
from transcode.media.plan import encoded_top

SCREEN = "screen-%09d.jpg"
NAME = re.compile(r"screen-(\d{9})\.jpg$")
CLOCK = 1000  # the numbers in the names are milliseconds
LEAST_INTERVAL = 1.0  # seconds; what stands for less is not read by people either
MOST_SCREENS = 600
JPEG_QUALITY = 2  # ffmpeg's scale, 2 best to 31; small letters suffer first


@dataclass(frozen=True)
class Screen:
    """One frame as a file, shown from `at` seconds on."""

    at: float
    path: Path


def screens_output(stream: Graph, facts: MediaFacts) -> Graph:
    """What stood there second by second, or so that it is MOST_SCREENS in all, and not again while it stands."""
    interval = max(LEAST_INTERVAL, facts.duration / MOST_SCREENS)
    top = encoded_top(facts)
    frames = sized(
        stream.filter("fps", fps=f"1/{interval}", start_time=0, eof_action="pass"), facts, top.width, top.height
    )
    frames = frames.filter("mpdecimate", **DUPLICATE).filter("format", "yuvj420p").filter("settb", f"1/{CLOCK}")
    options = {"frame_pts": 1, "enc_time_base": f"1/{CLOCK}", "fps_mode": "passthrough", "q:v": JPEG_QUALITY}
    return ffmpeg.output(frames, SCREEN, f="image2", **options)


def read_screens(folder: Path) -> tuple[Screen, ...]:
    """What screens_output wrote, in the order of time."""
    named = ((NAME.search(path.name), path) for path in sorted(folder.glob("screen-*.jpg")))
    return tuple(Screen(int(match[1]) / CLOCK, path) for match, path in named if match)
