"""Looks into a recording and prints what it saw as JSON. Started by probe.py in a limited child, never imported.

Usage: prober.py PATH DEMUXER MAX_PIXELS. Prints `{"facts": {...}}` or `{"refused": reason}`, with the reasons
of probe.py. Every packet is read, nothing but the first frames is decoded.
"""

from __future__ import annotations  # array is not subscriptable at run time

import json
import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

FRAMES_SEEN = 3  # enough to know that the picture decodes, and whether it is interlaced
PACKETS_TRIED = 300  # a take may start with packets that need an earlier, lost key frame
PACKETS_KEPT = 8_000_000  # times of 37 hours at 60 a second; 64 MB
WILD = 1e10  # seconds; clocks that count from 1970 are at a sixth of it
TAME_RATE = 25.0
IDR = 5  # H.264: the kind of slice before which nothing is needed
SPS = 7
# Only the given file, and only by the demuxer that was sniffed (AVI can carry subtitles that name another).
OPTIONS = {"protocol_whitelist": "file"}
TRANSFERS = {1: "bt709", 13: "iec61966-2-1", 14: "bt2020-10", 16: "smpte2084", 18: "arib-std-b67"}
PRIMARIES = {1: "bt709", 9: "bt2020", 12: "smpte432"}


class RefusedError(Exception):
    """The recording cannot become a clip; the argument is the reason's name."""


@dataclass
class Track:
    """What the packets of one stream tell. Times are in the stream's own units."""

    stream: Stream
    times: array[int] = field(default_factory=lambda: array("q"))
    keys: array[int] = field(default_factory=lambda: array("q"))
    end: int = 0
    size: int = 0
    last_dts: int | None = None
    monotone: bool = True
    closed_gops: bool = True
    encrypted: bool = False
    trimmed: bool = False
    wild: bool = False
    packets: int = 0

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

    def add(self, packet: Packet[Any]) -> None:
        if packet.has_sidedata("encryption_info"):
            self.encrypted = True
        time = packet.dts if packet.pts is None else packet.pts
        self.monotone = self.monotone and packet.pts is not None and self.grows(packet.dts)
        self.size += packet.size
        self.packets += 1
        self.trimmed = self.trimmed or packet.is_discard
        self.wild = self.wild or (time is not None and abs(time) * self.unit > WILD)
        if time is None or packet.is_discard:
            return
        self.times.append(time)
        self.end = max(self.end, time + max(0, packet.duration or 0))
        if packet.is_keyframe and isinstance(self.stream, VideoStream):
            self.keys.append(time)
            self.closed_gops = self.closed_gops and starts_clean(self.stream, packet)

    def tame(self) -> None:
        """Gives the packets of a wild track even times: damage made them point thousands of years away."""
        rate = float(self.stream.average_rate or 0)
        step = max(1, round(1 / (rate if 1 <= rate <= 120 else TAME_RATE) / self.unit))
        self.times = array("q", range(0, self.packets * step, step))
        self.keys = array("q", [0])
        self.end = self.packets * step

    def grows(self, dts: int | None) -> bool:
        """Whether this packet comes after the last. Matroska tells no decoding times before the first B frame."""
        if dts is None:
            return self.last_dts is None
        last, self.last_dts = self.last_dts, dts
        return last is None or dts > last


def starts_clean(stream: VideoStream, packet: Packet[Any]) -> bool:
    """Whether nothing before this key frame is needed after it. Only H.264 is asked: nothing else is copied."""
    if stream.codec_context.name != "h264":
        return True
    lengths = is_avcc(stream.codec_context.extradata or b"")
    return any(nal[0] & 0x1F == IDR for nal in nals(bytes(packet), lengths) if nal)


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


def main(path: str, demuxer: str, max_pixels: int) -> dict[str, Any]:
    try:
        return {"facts": webp_facts(path) if demuxer == "webp_anim" else facts(path, demuxer, max_pixels)}
    except RefusedError as reason:
        return {"refused": str(reason)}
    except av.FFmpegError as error:
        return {"refused": "encrypted" if looks_encrypted(path) else "damaged", "detail": str(error)}


