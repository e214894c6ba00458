"""The floor: one hand-written ffmpeg command with one decode that makes what ours made.

What to make is read from ours' files, not from its plan: a rendition with the source's own packets is copied; others
get the same size, the very same frames and key frames, and the settings x264 wrote into them; then the sound, the
storyboard's sheets and the poster. Sound is only encoded (no levelling, the first track alone), colours are left as
they are.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from benchmarks.costs import Failed, Result, run_ffmpeg, size_of
from benchmarks.ours import Board, Made
from benchmarks.seen import Seen, Track, is_copy, see

# How x264's presets differ in one number.
PRESETS = {0: "ultrafast", 1: "superfast", 2: "veryfast", 4: "faster", 6: "fast", 7: "medium", 8: "slow", 9: "slower"}
# Settings a hand-written command may have chosen besides the preset; the rest follow from it.
CHOSEN = (
    *("crf", "vbv_maxrate", "vbv_bufsize", "keyint", "keyint_min", "scenecut", "ref", "bframes", "b_adapt"),
    *("rc_lookahead", "mbtree", "weightp", "trellis"),
)
SOUND_RATES = (64_000, 96_000, 128_000, 192_000)  # bits a second; what is written is less where it is quiet
SAME_FRAME = 0.04  # seconds; frames at the joints of segments were seen 25 ms off the source's
SAME_COUNT = 0.02  # part of the frames
HLS = ("-f", "hls", "-hls_time", "4", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4")


def run(source: Seen, made: Made, into: Path) -> Result:
    """The command; `error` when it fails or when its frames are not as many as ours'."""
    result = Result(error="" if made.files else "ours made nothing to compare with")
    if result.error:
        return result
    renditions = {name: see(path) for name, path in made.files.items()}
    copied = [name for name, each in renditions.items() if is_copy(each.picture, source.picture)]
    encoded = {name: each for name, each in renditions.items() if name not in copied}
    try:
        graph, args = command(source, made, encoded)
        (into / "graph.txt").write_text(graph)
        copies = [arg for name in copied for arg in copy_args(source, renditions[name], name)]
        filters = ["-/filter_complex", "graph.txt"] if graph else []
        result.add("all", run_ffmpeg("-i", str(source.path.absolute()), *filters, *copies, *args, cwd=into))
        result.error = difference(into, encoded)
    except Failed as failed:
        result.error = str(failed)
    result.made_bytes = size_of(into)
    return result


def command(source: Seen, made: Made, encoded: dict[str, Seen]) -> tuple[str, list[str]]:
    """The filter graph, and the options of all that is not copied."""
    ends: list[tuple[str, list[str]]] = [
        (scale(each), encoder_args(source, each, name)) for name, each in encoded.items()
    ]
    if made.board:
        ends.append((tiles(made.board), ["-q:v", "5", "-f", "image2", "sheet-%03d.jpg"]))
    if made.poster:
        still = see(made.poster)
        filters = f"select=gte(t\\,{source.duration / 2:.3f}),{scale(still)}"
        ends.append((filters, ["-frames:v", "1", "-q:v", "3", "-update", "1", "poster.jpg"]))
    if not ends:
        return "", []
    chains = [f"[p{number}]{filters}[o{number}]" for number, (filters, _) in enumerate(ends)]
    split = "".join(f"[p{number}]" for number in range(len(ends)))
    graph = ";".join([f"[0:v:0]{frames(source, encoded, made)}split={len(ends)}{split}", *chains])
    return graph, [arg for number, (_, args) in enumerate(ends) for arg in ("-map", f"[o{number}]", *args)]


