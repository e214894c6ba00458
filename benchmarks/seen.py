"""What a media file is, as ffprobe would tell a peer: read with PyAV, from its header and its packets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import av

# x264 writes its settings into the first frame it makes.
X264_SAYS = re.compile(rb"x264 - core \d+[^\0]*? options: ([ -~]+)")
HEAD = 1024 * 1024
COMPARED_PACKETS = 50  # no encoder makes so many packets of the very sizes another one made


@dataclass(frozen=True)
class Track:
    """One stream. `times`, and `keys` among them, in seconds after its first packet; `sizes` in bytes, as stored."""

    codec: str
    bit_rate: float
    times: tuple[float, ...] = ()
    sizes: tuple[int, ...] = ()
    keys: tuple[float, ...] = ()
    channels: int = 0


@dataclass(frozen=True)
class Seen:
    """A file. Rates are frames a second: `r_frame_rate` and `avg_frame_rate` are ffprobe's names."""

    path: Path
    duration: float
    width: int
    height: int
    pixel_format: str
    r_frame_rate: Fraction
    avg_frame_rate: Fraction
    picture: Track
    sound: Track | None

    @property
    def short_side(self) -> int:
        """Pixels: what a rung of a ladder names."""
        return min(self.width, self.height)

    @cached_property
    def x264_settings(self) -> dict[str, str]:
        """What x264 says of how it encoded this file; empty where another encoder did."""
        with self.path.open("rb") as file:
            said = X264_SAYS.search(file.read(HEAD))
        pairs = said[1].decode().split() if said else []
        return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def see(path: Path) -> Seen:
    """Read a file. Raises av.error.FFmpegError for what cannot be opened, ValueError where there is no picture."""
    with av.open(str(path)) as container:
        if not container.streams.video:
            raise ValueError(f"{path.name}: there is no picture")
        video, sounds = container.streams.video[0], container.streams.audio
        tracks = _tracks(container, [video, *sounds[:1]])
        length = container.duration / av.time_base if container.duration else tracks[0].times[-1]
        average = video.average_rate or Fraction(len(tracks[0].times), max(1, round(length)))
        return Seen(
            path=path,
            duration=length,
            width=video.width,
            height=video.height,
            pixel_format=video.pix_fmt or "",
            r_frame_rate=Fraction(video.base_rate or average),
            avg_frame_rate=Fraction(average),
            picture=tracks[0],
            sound=tracks[1] if sounds else None,
        )


def _tracks(container: av.container.InputContainer, streams: list[av.stream.Stream]) -> list[Track]:
    found: dict[int, list[tuple[float, int, bool]]] = {stream.index: [] for stream in streams}
    for packet in container.demux(streams):
        if packet.pts is not None and packet.size and not packet.is_discard:
            found[packet.stream.index].append((float(packet.pts * packet.time_base), packet.size, packet.is_keyframe))
    return [_track(stream, found[stream.index]) for stream in streams]


def _track(stream: av.stream.Stream, packets: list[tuple[float, int, bool]]) -> Track:
    if not packets:
        return Track(stream.codec_context.name, 0.0)
    times = sorted(time for time, _, _ in packets)
    span = max(0.04, times[-1] - times[0])
    return Track(
        codec=stream.codec_context.name,
        bit_rate=8 * sum(size for _, size, _ in packets) / span,
        times=tuple(time - times[0] for time in times),
        sizes=tuple(size for _, size, _ in packets),
        keys=tuple(time - times[0] for time, _, is_key in packets if is_key),
        channels=getattr(stream.codec_context, "channels", 0),
    )


def is_copy(made: Track | None, source: Track | None) -> bool:
    """Whether a track holds the packets of another, by their sizes."""
    if made is None or source is None or made.codec != source.codec:
        return False
    return made.sizes[:COMPARED_PACKETS] == source.sizes[:COMPARED_PACKETS]