def looks_encrypted(path: str) -> bool:
    """Asked only about what does not play: whether an MP4 says that its samples are encrypted."""
    with Path(path).open("rb") as file:
        return any(mark in file.read(1 << 20) for mark in (b"encv", b"enca"))


def open_container(path: str, demuxer: str) -> InputContainer:
    options = OPTIONS | {"format_whitelist": demuxer}
    return av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace")


def facts(path: str, demuxer: str, max_pixels: int) -> dict[str, Any]:
    with open_container(path, demuxer) as container:
        claimed = container.start_time
        tracks = scan(container)
        picture, first = choose_picture(path, demuxer, tracks, max_pixels)
        sounds = [track for track in tracks if track.stream.type == "audio" and track.times]
        heard = [track for track in sounds if sound_decodes(path, demuxer, track)]
        used = [picture, *heard]
        start = min(track.start for track in used)
        if claimed is not None and abs(claimed / 1e6 - start) < 1:
            start = claimed / 1e6  # ffmpeg counts from here; encoder delay lies before it
        return {
            "duration": max(track.stop for track in used) - start,
            "start_time": start,
            "picture": picture_facts(picture, first) | {"start": max(0.0, picture.start - start)},
            "sounds": [sound_facts(track, start) for track in heard],
            "unreadable_sounds": len(sounds) - len(heard),
        }


def scan(container: InputContainer) -> list[Track]:
    """All picture and sound packets, up to the first byte that cannot be read."""
    tracks = {stream.index: Track(stream) for stream in container.streams if is_wanted(stream)}
    if not tracks:
        raise RefusedError("nothing")
    try:
        for seen, packet in enumerate(container.demux([track.stream for track in tracks.values()])):
            if packet.size and seen < PACKETS_KEPT:
                tracks[packet.stream_index].add(packet)
    except av.FFmpegError:
        pass  # a take that was cut off plays up to the cut
    for track in tracks.values():
        if track.wild:
            track.tame()
    return list(tracks.values())


def is_wanted(stream: Stream) -> bool:
    cover = stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    return stream.type in ("video", "audio") and not cover


def choose_picture(path: str, demuxer: str, tracks: list[Track], max_pixels: int) -> tuple[Track, list[VideoFrame]]:
    """The largest picture that decodes, and its first frames."""
    pictures = [track for track in tracks if isinstance(track.stream, VideoStream)]
    if not pictures:
        raise RefusedError("no_picture" if any(track.times for track in tracks) else "nothing")
    if any(track.encrypted for track in pictures):
        raise RefusedError("encrypted")
    for track in sorted((track for track in pictures if track.times), key=area, reverse=True):
        if area(track) > max_pixels:
            raise RefusedError("too_large")
        first = decode_first(path, demuxer, track.stream.index)
        if first:
            return track, first
    raise RefusedError("encrypted" if looks_encrypted(path) else "damaged")


def area(track: Track) -> int:
    context: Any = track.stream.codec_context  # None for a codec that ffmpeg does not know
    return context.width * context.height if context else 0


def decode_first(path: str, demuxer: str, index: int) -> list[Any]:
    """The first frames of one stream; none when it does not decode."""
    frames: list[Any] = []
    with open_container(path, demuxer) as container:
        stream = container.streams[index]
        context: Any = stream.codec_context
        if context is None:  # a codec this ffmpeg does not know
            return frames
        for tried, packet in enumerate(packets(container, stream)):
            frames += decoded(packet)
            if len(frames) >= FRAMES_SEEN or tried > PACKETS_TRIED:
                break
    return [frame for frame in frames if not isinstance(frame, VideoFrame) or frame.width > 0]


def packets(container: InputContainer, stream: Stream) -> Iterator[Any]:
    try:
        yield from container.demux([stream])
    except av.FFmpegError:
        return


def decoded(packet: Any) -> list[Any]:
    try:
        return list(packet.decode())
    except (av.FFmpegError, ValueError):
        return []


def sound_decodes(path: str, demuxer: str, track: Track) -> bool:
    return not track.encrypted and bool(decode_first(path, demuxer, track.stream.index))


