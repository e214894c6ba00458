"""How good renditions are: SSIM, VMAF, and how much of the text that can be read off the source is still there.

Everything is compared as a viewer has it on a full screen: the rendition scaled up (bicubic) to the source's size, and
at the same moments. Both are turned into a common rate by "the frame that is shown at this moment" (`fps` with
`round=up`, from the first frame on), so variable rates and dropped duplicates cost nothing, and a frame that comes
late costs what a viewer would miss. Text is read by rapidocr off a few such frames, spread over the recording; recall
is the part of the source's words (with how often each stands there) that is read off the rendition too.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.costs import FFMPEG_OPTIONS, SENTENCE, Failed, run_ffmpeg
from benchmarks.seen import Seen
from transcode.media import ffmpeg

RATE = 5  # frames a second that are compared; a screen rarely changes faster for longer
READ_AT = (0.2, 0.5, 0.8)  # parts of the length
SSIM = re.compile(r"SSIM .*All:([\d.]+)")
VMAF = re.compile(r"VMAF score: ([\d.]+)")
SHORTEST_WORD = 2  # single letters are mostly icons


@dataclass(frozen=True)
class Quality:
    """SSIM from 0 to 1, VMAF from 0 to 100, recall of words from 0 to 1; None where the source has no words."""

    ssim: float
    vmaf: float
    recall: float | None


def compare(source: Seen, rendition: Path, words: Counter[str]) -> Quality:
    """`words` are what read_words() finds on the source. Raises Failed when ffmpeg does."""
    ssim, vmaf = likeness(source, rendition)
    read = read_words(source, rendition)
    found = sum((words & read).values()) / sum(words.values()) if words else None
    return Quality(ssim, vmaf, found)


def shown(source: Seen) -> str:
    """The filters that make pictures comparable: same moments, same size, same pixels."""
    at = f"setpts=PTS-STARTPTS,fps={RATE}:round=up:start_time=0"
    return f"{at},scale={source.width}:{source.height}:flags=bicubic,format=yuv420p"


def likeness(source: Seen, rendition: Path) -> tuple[float, float]:
    """Mean SSIM and VMAF."""
    graph = (
        f"[0:v:0]{shown(source)},split[a][b];[1:v:0]{shown(source)},split[c][d];"
        "[a][c]ssim=shortest=1;[b][d]libvmaf=shortest=1:n_threads=2"
    )
    options = [option if option != "error" else "info" for option in FFMPEG_OPTIONS]
    inputs = ["-i", str(rendition), "-i", str(source.path)]
    command = [ffmpeg.binary(), *options, *inputs, "-lavfi", graph, "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    ssim, vmaf = SSIM.search(said), VMAF.search(said)
    if not ssim or not vmaf:
        raise Failed(said.strip()[-SENTENCE:])
    return float(ssim[1]), float(vmaf[1])


def read_words(source: Seen, file: Path) -> Counter[str]:
    """The words on a few frames of `file`, at the size of the source."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="videolib-benchmark-") as folder:
        for number, at in enumerate(READ_AT):
            frame = Path(folder) / f"{number}.png"
            moment = f"select=eq(n\\,{int(source.duration * at * RATE)})"
            run_ffmpeg("-i", str(file), "-vf", f"{shown(source)},{moment}", "-frames:v", "1", str(frame))
            for text in _reader()(str(frame)).txts or () if frame.exists() else ():
                found.update(word for word in text.lower().split() if len(word) >= SHORTEST_WORD)
    return found


@cache
def _reader() -> Any:
    from rapidocr import RapidOCR  # noqa: PLC0415 (a second to load, and only --quality needs it)

    return RapidOCR(params={"Global.log_level": "error"})