def frames(source: Seen, encoded: dict[str, Seen], made: Made) -> str:
    """A filter that keeps the frames ours kept, or nothing where it kept all or encoded none."""
    if not encoded:
        return ""
    name, first = next(iter(encoded.items()))
    kept = matched(source.picture.times, first.picture.times)
    if kept is None:
        return f"fps={made.rates[name]:.3f},"
    if len(kept) == len(source.picture.times):
        return ""
    runs = [[number for _, number in group] for _, group in groupby(enumerate(kept), lambda pair: pair[1] - pair[0])]
    return f"select='{choice(runs)}',"


def choice(runs: list[list[int]]) -> str:
    """The expression that is 1 for frames of these runs of numbers: a tree, since ffmpeg limits how deep one goes."""
    if len(runs) == 1:
        return f"between(n,{runs[0][0]},{runs[0][-1]})"
    middle = len(runs) // 2
    return f"if(lt(n,{runs[middle][0]}),{choice(runs[:middle])},{choice(runs[middle:])})"


def matched(source: tuple[float, ...], made: tuple[float, ...]) -> list[int] | None:
    """Which frames of the source are in the rendition, by their times; None where that cannot be said."""
    kept: list[int] = []
    at = 0
    for time in made:
        while at + 1 < len(source) and abs(source[at + 1] - time) <= abs(source[at] - time):
            at += 1
        if abs(source[at] - time) > SAME_FRAME or (kept and kept[-1] == at):
            return None
        kept.append(at)
    return kept


def scale(made: Seen) -> str:
    """To the size of what ours made."""
    return f"scale={made.width}:{made.height}:flags=lanczos,format={made.pixel_format}"


def tiles(board: Board) -> str:
    """The storyboard's sheets."""
    size = f"scale={board.tile_width}:{board.tile_height}:flags=lanczos"
    return f"fps=1/{board.interval},{size},format=yuvj420p,tile={board.columns}x{board.rows}"


def encoder_args(source: Seen, made: Seen, name: str) -> list[str]:
    """The options of one rendition, by the settings x264 wrote into ours."""
    settings = made.x264_settings
    if "subme" not in settings:
        raise Failed(f"{name} was not made by x264 ({made.picture.codec}): the floor knows no settings for it")
    chosen = ":".join(f"{key}={settings[key]}" for key in CHOSEN if key in settings)
    preset = PRESETS.get(int(settings["subme"]), "veryslow")
    keys = ",".join(f"{time:.3f}" for time in made.picture.keys)
    picture = ["-c:v", "libx264", "-preset", preset, "-fps_mode", "vfr", "-x264-params", chosen]
    picture += ["-force_key_frames", keys, "-forced-idr", "1"]
    return [*picture, *sound_args(source.sound, made.sound), *hls_args(name)]


def copy_args(source: Seen, made: Seen, name: str) -> list[str]:
    """The options of a rendition whose picture is the source's own."""
    return ["-map", "0:v:0", "-c:v", "copy", *sound_args(source.sound, made.sound), *hls_args(name)]


def sound_args(source: Track | None, made: Track | None) -> list[str]:
    """The sound: copied where ours copied it."""
    if made is None:
        return []
    if is_copy(made, source):
        return ["-map", "0:a:0", "-c:a", "copy"]
    rate = next((rate for rate in SOUND_RATES if rate >= made.bit_rate), round(made.bit_rate))
    return ["-map", "0:a:0", "-c:a", "aac", "-b:a", str(rate), "-ac", str(made.channels or 2)]


def hls_args(name: str) -> list[str]:
    """One file and its playlist."""
    return [*HLS, "-hls_flags", "single_file", "-hls_segment_filename", f"{name}.mp4", f"{name}.m3u8"]


def difference(into: Path, encoded: dict[str, Seen]) -> str:
    """A sentence where the floor's renditions have not as many frames as ours."""
    for name, ours in encoded.items():
        count, wanted = len(see(into / f"{name}.mp4").picture.times), len(ours.picture.times)
        if abs(count - wanted) > max(2, SAME_COUNT * wanted):
            return f"{name} has {count} frames, ours has {wanted}: not the same outputs"
    return ""