def picture_facts(track: Track, first: list[VideoFrame]) -> dict[str, Any]:
    stream = track.stream
    assert isinstance(stream, VideoStream)
    context, frame = stream.codec_context, first[0]
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio
    return {
        "index": stream.index,
        "codec": context.codec.canonical_name,
        "profile": stream.profile or "",
        "level": level_of(context.extradata or b""),
        "width": frame.width,
        "height": frame.height,
        "pixel_format": frame.format.name,
        "bit_depth": max(part.bits for part in frame.format.components),
        "rotation": -90 * round(frame.rotation / 90) % 360,
        "mirrored": is_mirrored(frame),
        "interlaced": any(each.interlaced_frame for each in first),
        "sar": [aspect.numerator, aspect.denominator] if aspect else [1, 1],
        "color_transfer": TRANSFERS.get(int(frame.color_trc), str(int(frame.color_trc))),
        "color_primaries": PRIMARIES.get(int(frame.color_primaries), str(int(frame.color_primaries))),
        "monotone": track.monotone,
        "trimmed": track.trimmed,
        "wild": track.wild,
        "closed_gops": track.closed_gops,
        **pace(track),
    }


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
        "bit_rate": track.size * 8 / duration if duration > 0 else 0.0,
        "duration": duration,
    }


def level_of(extradata: bytes) -> int:
    """H.264's level: the fourth byte of an avcC, or of the first parameter set."""
    if is_avcc(extradata):
        return extradata[3] if len(extradata) > 3 else 0
    units = (nal for nal in nals(extradata, lengths=False) if len(nal) == 4 and nal[0] & 0x1F == SPS)
    return next((nal[3] for nal in units), 0)


def is_mirrored(frame: VideoFrame) -> bool:
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return False
    a, b, _, c, d = struct.unpack("=5i", bytes(matrix)[:20])
    return bool(a * d - b * c < 0)


def sound_facts(track: Track, start: float) -> dict[str, Any]:
    stream = track.stream
    assert isinstance(stream, AudioStream)
    duration = track.stop - track.start
    return {
        "index": stream.index,
        "codec": stream.codec_context.codec.canonical_name,
        "profile": stream.profile or "",
        "channels": stream.codec_context.channels,
        "sample_rate": stream.codec_context.sample_rate,
        "bit_rate": track.size * 8 / duration if duration > 0 else 0.0,
        "duration": duration,
        "start": max(0.0, track.start - start),
    }


def webp_facts(path: str) -> dict[str, Any]:
    """PyAV's ffmpeg cannot read animated WebP (ours can): its chunks tell sizes and times."""
    delays: list[int] = []
    with Path(path).open("rb") as file:
        head = file.read(30)
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        file.seek(20 + int.from_bytes(head[16:20], "little"))
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            body = file.read(15) if chunk[:4] == b"ANMF" and size >= 15 else b""
            delays += [max(10, int.from_bytes(body[12:15], "little"))] if body else []
            file.seek(size + size % 2 - len(body), 1)
    if not delays:
        raise RefusedError("damaged")
    return {
        "duration": sum(delays) / 1000,
        "start_time": 0.0,
        "picture": webp_picture(width, height, delays, Path(path).stat().st_size),
        "sounds": [],
        "unreadable_sounds": 0,
    }


def webp_picture(width: int, height: int, delays: list[int], size: int) -> dict[str, Any]:
    duration = sum(delays) / 1000
    return {
        "index": 0,
        "codec": "webp",
        "profile": "",
        "level": 0,
        "width": width,
        "height": height,
        "pixel_format": "bgra",
        "bit_depth": 8,
        "rotation": 0,
        "mirrored": False,
        "interlaced": False,
        "sar": [1, 1],
        "fps": len(delays) / duration,
        "max_gap": max(delays) / 1000,
        "frames": len(delays),
        "keyframes": 1,
        "max_key_interval": duration,
        "closed_gops": True,
        "monotone": True,
        "trimmed": False,
        "wild": False,
        "bit_rate": size * 8 / duration,
        "color_transfer": "2",
        "color_primaries": "2",
        "start": 0.0,
        "duration": duration,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
