"""A recording through all steps, as the pipeline takes it, and what its renditions hold."""

from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from transcode.media import hls
from transcode.media.encode import Rest, write_rest
from transcode.media.facts import MediaFacts
from transcode.media.hls import RenditionFile, write_first
from transcode.media.loudness import levelled, measure
from transcode.media.plan import Plan, make_plan
from transcode.media.probe import probe

RGB = NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """What became of a recording. `renditions`: the first, and all that came later."""

    facts: MediaFacts
    plan: Plan
    rest: Rest
    renditions: tuple[RenditionFile, ...]


def through(source: Path, into: Path, ladder: tuple[int, ...] = (720, 480), *, screens: bool = False) -> Clip:
    """probe, make_plan, write_first and write_rest, with the sound levelled as tasks.py levels it."""
    facts = probe(source)
    plan = make_plan(facts, ladder, screens=screens)
    loudness = measure(source, facts, plan.sound) if plan.sound.mode != "none" else -70.0
    sound = levelled(plan.sound, loudness)
    early, late = into / "first", into / "rest"
    early.mkdir()
    late.mkdir()
    first = write_first(source, facts, replace(plan, sound=sound) if plan.sound.mode == "encode" else plan, early)
    rest = write_rest(source, facts, plan, late, sound=sound)
    return Clip(facts, plan, rest, (first, *rest.renditions))


@dataclass(frozen=True)
class Seen:
    """What an MP4 holds, without its playlist: seconds."""

    starts: dict[str, float]
    ends: dict[str, float]
    times: tuple[float, ...]  # of the frames, as shown
    gray: tuple[float, ...]  # their mean


def look(file: RenditionFile) -> Seen:
    """Reads every packet and decodes every frame."""
    starts: dict[str, float] = {}
    ends: dict[str, float] = {}
    with av.open(str(file.path)) as container:
        for packet in container.demux():
            if packet.pts is None or not packet.size:
                continue
            start, kind = float(packet.pts * packet.time_base), packet.stream.type
            starts[kind] = min(starts.get(kind, start), start)
            ends[kind] = max(ends.get(kind, 0), start + float((packet.duration or 0) * packet.time_base))
    with av.open(str(file.path)) as container:
        frames = [(float(frame.time or 0), mean(frame)) for frame in container.decode(video=0)]
    return Seen(starts, ends, tuple(time for time, _ in frames), tuple(gray for _, gray in frames))


def mean(frame: av.VideoFrame) -> float:
    plane = frame.planes[0]
    rows = np.frombuffer(bytes(plane), np.uint8).reshape(frame.height, plane.line_size)
    return float(rows[:, : frame.width].mean())


def frame_at(file: RenditionFile, time: float) -> RGB:
    """The picture that stands at a time in seconds."""
    shown: RGB | None = None
    with av.open(str(file.path)) as container:
        for frame in container.decode(video=0):
            if shown is not None and float(frame.time or 0) > time:
                break
            shown = frame.to_ndarray(format="rgb24")
    assert shown is not None
    return shown


def segment_starts(file: RenditionFile, into: Path) -> list[tuple[float, float]]:
    """Of every segment, decoded behind the initialisation bytes alone: where it shall start, and its first frame."""
    data = file.path.read_bytes()
    init = hls.INIT.search(file.playlist)
    assert init
    starts, at = [], 0.0
    for length, size, offset in hls.SEGMENT.findall(file.playlist):
        part = into / "segment.mp4"
        part.write_bytes(data[: int(init[1])] + data[int(offset) : int(offset) + int(size)])
        with av.open(str(part)) as container:
            starts.append((at, float(next(container.decode(video=0)).time or 0)))
        at += float(length)
    return starts
