"""The pieces that graphs are built from: the picture at a size, the sound as planned, an HLS output."""

from collections.abc import Sequence
from typing import Any

import ffmpeg

from transcode.media.facts import MediaFacts
from transcode.media.ffmpeg import Graph
from transcode.media.plan import RenditionPlan, SoundPlan, planned_fps

SEGMENT_SECONDS = 4
KEY_SECONDS = 10  # the longest way back to a key frame; scene changes get one of their own
# A frame is a duplicate where no 8×8 block differs by two shades a pixel, and next to none by one.
DUPLICATE = {"hi": 128, "lo": 64, "frac": 0.02}
LONGEST_STILL = 2.0  # seconds; then even a frame that shows nothing new is kept, for seeking and previews
CEILING = 0.84  # of full scale: what is turned up stays 1 dB under it, between the samples too
RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "mono", "gray", "x2rgb", "x2bgr")
SOUND_RATE = 48_000
HDR_PRIMARIES = {"bt2020", "smpte432", "bt709"}  # what zscale takes; files that tell less mean bt2020
# By (clockwise degrees, mirrored), as ffmpeg itself turns (ffmpeg_filter.c).
TURNS: dict[tuple[int, bool], tuple[tuple[str, ...], ...]] = {
    (0, False): (),
    (0, True): (("vflip",),),
    (90, False): (("transpose", "clock"),),
    (90, True): (("transpose", "cclock_flip"),),
    (180, False): (("hflip",), ("vflip",)),
    (180, True): (("hflip",),),
    (270, False): (("transpose", "cclock"),),
    (270, True): (("transpose", "clock_flip"),),
}
# Matrices that swscale does not have: no picture would come of them.
UNKNOWN_MATRICES = {"ycgco", "bt2020c", "smpte2085", "chroma-derived-nc", "chroma-derived-c", "ictcp"}
KEY_EVERY = f"expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+{KEY_SECONDS}))"


def paced(stream: Graph, facts: MediaFacts) -> Graph:
    """The picture in its planned places, without duplicates, from time zero to the recording's end.

    Each place shows the last frame nearest to it: of what changes faster, the state it comes to rest in is what counts,
    and none is off by more than half a place. What stands still meanwhile, also before a late start and after an
    early end, is dropped again, so that a variable rate stays one.
    """
    stream = tamed(stream, facts)
    if facts.picture.interlaced:
        # Before frames are left out: a line that is missing is made from the frames beside it.
        stream = of_one_kind(stream, facts).filter("bwdif", mode="send_frame", deint="interlaced")
    stream = stream.filter("fps", fps=f"{planned_fps(facts):.6f}", start_time=0, eof_action="pass")
    missing = facts.duration - facts.picture.start - facts.picture.duration
    if missing > 0:
        stream = stream.filter("tpad", stop_mode="clone", stop_duration=f"{missing:.3f}")
    # ffmpeg guesses how long the last frame stands, and where the rate is uneven it guesses seconds.
    stream = stream.filter("trim", end=f"{facts.duration:.3f}")
    if not facts.picture.interlaced:
        stream = of_one_kind(stream, facts)
    return without_duplicates(upright(stream, facts), facts)


def of_one_kind(stream: Graph, facts: MediaFacts) -> Graph:
    """Every frame in the size of the first, an odd line cut off; RGB as HD.

    Browsers change the size in mid-recording when a shared window does, and most filters behind this one would read
    past the end of a smaller frame. Passes frames through where nothing changes.
    """
    size = (facts.picture.width, facts.picture.height)
    stream = readable(stream, facts).filter("scale", *size, force_original_aspect_ratio="decrease", **in_hd(facts))
    stream = stream.filter("pad", *(side + side % 2 for side in size), -1, -1, eval="frame")
    if any(side % 2 for side in size):
        stream = stream.filter("crop", *(side - side % 2 for side in size), 0, 0)
    if not is_rgb(facts):
        return stream
    stream = stream.filter("format", "yuv444p")
    return stream.filter("setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709")


