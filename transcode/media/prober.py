"""Looks into a recording and prints what it saw as JSON. Started by probe.py in a limited child, never imported.

Usage: prober.py PATH DEMUXER MAX_PIXELS SITE_PACKAGES. Prints `{"facts": {...}}` or `{"refused": reason}`, with the
reasons of probe.py. Every packet is read, nothing but the first frames is decoded.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.append(sys.argv[4])  # Python starts without site.py, which takes 20 ms and runs strange code on the way

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

# An isolated script does not know its own package, and a confined one may not list the folder that holds it.
package = ModuleType("transcode")
package.__path__ = [str(Path(__file__).parents[1])]
sys.modules["transcode"] = package

from transcode.media.animated_webp import webp_picture  # noqa: E402 (found by the lines above)
from transcode.media.track import Track, on_one_clock  # noqa: E402 (the same)
from transcode.media.track_facts import picture_facts, sound_facts  # noqa: E402 (the same)

FRAMES_SEEN = 3  # enough to know that the picture decodes, and whether it is interlaced
PACKETS_TRIED = 300  # a take may start with packets that need an earlier, lost key frame
PACKETS_KEPT = 8_000_000  # times of 37 hours at 60 a second; 136 MB
BROADCAST = {"mpegts", "mpeg"}  # whose clocks may begin anew at any packet
# Only the given file, and only by the demuxer that was sniffed (AVI can carry subtitles that name another).
OPTIONS = {"protocol_whitelist": "file"}


class RefusedError(Exception):
    """The recording cannot become a clip; the argument is the reason's name."""


def main(path: str, demuxer: str, max_pixels: int) -> dict[str, Any]:
    try:
        return {"facts": webp_facts(path) if demuxer == "webp_anim" else facts(path, demuxer, max_pixels)}
    except RefusedError as reason:
        return {"refused": str(reason)}
    except av.FFmpegError as error:
        return {"refused": "encrypted" if looks_encrypted(path) else "damaged", "detail": str(error)}


def webp_facts(path: str) -> dict[str, Any]:
    picture = webp_picture(Path(path))
    if picture is None:
        raise RefusedError("damaged")
    return {
        "duration": picture.duration,
        "start_time": 0.0,
        "picture": asdict(picture),
        "sounds": [],
        "unreadable_sounds": 0,
    }


def facts(path: str, demuxer: str, max_pixels: int) -> dict[str, Any]:
    """The fields of MediaFacts that are read off the file's inside."""
    with open_container(path, demuxer) as container:
        claimed = container.start_time
        tracks = scan(container, has_jumps=demuxer in BROADCAST)
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
            "picture": asdict(picture_facts(picture, first, start)),
            "sounds": [asdict(sound_facts(track, start)) for track in heard],
            "unreadable_sounds": len(sounds) - len(heard),
        }


def open_container(path: str, demuxer: str) -> InputContainer:
    options = OPTIONS | {"format_whitelist": demuxer}
    return av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace")


def scan(container: InputContainer, *, has_jumps: bool) -> list[Track]:
    """All picture and sound packets, up to the first byte that cannot be read."""
    tracks = {stream.index: Track(stream) for stream in container.streams if is_wanted(stream)}
    if not tracks:
        raise RefusedError("nothing")
    try:
        packets = container.demux([track.stream for track in tracks.values()])
        for seen, packet in enumerate(on_one_clock(packets, tracks) if has_jumps else packets):
            if packet.size and seen < PACKETS_KEPT:
                tracks[packet.stream_index].add(packet)
    except av.FFmpegError:
        pass  # a take that was cut off plays up to the cut
    for track in tracks.values():
        track.tame()
    return list(tracks.values())


def is_wanted(stream: Stream) -> bool:
    cover = stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    return stream.type in ("video", "audio") and not cover


def choose_picture(path: str, demuxer: str, tracks: list[Track], max_pixels: int) -> tuple[Track, list[VideoFrame]]:
    """The largest moving picture that decodes, else a still one, and its first frames."""
    pictures = [track for track in tracks if isinstance(track.stream, VideoStream)]
    if not pictures:
        raise RefusedError("no_picture" if any(track.times for track in tracks) else "nothing")
    if any(track.encrypted for track in pictures):
        raise RefusedError("encrypted")
    for track in sorted((track for track in pictures if track.times), key=worth, reverse=True):
        if area(track) > max_pixels:
            raise RefusedError("too_large")
        first = decode_first(path, demuxer, track.stream.index)
        if first:
            return track, first
    if looks_encrypted(path):
        raise RefusedError("encrypted")
    is_known = any(track.stream.codec_context for track in pictures)
    raise RefusedError("damaged" if is_known else "unknown_picture")


def looks_encrypted(path: str) -> bool:
    """Asked only about what does not play: whether an MP4 says that its samples are encrypted."""
    with Path(path).open("rb") as file:
        start = file.read(1 << 20)
    return any(mark in start for mark in (b"encv", b"enca"))


def worth(track: Track) -> tuple[bool, int]:
    return len(track.times) > 1, area(track)  # an animated AVIF holds its first frame as a still beside it


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


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
