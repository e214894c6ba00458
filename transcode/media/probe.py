"""Looks into an upload from outside: the prober parses hostile bytes in a limited child, we read its JSON."""

import json
import sys
import sysconfig
from pathlib import Path
from typing import Any

from transcode.media import child, sniff
from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts, PictureFacts, SoundFacts, facts_from

__all__ = ["MediaFacts", "PictureFacts", "SoundFacts", "probe"]

PROBER = Path(__file__).with_name("prober.py")
PACKAGE = Path(__file__).parents[1]  # where the prober's own modules are
PACKAGES = sysconfig.get_path("platlib")  # where PyAV is
MIN_SIDE = 16  # H.264's block; below, nothing can be seen
MAX_PIXELS = 8192 * 4320  # one frame of 8K is 50 MB, and a decoder keeps a dozen
MAX_DURATION = 24 * 3600.0
NARRATED_STILL = 0.5  # seconds of sound that make one frame a recording: a slide somebody talks about
# Processor seconds for reading every packet: it takes 2 to 6 s a GB here, disks included, but the smallest packets
# (a still screen) are a million in 50 MB, which takes 10 s.
SECONDS_PER_GB, SECONDS_PER_MB, MOST_FOR_SMALL = 60, 0.6, 300

DAMAGED = "Nothing in this file can be played: it is damaged, or was cut off before it was finished."
REFUSALS = {
    "nothing": "There is neither picture nor sound in this file.",
    "no_picture": sniff.SOUND_ONLY,
    "encrypted": "This recording is encrypted (copy-protected); upload an unprotected copy.",
    "damaged": DAMAGED,
    "still": sniff.STILL,
    "unknown_picture": "The picture is in a format that cannot be read here; save it as MP4 (H.264) or WebM.",
}


def probe(path: Path, *, max_duration: float = MAX_DURATION, max_pixels: int = MAX_PIXELS) -> MediaFacts:
    """What the recording is. Raises MediaError, permanent with a sentence when it cannot become a clip.

    `max_duration` in seconds, `max_pixels` of one frame.
    """
    container = sniff.sniff(path)
    seen = ask_prober(path, container.demuxer, max_pixels)
    if seen.get("refused") == "too_large":
        raise MediaError(too_large(max_pixels), permanent=True)
    if "refused" in seen:
        raise MediaError(REFUSALS[seen["refused"]], permanent=True)
    facts = facts_from(
        {
            **seen["facts"],
            "demuxer": container.demuxer,
            "container": container.label,
            "size_bytes": path.stat().st_size,
        }
    )
    refuse_unfit(facts, max_duration, max_pixels)
    return facts


def ask_prober(path: Path, demuxer: str, max_pixels: int) -> dict[str, Any]:
    """The prober's answer. A parser that crashes or never ends has met a file nobody can play."""
    size = path.stat().st_size
    seconds = 30 + int(size / 1e9 * SECONDS_PER_GB + min(MOST_FOR_SMALL, size / 1e6 * SECONDS_PER_MB))
    limits = child.Limits(cpu_seconds=seconds, wall_seconds=4 * seconds, memory_bytes=3 * 1024**3, output_bytes=0)
    # -B: compiled modules could not be written, so Python need not try.
    args = [sys.executable, "-ISB", str(PROBER), str(path.absolute()), demuxer, str(max_pixels), PACKAGES]
    finished = child.run(args, limits=limits, reads=(path, PACKAGE))
    if finished.returncode < 0:
        raise MediaError(DAMAGED, permanent=True)
    if finished.returncode:
        raise child.ChildFailed("The prober failed.", permanent=False, stderr_tail=finished.stderr_tail)
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


def refuse_unfit(facts: MediaFacts, max_duration: float, max_pixels: int) -> None:
    """Raises for what decodes and still is no clip."""
    width, height = facts.picture.width, facts.picture.height
    heard = max((sound.duration for sound in facts.sounds), default=0.0)
    if min(width, height) < MIN_SIDE:
        raise MediaError(
            f"The picture is {width}×{height}, too small to be seen; {MIN_SIDE} pixels are the least.", permanent=True
        )
    if width * height > max_pixels:
        raise MediaError(too_large(max_pixels), permanent=True)
    if facts.picture.frames < 2 and heard < NARRATED_STILL:
        raise MediaError(sniff.STILL, permanent=True)
    if facts.duration > max_duration:
        raise MediaError(
            f"This recording is {clock(facts.duration)} long; the longest allowed is {clock(max_duration)}.",
            permanent=True,
        )


def too_large(max_pixels: int) -> str:
    return f"The picture has more than the {max_pixels / 1e6:.0f} million pixels that are allowed."


def clock(seconds: float) -> str:
    """A length for people: 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