def upright(stream: Graph, facts: MediaFacts) -> Graph:
    """Turned and mirrored as the file asks for; ffmpeg would do it before a change of size can be caught."""
    for name, *args in TURNS[facts.picture.rotation, facts.picture.mirrored]:
        stream = stream.filter(name, *args)
    return stream


def is_rgb(facts: MediaFacts) -> bool:
    """HDR is RGB for a while anyway, see tone_mapped."""
    return facts.picture.pixel_format.startswith(RGB) and not facts.picture.is_hdr


def in_hd(facts: MediaFacts) -> dict[str, str]:
    """RGB turned into the colours players expect of HD; ffmpeg's own habit is standard definition's."""
    return {"out_color_matrix": "bt709", "out_range": "tv"} if is_rgb(facts) else {}


def readable(stream: Graph, facts: MediaFacts) -> Graph:
    """Colours under a name that ffmpeg's scalers know; where the file's is rare or missing, under the likeliest."""
    picture, named = facts.picture, {}
    if picture.is_hdr and picture.color_primaries not in HDR_PRIMARIES:
        named["color_primaries"] = "bt2020"
    unreadable = picture.color_matrix in UNKNOWN_MATRICES or (picture.is_hdr and not picture.color_matrix)
    if unreadable and not picture.pixel_format.startswith(RGB):
        named["colorspace"] = "bt2020nc" if picture.is_hdr else "bt709"
    return stream.filter("setparams", **named) if named else stream


def without_duplicates(stream: Graph, facts: MediaFacts) -> Graph:
    """Drops frames that show what the one before shows, where comparing needs no conversion that costs colours."""
    return stream if facts.picture.bit_depth > 8 else stream.filter("mpdecimate", max=most_dropped(facts), **DUPLICATE)


def most_dropped(facts: MediaFacts) -> int:
    """So many duplicates in a row are dropped."""
    return max(1, round(LONGEST_STILL * planned_fps(facts)))


def longest_still(facts: MediaFacts) -> float:
    """Seconds that the last frame kept may stand before the end."""
    return (most_dropped(facts) + 1) / planned_fps(facts)


def tamed(stream: Graph, facts: MediaFacts) -> Graph:
    """Even times in place of nonsense."""
    return stream.filter("setpts", f"N/{facts.picture.fps:.3f}/TB") if facts.picture.wild else stream


def sized(stream: Graph, facts: MediaFacts, width: int, height: int) -> Graph:
    """The picture, as paced, in 8-bit 4:2:0 with square pixels at an even size."""
    near = 0 <= facts.display_width - width <= 1 and 0 <= facts.display_height - height <= 1
    if facts.picture.is_hdr:
        stream = tone_mapped(stream, width, height)
    elif near and facts.picture.sar == (1, 1):
        stream = stream.filter("crop", width, height, 0, 0)
    else:
        stream = stream.filter("scale", width, height, flags="lanczos")
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


def heard_as(source: Graph, plan: SoundPlan) -> Graph:
    """The mixed tracks in the planned channels."""
    return mixed(source, plan.tracks).filter("aformat", channel_layouts="mono" if plan.channels == 1 else "stereo")


def sounds(source: Graph, plan: SoundPlan, copies: int) -> list[Graph]:
    """The planned sound for so many outputs: empty lists of streams where there is none."""
    if plan.mode == "none" or not copies:
        return [None] * copies
    if plan.mode == "copy":
        return [source[str(plan.tracks[0])]] * copies
    sound = heard_as(source, plan)
    if plan.gain:
        sound = sound.filter("volume", f"{plan.gain}dB").filter("alimiter", limit=CEILING, level=0)
    # Where a player has picture without sound it has nothing: it would stop for ever at the sound's end.
    sound = sound.filter("apad", whole_dur=f"{plan.length:.3f}")
    # Where the sound changes its form, ffmpeg builds these filters anew, and the filling counts from there.
    sound = sound.filter("atrim", end=f"{plan.length:.3f}")
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
    # Transport streams carry AAC in a wrapping that MP4 has no place for; the filter lets through what has none.
    copied = {"c:a": "copy", "bsf:a": "aac_adtstoasc"}
    return copied if plan.mode == "copy" else {"c:a": "aac", "b:a": plan.bit_rate}
