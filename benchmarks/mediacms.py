"""What MediaCMS 8.3.2 runs for one recording by default, command by command (../shared/PEERS.md, section 1).

One process a profile: H.264 at 144 and 240 always, at 360 to 1080 where the source is as high; a preview GIF; the
pictures of a sprite; a thumbnail. Its md5sum, its runs of ffprobe, ImageMagick's joining of the sprite and Bento4's
HLS copies are left out, of CPU and of bytes: all in its favour. It would refuse files without a duration; here it
gets them as if it did not.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from benchmarks.costs import Cost, Failed, Result, run_ffmpeg, size_of
from benchmarks.seen import Seen

PROFILES = (144, 240, 360, 480, 720, 1080)
ALWAYS = (144, 240)
# kbit/s, and where they differ for sources of more than 30 frames a second.
RATES = {144: 150, 240: 300, 360: 500, 480: 1000, 720: 2500, 1080: 4500}
FAST_RATES = {720: 3500, 1080: 7500}
MARGIN = 1.5  # maxrate and bufsize, of the rate
KEY_SECONDS = 4
CRF_FROM = 2.0  # seconds; shorter ones are encoded in two passes at the rate


def run(source: Seen, into: Path) -> Result:
    """All of it, one process after another; what it made lies in `into`."""
    result = Result()
    try:
        for height in profiles(source):
            result.add(f"h264-{height}", encode(source, height, into))
            result.files[str(height)] = into / f"{height}.mp4"
        result.add("preview", preview(source, into))
        result.add("sprite", sprite(source, into))
        result.add("thumbnail", thumbnail(source, into))
    except Failed as failed:
        result.error = str(failed)
    for left in into.glob("pass*"):
        left.unlink()
    result.made_bytes = size_of(into)
    return result


def profiles(source: Seen) -> list[int]:
    """The heights that are made of it."""
    return [height for height in PROFILES if height in ALWAYS or height <= source.height]


def encode(source: Seen, height: int, into: Path) -> Cost:
    """One profile: `into`/HEIGHT.mp4."""
    args = [*picture_args(source, height), *sound_args(source), "-strict", "-2"]
    target = str(into / f"{height}.mp4")
    if source.duration > CRF_FROM:
        return run_ffmpeg("-i", str(source.path), *args, target)
    log = ("-passlogfile", str(into / f"pass{height}"))
    first = run_ffmpeg("-i", str(source.path), *args, *log, "-pass", "1", "-an", "-f", "null", "/dev/null")
    return first + run_ffmpeg("-i", str(source.path), *args, *log, "-pass", "2", target)


def picture_args(source: Seen, height: int) -> list[str]:
    """Its options for the picture."""
    fps, width = rate_of(source), round(height * 16 / 9)
    kilobits = (FAST_RATES if source.r_frame_rate > 30 else RATES).get(height, RATES[height])
    ceiling, keys = f"{int(kilobits * MARGIN)}k", int(fps * KEY_SECONDS)
    quality = ["-crf", "23"] if source.duration > CRF_FROM else ["-b:v", f"{kilobits}k"]
    sides = f"if(lt(iw\\,ih)\\,{height}\\,{width}):if(lt(iw\\,ih)\\,{width}\\,{height})"
    scale = f"scale={sides}:force_original_aspect_ratio=decrease:force_divisible_by=2:flags=lanczos"
    return [
        *("-c:v", "libx264", "-filter:v", f"{scale},fps=fps={fps}", "-pix_fmt", "yuv420p", *quality),
        *("-maxrate", ceiling, "-bufsize", ceiling, "-force_key_frames", f"expr:gte(t,n_forced*{KEY_SECONDS})"),
        *("-x264-params", f"keyint={2 * keys}:keyint_min={keys}"),
        *("-preset", "medium", "-profile:v", "main", "-level", "4.2"),
    ]


def rate_of(source: Seen) -> Fraction:
    """Frames a second: what the file claims, halved until at most 60."""
    fps = source.r_frame_rate
    while fps > 60:
        fps /= 2
    return max(fps, Fraction(1))


def sound_args(source: Seen) -> list[str]:
    """Its options for the sound."""
    return ["-c:a", "aac", "-b:a", "128k", "-ac", "2"] if source.sound else []


def preview(source: Seen, into: Path) -> Cost:
    """The GIF: a frame a second of 25 s from the third second on. It may fail, as on shorter ones."""
    shown = ("-vf", "scale=344:-1:flags=lanczos,fps=1", "-t", "25", "-f", "gif")
    return run_ffmpeg("-ss", "3", "-i", str(source.path), *shown, str(into / "preview.gif"), may_fail=True)


def sprite(source: Seen, into: Path) -> Cost:
    """A picture every ten seconds. It may fail, as where none falls into a short one."""
    pictures = ("-f", "image2", "-vf", "fps=1/10, scale=160:90")
    return run_ffmpeg("-i", str(source.path), *pictures, str(into / "img%03d.jpg"), may_fail=True)


def thumbnail(source: Seen, into: Path) -> Cost:
    """A frame at a random time; here always in the middle."""
    middle = str(round(source.duration / 2, 1))
    return run_ffmpeg("-ss", middle, "-i", str(source.path), "-vframes", "1", str(into / "thumbnail.jpg"))
