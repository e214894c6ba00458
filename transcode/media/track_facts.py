"""Turns what the packets and the first frames showed into PictureFacts and SoundFacts.

Part of the prober, in the limited child only.
"""

import struct
from collections import Counter
from itertools import pairwise
from typing import Any

from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from transcode.media.facts import PictureFacts, SoundFacts, sane_aspect
from transcode.media.track import Track, level_of

TRANSFERS = {1: "bt709", 13: "iec61966-2-1", 14: "bt2020-10", 16: "smpte2084", 18: "arib-std-b67"}
PRIMARIES = {1: "bt709", 9: "bt2020", 12: "smpte432"}
MATRICES = {
    0: "gbr",
    1: "bt709",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    11: "smpte2085",
    12: "chroma-derived-nc",
    13: "chroma-derived-c",
    14: "ictcp",
}
# A typed word or a moved pointer takes an encoder a few hundred bytes, a scrolled window or a film thousands.
MOVING_PER_PIXEL, MOVING = 0.001, 2000  # bytes of a frame above which something large moves
BUSIEST = 0.95  # the seconds below this part of all, by what moves in them, may be calm
ALL_KEYS = 0.9  # part of key frames above which sizes tell nothing of motion: ProRes, MJPEG, Animation
UNTOLD = 60.0  # frames a second that may move where nothing tells


def picture_facts(track: Track, began: float) -> PictureFacts:
    """The picture by its packets and its first frames: there are some. `began`: seconds, the recording's start."""
    stream = track.stream
    assert isinstance(stream, VideoStream)
    context, frame = stream.codec_context, track.first
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio
    return PictureFacts(
        index=stream.index,
        codec=context.codec.canonical_name,
        profile=stream.profile or "",
        level=level_of(context.extradata or b""),
        width=frame.width,
        height=frame.height,
        pixel_format=frame.format.name,
        bit_depth=max(part.bits for part in frame.format.components),
        rotation=-90 * round(frame.rotation / 90) % 360,
        mirrored=is_mirrored(frame),
        interlaced=track.interlaced,
        sar=sane_aspect(aspect.numerator, aspect.denominator) if aspect else (1, 1),
        color_transfer=TRANSFERS.get(int(frame.color_trc), str(int(frame.color_trc))),
        color_primaries=PRIMARIES.get(int(frame.color_primaries), str(int(frame.color_primaries))),
        monotone=track.monotone,
        trimmed=track.trimmed,
        wild=track.wild,
        closed_gops=track.closed_gops,
        bit_rate=bit_rate(track),
        start=max(0.0, track.start - began),
        duration=track.stop - track.start,
        busy=busy(track, frame.width * frame.height),
        color_matrix=MATRICES.get(int(frame.colorspace), ""),
        **pace(track),
    )


def pace(track: Track) -> dict[str, Any]:
    """Rates and gaps, from the times of the packets."""
    times = sorted(set(track.times))
    keys = [*sorted(set(track.keys)), round(track.stop / track.unit)]
    span = (times[-1] - times[0]) * track.unit
    duration = track.stop - track.start
    return {
        "frames": len(times),
        "fps": (len(times) - 1) / span if span > 0 else 1 / duration if duration > 0 else 1.0,
        "max_gap": max((b - a for a, b in pairwise(times)), default=0) * track.unit,
        "keyframes": len(keys) - 1,
        "max_key_interval": max((b - a for a, b in pairwise(keys)), default=0) * track.unit,
    }


def busy(track: Track, pixels: int) -> float:
    """Frames a second that move something large, in the busiest seconds. Key frames are large without moving."""
    if sum(track.is_key) >= ALL_KEYS * len(track.times):
        return UNTOLD
    least, first = min(MOVING, pixels * MOVING_PER_PIXEL), min(track.times)
    packets = zip(track.times, track.sizes, track.is_key, strict=True)
    moving = Counter(int((time - first) * track.unit) for time, size, key in packets if size > least and not key)
    seconds = int((max(track.times) - first) * track.unit) + 1
    calm = max(0, seconds - len(moving))
    place = int(BUSIEST * (seconds - 1))
    return float(sorted(moving.values())[place - calm]) if place >= calm and moving else 0.0


def bit_rate(track: Track) -> float:
    duration = track.stop - track.start
    return track.size * 8 / duration if duration > 0 else 0.0


def is_mirrored(frame: VideoFrame) -> bool:
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    return bool(a * d - b * c < 0)


def sound_facts(track: Track, began: float) -> SoundFacts:
    """A sound track that decodes. `began`: seconds, the recording's start."""
    stream = track.stream
    assert isinstance(stream, AudioStream)
    return SoundFacts(
        index=stream.index,
        codec=stream.codec_context.codec.canonical_name,
        profile=stream.profile or "",
        channels=stream.codec_context.channels,
        sample_rate=stream.codec_context.sample_rate,
        bit_rate=bit_rate(track),
        duration=track.stop - track.start,
        start=max(0.0, track.start - began),
    )
