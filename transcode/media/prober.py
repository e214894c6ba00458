"""Looks into a recording and prints what it saw as JSON. Started by probe.py in a limited child, never imported.

Usage: prober.py PATH DEMUXER MAX_PIXELS SITE_PACKAGES. Prints `{"facts": {...}}` or `{"refused": reason}`, with the
reasons of probe.py. Every packet is read, nothing but the first frames is decoded.
"""

from __future__ import annotations  # Packet is not subscriptable at run time

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.append(sys.argv[4])  # Python starts without site.py, which takes 20 ms and runs strange code on the way

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

# An isolated script does not know its own package, and a confined one may not list the folder that holds it.
package = ModuleType("transcode")
package.__path__ = [str(Path(__file__).parents[1])]
sys.modules["transcode"] = package

from transcode.media.animated_webp import webp_picture  # noqa: E402 (found by the lines above)
from transcode.media.track import Track, on_one_clock  # noqa: E402 (the same)
from transcode.media.track_facts import picture_facts, sound_facts  # noqa: E402 (the same)

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
        tracks = scan(container, max_pixels, has_jumps=demuxer in BROADCAST)
        picture = choose_picture(path, demuxer, tracks, max_pixels)
        sounds = [track for track in tracks if track.stream.type == "audio" and track.times]
        heard = [track for track in sounds if track.frames and not track.encrypted]
        used = [picture, *heard]
        start = min(track.start for track in used)
        if claimed is not None and abs(claimed / 1e6 - start) < 1:
            start = claimed / 1e6  # ffmpeg counts from here; encoder delay lies before it
        return {
            "duration": max(track.stop for track in used) - start,
            "start_time": start,
            "picture": asdict(picture_facts(picture, start)),
            "sounds": [asdict(sound_facts(track, start)) for track in heard],
            "unreadable_sounds": len(sounds) - len(heard),
        }


def open_container(path: str, demuxer: str) -> InputContainer:
    options = OPTIONS | {"format_whitelist": demuxer}
    return av.open(f"file:{path}", format=demuxer, options=options, metadata_errors="replace")


def scan(container: InputContainer, max_pixels: int, *, has_jumps: bool) -> list[Track]:
    """All picture and sound packets, up to the first byte that cannot be read, and the first frames."""
    tracks = {stream.index: Track(stream) for stream in container.streams if is_wanted(stream)}
    if not tracks:
        raise RefusedError("nothing")
    packets = container.demux([track.stream for track in tracks.values()])
    # Of several pictures one will do; decoders of all of them at once would be gigabytes.
    alone = sum(track.is_picture for track in tracks.values()) == 1
    unseen = {
        index
        for index, track in tracks.items()
        if may_be_decoded(track, max_pixels) and (alone or not track.is_picture)
    }
    with suppress(av.FFmpegError):  # a take that was cut off plays up to the cut
        read(on_one_clock(packets, tracks) if has_jumps else packets, tracks, unseen)
    for track in tracks.values():
        track.tame()
    return list(tracks.values())


def read(packets: Iterable[Packet[Any]], tracks: Mapping[int, Track], unseen: set[int]) -> None:
    """Adds the packets to their tracks. Streams leave `unseen` when enough of them was decoded on the way."""
    for seen, packet in enumerate(packets):
        index = packet.stream_index if packet.size else packet.stream.index  # the empty last one knows no number
        if packet.size and seen < PACKETS_KEPT:
            tracks[index].add(packet)
        if index in unseen and not tracks[index].wants_frames_of(packet):
            unseen.remove(index)


def is_wanted(stream: Stream) -> bool:
    cover = stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    return stream.type in ("video", "audio") and not cover


def may_be_decoded(track: Track, max_pixels: int) -> bool:
    """Not where ffmpeg does not know the codec, nor a picture larger than is allowed."""
    is_known = track.stream.codec_context is not None
    return is_known and not (track.is_picture and area(track) > max_pixels)


def choose_picture(path: str, demuxer: str, tracks: list[Track], max_pixels: int) -> Track:
    """The largest moving picture that decodes, else a still one."""
    pictures = [track for track in tracks if isinstance(track.stream, VideoStream)]
    if not pictures:
        raise RefusedError("no_picture" if any(track.times for track in tracks) else "nothing")
    if any(track.encrypted for track in pictures):
        raise RefusedError("encrypted")
    for track in sorted((track for track in pictures if track.times), key=worth, reverse=True):
        if area(track) > max_pixels:
            raise RefusedError("too_large")
        if len(pictures) > 1:
            decode_alone(path, demuxer, track)
        if track.frames:
            return track
    if looks_encrypted(path):
        raise RefusedError("encrypted")
    is_known = any(track.stream.codec_context for track in pictures)
    raise RefusedError("damaged" if is_known else "unknown_picture")


def decode_alone(path: str, demuxer: str, track: Track) -> None:
    """The first frames of one stream, by a decoder that is closed again."""
    if not track.stream.codec_context:
        return
    with open_container(path, demuxer) as container, suppress(av.FFmpegError):
        for packet in container.demux([container.streams[track.stream.index]]):
            if not track.wants_frames_of(packet):
                break


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


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
