"""What one stream tells: times, sizes and key frames by its packets, and its first frames.

Part of the prober, in the limited child only.
"""

from __future__ import annotations  # array is not subscriptable at run time

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import av
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

WILD = 1e10  # seconds; clocks that count from 1970 are at a sixth of it
TAME_RATE = 25.0
JUMP, JUMP_BACK = 10.0, 0.1  # seconds between two packets that make a broadcast's clock a new one
FRAMES_SEEN = 3  # enough to know that a stream decodes, and whether it is interlaced
PACKETS_TRIED = 300  # a take may start with packets that need an earlier, lost key frame
FIRST_PACKETS = 100  # and every key frame: asked whether they are encrypted; a clear beginning may come before
IDR = 5  # H.264: the kind of slice before which nothing is needed
SPS = 7


@dataclass
class Track:
    """One stream's packets, in the stream's own units. `times`, `sizes` and `is_key` run in parallel.

    `first` is the first frame, held alone since one of 8K is 50 MB, `frames` how many were decoded.
    """

    stream: Stream
    times: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("l"))
    is_key: array[int] = field(default_factory=lambda: array("b"))
    end: int = 0
    size: int = 0  # bytes, of packets without a time too
    shift: int = 0  # added to the file's times, see on_one_clock
    clock: int = 0  # the last packet's decoding time, shifted
    next_dts: int = 0  # where the next packet would go on
    last_dts: int | None = None
    monotone: bool = True
    closed_gops: bool = True
    encrypted: bool = False
    trimmed: bool = False
    wild: bool = False
    packets: int = 0
    first: Any = None
    frames: int = 0
    interlaced: bool = False
    tried: int = 0  # packets, to get frames of them
    is_picture: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_picture = isinstance(self.stream, VideoStream)

    @property
    def unit(self) -> float:
        return float(self.stream.time_base or 0)

    @property
    def start(self) -> float:
        return min(self.times) * self.unit

    @property
    def stop(self) -> float:
        """The end of the last frame; where it claims no length, it lasts as long as the others on average."""
        last = max(self.times)
        if self.end > last or len(self.times) < 2:
            return max(self.end, last) * self.unit
        return (last + (last - min(self.times)) / (len(self.times) - 1)) * self.unit

    @property
    def keys(self) -> list[int]:
        """The times of the key frames, as they came."""
        return [time for time, is_key in zip(self.times, self.is_key, strict=True) if is_key]

    def add(self, packet: Packet[Any]) -> None:
        """Called millions of times for a day of screen: each of the packet's values is asked for once."""
        pts, dts, size, discarded = packet.pts, packet.dts, packet.size, packet.is_discard
        self.packets += 1
        self.size += size
        if self.monotone:
            self.monotone = pts is not None and self.grows(dts)
        time = dts if pts is None else pts
        if discarded:
            self.trimmed = True
        if time is None or discarded:
            return
        time += self.shift
        key = self.is_picture and packet.is_keyframe
        self.times.append(time)
        self.sizes.append(size)
        self.is_key.append(key)
        if (end := time + max(0, packet.duration or 0)) > self.end:
            self.end = end
        if key or self.packets <= FIRST_PACKETS:
            self.encrypted = self.encrypted or packet.has_sidedata("encryption_info")
        if key:
            self.closed_gops = self.closed_gops and starts_clean(self.stream, packet)

    def wants_frames_of(self, packet: Packet[Any]) -> bool:
        """Decodes the packet, unless it is encrypted; whether more are wanted. What cannot be decoded is no error."""
        if self.encrypted:
            return False
        self.tried += 1
        for frame in decoded(packet):
            if self.is_picture and not frame.width:
                continue
            self.first = frame if self.first is None else self.first
            self.frames += 1
            self.interlaced = self.interlaced or (self.is_picture and frame.interlaced_frame)
        return self.frames < FRAMES_SEEN and self.tried < PACKETS_TRIED

    def tame(self) -> None:
        """Gives packets even times where damage made them point thousands of years away."""
        if not self.times or max(abs(min(self.times)), abs(max(self.times))) * self.unit <= WILD:
            return
        self.wild = True
        rate = float(getattr(self.stream, "average_rate", None) or 0)
        step = max(1, round(1 / (rate if 1 <= rate <= 120 else TAME_RATE) / self.unit))
        timed = len(self.times)
        self.end = self.packets * step
        self.times = array("q", (self.end * place // timed for place in range(timed)))
        self.is_key = array("b", [1, *bytes(timed - 1)])

    def grows(self, dts: int | None) -> bool:
        """Whether this packet comes after the last. Matroska tells no decoding times before the first B frame."""
        if dts is None:
            return self.last_dts is None
        last, self.last_dts = self.last_dts, dts
        return last is None or dts > last


def decoded(packet: Packet[Any]) -> list[Any]:
    try:
        return list(packet.decode())
    except (av.FFmpegError, ValueError):
        return []


def on_one_clock(packets: Iterable[Packet[Any]], tracks: Mapping[int, Track]) -> Iterator[Packet[Any]]:
    """The packets, with the tracks shifted where a broadcast's clock jumps: all at once, as ffmpeg itself does."""
    for packet in packets:
        if packet.dts is not None:
            follow_clock(packet, packet.dts, tracks)
        yield packet


def follow_clock(packet: Packet[Any], dts: int, tracks: Mapping[int, Track]) -> None:
    track = tracks[packet.stream_index]
    jump, step = ((dts + track.shift - before) * track.unit for before in (track.next_dts, track.clock))
    # Frames of uneven rates come sooner than the one before claimed to last: back is before that one itself.
    if track.packets and (jump > JUMP or step < -JUMP_BACK):
        for each in tracks.values():
            each.shift -= round(jump / each.unit)
    track.clock = dts + track.shift
    track.next_dts = track.clock + max(0, packet.duration or 0)


def starts_clean(stream: Stream, packet: Packet[Any]) -> bool:
    """Whether nothing before this key frame is needed after it. Only H.264 is asked: nothing else is copied."""
    context: Any = stream.codec_context
    if context is None or context.name != "h264":
        return True
    lengths = is_avcc(context.extradata or b"")
    return any(nal[0] & 0x1F == IDR for nal in nals(bytes(packet), lengths) if nal)


def level_of(extradata: bytes) -> int:
    """H.264's level: the fourth byte of an avcC, or of the first parameter set."""
    if is_avcc(extradata):
        return extradata[3] if len(extradata) > 3 else 0
    units = (nal for nal in nals(extradata, lengths=False) if len(nal) == 4 and nal[0] & 0x1F == SPS)
    return next((nal[3] for nal in units), 0)


def is_avcc(extradata: bytes) -> bool:
    return extradata[:1] == b"\x01"


def nals(data: bytes, lengths: bool) -> Iterator[bytes]:
    """The first bytes of each unit of an H.264 packet, told apart by lengths (MP4) or start codes."""
    if not lengths:
        yield from (part[:4] for part in data.split(b"\x00\x00\x01")[1:])
        return
    at = 0
    while at + 5 <= len(data):
        yield data[at + 4 : at + 8]
        at += 4 + int.from_bytes(data[at : at + 4])
