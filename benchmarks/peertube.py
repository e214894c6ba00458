"""What PeerTube 8 runs for one recording (../shared/PEERS.md, section 2), with 720 and 480 switched on.

By default PeerTube makes no lower resolution at all; they are on here so that it makes what ours makes. Its jobs:
"optimise" (a stream copy where picture and sound fit, else an encoding at the source's size), HLS of that, then each
lower resolution in sequence from the largest file, all with one thread. The optimised file goes once HLS stands, so
only HLS, thumbnail and storyboard count as bytes. Assumed where PEERS.md is silent: below 720 lines at most 30 frames
a second; AAC copied, else encoded at 128 kbit/s; a storyboard of at most 100 pictures of 192 pixels.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.costs import Cost, Failed, Result, run_ffmpeg, size_of
from benchmarks.seen import Seen

LADDER = (720, 480)
# Bits a pixel by class: (usual, most). Above the most, nothing is copied; the usual is the ceiling of an encoding.
BITS = {2160: (0.08, 0.14), 1440: (0.09, 0.16), 1080: (0.10, 0.17), 720: (0.11, 0.19), 480: (0.12, 0.22)}
LOW_BITS = (0.15, 0.26)
LEAST_BITS = 0.02
MARGIN = 1.3  # of the source's bit rate
MOST_FPS, LOW_FPS, LOW_BELOW = 60.0, 30.0, 720
TILES = 100
HLS = ("-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_flags", "single_file")


def run(source: Seen, into: Path) -> Result:
    """Its jobs, one after another; what it keeps lies in `into`."""
    result, largest = Result(), into / "optimised.mp4"
    try:
        result.add("optimise", optimise(source, largest))
        result.add("hls", hls(largest, ["-c", "copy"], into, "source"))
        for height in LADDER:
            if height < source.short_side:
                args = [*encoding(source, height), *scaling(source, height), *sound(source)]
                result.add(f"hls-{height}", hls(largest, args, into, str(height)))
                result.files[str(height)] = into / f"{height}.mp4"
        result.add("thumbnail", thumbnail(source, largest, into))
        result.add("storyboard", storyboard(source, largest, into))
    except Failed as failed:
        result.error = str(failed)
    largest.unlink(missing_ok=True)
    result.made_bytes = size_of(into)
    return result


def optimise(source: Seen, target: Path) -> Cost:
    """The largest file."""
    args = ["-c", "copy"] if fits(source) else [*encoding(source, source.short_side), *even(source), *sound(source)]
    return run_ffmpeg("-i", str(source.path), *args, "-movflags", "faststart", str(target))


def fits(source: Seen) -> bool:
    """Whether picture and sound are copied."""
    fps = float(source.avg_frame_rate)
    most = bits_of(source.short_side)[1] * source.width * source.height * fps
    picture = source.picture.codec == "h264" and source.pixel_format == "yuv420p"
    heard = source.sound is None or source.sound.codec == "aac"
    return picture and heard and 2 <= fps <= MOST_FPS and source.picture.bit_rate <= most


def bits_of(height: int) -> tuple[float, float]:
    """Bits a pixel of the class it falls into."""
    return next((bits for lines, bits in BITS.items() if lines <= height), LOW_BITS)


def encoding(source: Seen, height: int) -> list[str]:
    """Its options for a picture of that height."""
    fps = min(LOW_FPS if height < LOW_BELOW else MOST_FPS, float(source.avg_frame_rate))
    scale = height / source.short_side
    pixels = source.width * source.height * scale * scale * fps
    ceiling = max(LEAST_BITS * pixels, min(bits_of(height)[0] * pixels, MARGIN * source.picture.bit_rate))
    return [
        *("-threads", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast"),
        *("-maxrate", str(round(ceiling)), "-bufsize", str(round(2 * ceiling))),
        *("-b_strategy", "1", "-bf", "16", "-r", f"{fps:.3f}"),
    ]


def scaling(source: Seen, height: int) -> list[str]:
    """The filter of a lower resolution."""
    return ["-vf", f"scale=w=-2:h={height}" if source.height <= source.width else f"scale=w={height}:h=-2"]


def even(source: Seen) -> list[str]:
    """Odd sizes cannot be encoded; others are left as they are."""
    return ["-vf", "scale=w=trunc(iw/2)*2:h=trunc(ih/2)*2"] if source.width % 2 or source.height % 2 else []


def sound(source: Seen) -> list[str]:
    """Its options for the sound."""
    if source.sound is None:
        return []
    return ["-c:a", "copy"] if source.sound.codec == "aac" else ["-c:a", "aac", "-b:a", "128k"]


def hls(largest: Path, args: list[str], into: Path, name: str) -> Cost:
    """`into`/NAME.mp4 and its playlist."""
    names = ("-hls_segment_filename", f"{name}.mp4", "-f", "hls", f"{name}.m3u8")
    return run_ffmpeg("-i", str(largest), *args, *HLS, *names, cwd=into)


def thumbnail(source: Seen, largest: Path, into: Path) -> Cost:
    """The most typical of 50 frames from the middle on."""
    middle = str(round(source.duration / 2, 1))
    args = ("-vf", "thumbnail=50", "-frames:v", "1", str(into / "thumbnail.jpg"))
    return run_ffmpeg("-ss", middle, "-i", str(largest), *args)


def storyboard(source: Seen, largest: Path, into: Path) -> Cost:
    """One sheet, in one pass."""
    interval = max(1.0, source.duration / TILES)
    frames = f"select=isnan(prev_selected_t)+gte(t-prev_selected_t\\,{interval:.3f})"
    args = ("-vf", f"{frames},scale=192:-2,tile=10x10", "-frames:v", "1", str(into / "storyboard.jpg"))
    return run_ffmpeg("-i", str(largest), *args)
