"""The first rendition of a recording, and the playlists players read (RFC 8216)."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from transcode.media import codecs
from transcode.media.errors import MediaError, no_room
from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import input_args, limits_for, run_graph
from transcode.media.graph import hls_output, longest_still, paced, sized, sounds
from transcode.media.plan import Plan, RenditionPlan, SoundPlan, encoded_sound, without_copy

SEGMENT = re.compile(r"#EXTINF:([\d.]+),.*\n#EXT-X-BYTERANGE:(\d+)@(\d+)")
INIT = re.compile(r'#EXT-X-MAP:URI="[^"]*",BYTERANGE="(\d+)@(\d+)"')
# How far a copy's length may be off before it counts as broken: seconds, and part of the whole.
TOLERANCE, TOLERANCE_PART = 1.0, 0.02
TARGET = re.compile(r"(#EXT-X-TARGETDURATION:)\d+")
LEAST_SEGMENT = 0.04
PEAK_SECONDS = 0.5  # shorter segments say nothing about the peak (RFC 8216 4.4.6.2 asks for half a target)


@dataclass(frozen=True)
class RenditionFile:
    """A playable version on disk. `playlist` names the file alone; rates in bits a second, sizes in pixels."""

    name: str
    path: Path
    playlist: str
    width: int
    height: int
    fps: float
    bandwidth: int  # of the most demanding segment
    average_bandwidth: int
    codecs: str  # RFC 6381, as "avc1.640028,mp4a.40.2"
    size_bytes: int
    duration: float


def write_first(
    source: Path,
    facts: MediaFacts,
    plan: Plan,
    into: Path,
    on_progress: Callable[[float], None] | None = None,
) -> RenditionFile:
    """Makes the recording playable: `into`/NAME.mp4. Progress from 0 to 1.

    A copy that fails or comes out broken is encoded instead, and sound that ruins the picture is left out.
    Raises MediaError when nothing helps, permanent when the recording is to blame.
    """
    error = MediaError("No way to play this recording was found.", permanent=True)
    for rendition, sound in ways(facts, plan):
        try:
            return write(source, facts, rendition, sound, into, on_progress)
        except MediaError as failed:
            if not failed.permanent:
                raise
            error = failed
    raise error


def ways(facts: MediaFacts, plan: Plan) -> Iterator[tuple[RenditionPlan, SoundPlan]]:
    """What is tried, best first: a picture that can be copied is, even where the sound can not be had at all."""
    sounds = [plan.sound]
    if plan.sound.mode == "copy":
        sounds.append(encoded_sound(plan.sound))
    if plan.sound.mode != "none":
        sounds.append(SoundPlan("none"))
    yield from ((plan.first, sound) for sound in sounds)
    if plan.first.copy:
        first = without_copy(plan, facts).first
        yield from ((first, sound) for sound in sounds if sound.mode != "copy")


def write(
    source: Path,
    facts: MediaFacts,
    rendition: RenditionPlan,
    sound: SoundPlan,
    into: Path,
    on_progress: Callable[[float], None] | None,
) -> RenditionFile:
    """One attempt at one rendition."""
    stream = input_args(source, facts.demuxer)
    picture = stream[str(facts.picture.index)]
    if not rendition.copy:
        picture = sized(paced(picture, facts), facts, rendition.width, rendition.height)
    output = hls_output(picture, sounds(stream, sound, 1)[0], rendition, sound, facts.duration)
    ran = run_graph(output, limits=limits_for(facts), duration=facts.duration, on_progress=on_progress, cwd=into)
    if rendition.copy:
        # Of the picture alone: sound that is encoded beside it is filled up to the end.
        copied = length_of(complete(into / f"{rendition.name}.m3u8", into / f"{rendition.name}.mp4"))
        if length_reached(copied, facts) != facts.duration:
            raise MediaError("A copy of this recording does not have its length.", permanent=True)
    return read_rendition(into, rendition, length_reached(ran.reached, facts))


def length_reached(seconds: float, facts: MediaFacts) -> float:
    """The recording's own length where all of it was written, else how far ffmpeg got."""
    # ffmpeg counts to the last packet's decoding time: of a copy with B frames, up to four frames before the end.
    # What stands still at the end is one frame.
    tolerance = max(TOLERANCE, TOLERANCE_PART * facts.duration) + 4 * facts.picture.max_gap + longest_still(facts)
    return facts.duration if abs(seconds - facts.duration) <= tolerance else seconds


