"""The pieces that graphs are built from: the picture at a size, the sound as planned, an HLS output."""

from collections.abc import Sequence
from typing import Any

import ffmpeg

from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import Graph
from transcode.media.plan import LATE, SOUND_ALONE, RenditionPlan, SoundPlan, capped_fps

SEGMENT_SECONDS = 4
KEY_SECONDS = 10  # the longest way back to a key frame; scene changes get one of their own
# A frame may come this much sooner than the cap's rhythm: clocks of browsers jitter by milliseconds.
EARLY = 0.8
# A frame is a duplicate where no 8×8 block differs by two shades a pixel, and next to none by one.
DUPLICATE = {"hi": 128, "lo": 64, "frac": 0.02}
LONGEST_STILL = 2.0  # seconds; then even a frame that shows nothing new is kept, for seeking and previews
CEILING = 0.84  # of full scale: what is turned up stays 1 dB under it, between the samples too
RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "mono", "gray", "x2rgb", "x2bgr")
SOUND_RATE = 48_000
KEY_EVERY = f"expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+{KEY_SECONDS}))"


def paced(stream: Graph, facts: MediaFacts) -> Graph:
    """The picture at no more than the capped rate, without duplicates, from time zero to the recording's end.

    Frames are dropped, not doubled: a variable rate stays one. Only where the sound starts earlier or ends
    later, the first and the last frame are repeated at a steady rate.
    """
    fps = capped_fps(facts)
    if facts.picture.interlaced:
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    stream = tamed(stream, facts)
    missing = facts.duration - facts.picture.start - facts.picture.duration
    if facts.picture.start <= LATE and missing <= SOUND_ALONE:
        stream = stream.filter("select", rhythm(fps)).filter("setpts", "if(eq(N,0),0,PTS)")
    else:
        stream = stream.filter("fps", fps=f"{min(fps, max(1.0, facts.picture.fps)):.3f}", start_time=0)
        stream = stream.filter("tpad", stop_mode="clone", stop_duration=f"{max(0.0, missing):.3f}")
    return without_duplicates(stream, facts)


def rhythm(fps: float) -> str:
    return f"isnan(prev_selected_t)+gte(t-prev_selected_t,{EARLY / fps:.6f})"


def without_duplicates(stream: Graph, facts: MediaFacts) -> Graph:
    """Drops frames that show what the one before shows, where comparing needs no conversion that costs colours."""
    if facts.picture.bit_depth > 8 or facts.picture.pixel_format.startswith(RGB):
        return stream
    return stream.filter("mpdecimate", max=most_dropped(facts), **DUPLICATE)


def most_dropped(facts: MediaFacts) -> int:
    """So many duplicates in a row are dropped."""
    return max(1, round(LONGEST_STILL * min(capped_fps(facts), facts.picture.fps)))


def longest_still(facts: MediaFacts) -> float:
    """Seconds that the last frame kept may stand before the end."""
    return (most_dropped(facts) + 1) * facts.picture.max_gap


def tamed(stream: Graph, facts: MediaFacts) -> Graph:
    """Even times in place of nonsense."""
    return stream.filter("setpts", f"N/{facts.picture.fps:.3f}/TB") if facts.picture.wild else stream


def sized(stream: Graph, facts: MediaFacts, width: int, height: int) -> Graph:
    """The picture in 8-bit 4:2:0 with square pixels at an even size. One odd line is cut, not scaled away."""
    near = 0 <= facts.display_width - width <= 1 and 0 <= facts.display_height - height <= 1
    if facts.picture.is_hdr:
        stream = tone_mapped(stream, width, height)
    elif near and facts.picture.sar == (1, 1):
        stream = from_rgb(stream.filter("crop", width, height, 0, 0), facts)
    else:
        stream = from_rgb(stream.filter("scale", width, height, flags="lanczos"), facts)
    return stream.filter("setsar", 1).filter("format", "yuv420p")


def rungs(picture: Graph, facts: MediaFacts, plans: Sequence[RenditionPlan]) -> list[Graph]:
    """The picture at each size, largest first, each made of the one before: scaling costs by the pixels read."""
    made: list[Graph] = []
    for number, plan in enumerate(plans):
        at_size = smaller(picture, plan) if number else sized(picture, facts, plan.width, plan.height)
        if number == len(plans) - 1:
            return [*made, at_size]
        parts = at_size.filter_multi_output("split", 2)
        made.append(parts[0])
        picture = parts[1]
    return made


def smaller(picture: Graph, plan: RenditionPlan) -> Graph:
    return picture.filter("scale", plan.width, plan.height, flags="lanczos").filter("setsar", 1)


def from_rgb(stream: Graph, facts: MediaFacts) -> Graph:
    """RGB turned into the colours players expect of HD; ffmpeg's own habit is standard definition's."""
    if not facts.picture.pixel_format.startswith(RGB):
        return stream
    stream = stream.filter("scale", out_color_matrix="bt709", out_range="tv")
    return stream.filter("setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709")


def tone_mapped(stream: Graph, width: int, height: int) -> Graph:
    """HDR for screens that have none: linear light, compressed highlights, HD colours."""
    return (
        stream.filter("zscale", w=width, h=height, f="lanczos", t="linear", npl=100)
        .filter("format", "gbrpf32le")
        .filter("zscale", p="bt709")
        .filter("tonemap", "hable", desat=0)
        .filter("zscale", t="bt709", m="bt709", r="tv")
    )