def read_rendition(folder: Path, rendition: RenditionPlan, duration: float) -> RenditionFile:
    """What was written: rates and codecs are read off the file, not believed from the plan.

    `duration` in seconds is what the playlist's lengths shall add up to.
    """
    path = folder / f"{rendition.name}.mp4"
    playlist = with_length(complete(folder / f"{rendition.name}.m3u8", path), duration)
    segments = [(float(length), int(size)) for length, size, _ in SEGMENT.findall(playlist)]
    seconds = sum(length for length, _ in segments)
    average = round(sum(size for _, size in segments) * 8 / seconds)
    peaks = [size * 8 / length for length, size in segments if length >= PEAK_SECONDS]
    with path.open("rb") as file:
        named = codecs.named(file.read(segment_ends(playlist)[0]))
    return RenditionFile(
        name=rendition.name,
        path=path,
        playlist=playlist,
        width=rendition.width,
        height=rendition.height,
        fps=rendition.fps,
        bandwidth=max(round(max(peaks, default=0)), average),
        average_bandwidth=average,
        codecs=named,
        size_bytes=path.stat().st_size,
        duration=seconds,
    )


def complete(playlist_file: Path, path: Path) -> str:
    """The playlist of a file that is all there.

    ffmpeg's HLS writer ignores a full disk: it ends with success, and with a file shorter than its playlist, or with
    an empty playlist, or none. Where it had nothing to write, its playlist has an end all the same.
    """
    playlist = playlist_file.read_text() if playlist_file.exists() else ""
    if not playlist.rstrip().endswith("#EXT-X-ENDLIST") or segment_ends(playlist)[-1] > path.stat().st_size:
        raise no_room(f"{path.name} was not written in full")
    if length_of(playlist) <= 0:
        raise MediaError("Nothing of this recording could be played.", permanent=True)
    return playlist


def segment_ends(playlist: str) -> list[int]:
    """Where each part of the file ends, the initialisation bytes first."""
    init = INIT.search(playlist)
    ranges = [(init[1], init[2])] if init else []
    ranges += [(size, offset) for _, size, offset in SEGMENT.findall(playlist)]
    return [int(size) + int(offset) for size, offset in ranges]


def length_of(playlist: str) -> float:
    return sum(float(length) for length, _, _ in SEGMENT.findall(playlist))


def with_length(playlist: str, duration: float) -> str:
    """The playlist with its last segment reaching the recording's end.

    ffmpeg guesses how long the last frame stands; for uneven rates it is wrong by whole seconds.
    """
    last = list(SEGMENT.finditer(playlist))[-1]
    length = max(LEAST_SEGMENT, float(last[1]) + duration - length_of(playlist))
    playlist = f"{playlist[: last.start(1)]}{length:.6f}{playlist[last.end(1) :]}"
    longest = max(float(each) for each, _, _ in SEGMENT.findall(playlist))
    return TARGET.sub(rf"\g<1>{max(1, round(longest))}", playlist)


class Variant(Protocol):
    """What is told of a rendition after it was made: by a RenditionFile, or by the row that remembers one."""

    name: Any
    width: Any
    height: Any
    fps: Any
    bandwidth: Any
    average_bandwidth: Any
    codecs: Any
    size_bytes: Any


def multivariant_playlist(entries: Sequence[RenditionFile | Variant], uri_for: Callable[[str], str]) -> str:
    """The playlist of playlists, highest picture first; `uri_for(name)` is where a media playlist is served."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for entry in sorted(entries, key=lambda each: (each.width * each.height, each.bandwidth), reverse=True):
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={entry.bandwidth},AVERAGE-BANDWIDTH={entry.average_bandwidth},"
            f"RESOLUTION={entry.width}x{entry.height},FRAME-RATE={entry.fps:.3f},"
            f'CODECS="{entry.codecs}"'
        )
        lines.append(uri_for(entry.name))
    return "\n".join(lines) + "\n"