def mixed(source: Graph, tracks: tuple[int, ...]) -> Graph:
    """All sound tracks as one, from time zero on, gaps filled with silence."""
    lanes = [source[str(track)].filter("aresample", SOUND_RATE, **{"async": 1, "first_pts": 0}) for track in tracks]
    if len(lanes) == 1:
        return lanes[0]
    mix = ffmpeg.filter(lanes, "amix", inputs=len(lanes), duration="longest", normalize=0)
    return mix.filter("alimiter", limit=0.95, level=0)


def sounds(source: Graph, plan: SoundPlan, copies: int) -> list[Graph]:
    """The planned sound for so many outputs: empty lists of streams where there is none."""
    if plan.mode == "none" or not copies:
        return [None] * copies
    if plan.mode == "copy":
        return [source[str(plan.tracks[0])]] * copies
    layout = "mono" if plan.channels == 1 else "stereo"
    sound = mixed(source, plan.tracks).filter("aformat", channel_layouts=layout)
    if plan.gain:
        sound = sound.filter("volume", f"{plan.gain}dB").filter("alimiter", limit=CEILING, level=0)
    # Where a player has picture without sound it has nothing: it would stop for ever at the sound's end.
    sound = sound.filter("apad", whole_dur=f"{plan.length:.3f}")
    if copies == 1:
        return [sound]
    parts = sound.filter_multi_output("asplit", copies)
    return [parts[number] for number in range(copies)]


def hls_output(picture: Graph, sound: Graph, rendition: RenditionPlan, sound_plan: SoundPlan, duration: float) -> Graph:
    """One rendition: NAME.mp4 with all segments, NAME.m3u8 with their byte ranges, in the working folder.

    `duration` in seconds is how far its last frame shall reach, where it is encoded.
    """
    if rendition.codec == "av1":
        picture = steady(picture, rendition.fps, duration)
    streams = [picture] if sound is None else [picture, sound]
    options = {
        **(COPIED if rendition.copy else encoder(rendition, duration)),
        **(sound_encoder(sound_plan) if sound is not None else {}),
        **SEGMENTS,
        "hls_segment_filename": f"{rendition.name}.mp4",
    }
    return ffmpeg.output(*streams, f"{rendition.name}.m3u8", **options)


def steady(picture: Graph, fps: float, duration: float) -> Graph:
    """The picture at an even rate up to the end, which AV1's encoder wants."""
    picture = picture.filter("fps", fps=f"{fps:.3f}", start_time=0)
    return picture.filter("tpad", stop_mode="clone", stop_duration=f"{duration:.3f}").filter("trim", end=duration)


COPIED = {"c:v": "copy"}
SEGMENTS: dict[str, Any] = {
    "f": "hls",
    "hls_time": SEGMENT_SECONDS,
    "hls_playlist_type": "vod",
    "hls_segment_type": "fmp4",
    "hls_flags": "single_file+independent_segments",
    # Otherwise everything is shifted by the encoder's delay, and captions come that much too early.
    "avoid_negative_ts": "disabled",
    "map_metadata": -1,  # where and on what it was recorded is nobody's business
    "map_chapters": -1,
    "max_muxing_queue_size": 4096,  # packets held while a sparse stream has not begun
}


H264: dict[str, Any] = {
    "c:v": "libx264",
    "preset": "veryfast",
    "profile:v": "high",
    "level": "4.0",  # left to itself x264 believes the clock of a browser's take, a thousand frames a second
    # Still pictures: looking further ahead than `veryfast` does tells what will stand, and spends its bits there.
    "x264-params": "rc-lookahead=40:ref=2",
    # With frames out of order and uneven, the one shown last would claim a length that is not its own.
    "bf": 0,
    "forced-idr": 1,
}
AV1: dict[str, Any] = {"c:v": "libsvtav1", "preset": 8, "svtav1-params": "scm=2"}  # with its tools for screens


def encoder(rendition: RenditionPlan, duration: float) -> dict[str, Any]:
    if rendition.codec == "av1":
        return {**AV1, "crf": rendition.crf, "g": round(KEY_SECONDS * rendition.fps)}
    return {
        **H264,
        "fps_mode": "vfr",
        "crf": rendition.crf,
        "maxrate": rendition.maxrate,
        "bufsize": 2 * rendition.maxrate,
        "g": round(2 * KEY_SECONDS * rendition.fps),
        "keyint_min": max(1, round(rendition.fps)),  # a scene change within a second of a key gets none
        "force_key_frames": KEY_EVERY,
        # A frame kept still claims the length it had among the dropped ones; players add these lengths up.
        # The last one stands to the end. (setts, given a duration alone, would lose the times.)
        "bsf:v": "setts=pts=PTS:dts=DTS:duration="
        f"if(gt(NEXT_DTS\\,DTS)\\,NEXT_DTS-DTS\\,max(1\\,{duration:.6f}/TB-PTS))",
    }


def sound_encoder(plan: SoundPlan) -> dict[str, Any]:
    return {"c:a": "copy"} if plan.mode == "copy" else {"c:a": "aac", "b:a": plan.bit_rate}
