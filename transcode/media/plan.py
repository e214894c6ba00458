"""Decides what is made of a recording: pure, facts in, a Plan out. Nothing is opened or run here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

from transcode.media.facts import MediaFacts, PictureFacts, SoundFacts
from transcode.media.storyboard import LEAST_INTERVAL, StoryboardPlan, plan_storyboard

__all__ = ["Plan", "RenditionPlan", "SoundPlan", "StillsPlan", "StoryboardPlan", "make_plan", "without_copy"]

LADDER = (720, 480)
# What every browser's H.264 decoder takes without a hardware surprise.
COPIED_PROFILES = {"Constrained Baseline", "Baseline", "Main", "High"}
COPIED_PIXELS = {"yuv420p", "yuvj420p"}
MOST_LEVEL = 52  # 4K at 60
MOST_COPIED_PIXELS = 4096 * 2304
MOST_COPIED_RATE = 25_000_000  # bits a second; above, team networks stall
MOST_KEY_INTERVAL = 12.5  # seconds; x264's habit of 250 frames is 10.4 s at 24 a second
LATE = 0.1  # seconds a picture may start after the sound and still be copied
SOUND_ALONE = 0.5  # seconds of sound after the last frame; more, and players would stop with the picture
SILENT_END = 0.5  # seconds; where the sound ends sooner than the picture, players stop at its end

MOST_PIXELS = 1920 * 1088  # "1080p class" by area: a 1632×1264 window keeps every pixel of its text
SHRUNK_TO = 1920 * 1080  # pixels of what is larger than that, so that 16:9 becomes 1080p itself
MOST_FPS, CALM_FPS = 30.0, 15.0  # a scrolled page wants 30 a second, a terminal and a form 15 at most
STEADY = 1.1  # times the mean gap between frames, in clocks of whole milliseconds; with a longer one the rate is uneven
QUICK = 1280 * 832  # pixels of a picture that is encoded several times faster than it plays, on two cores
# x264's quality of the best picture, of rungs of LARGE lines and more, and of smaller ones: small text on a screen
# stays as readable as a rung of its size allows; see docs/decisions.md.
CRF_TOP, CRF_LARGE, CRF_SMALL, LARGE = 24, 27, 28, 720
CRF_AV1 = 40  # on AV1's own scale
BITS_PER_PIXEL = 0.1  # a ceiling for camera pictures: 6 Mbit/s at 1080p30; screens need a tenth
LEAST_RATE = 300_000
WELL_BELOW = 0.9  # a rung nearer to the picture above it saves too little to be worth its bytes

MONO_RATE, STEREO_RATE = 96_000, 128_000
MIXED_TRACKS = 8  # as many as OBS writes, and two more
STILLS = 8  # candidates for the poster, spread over the recording
WIDEST_STILL = 1280


@dataclass(frozen=True)
class RenditionPlan:
    """One playable version. Sizes are displayed pixels, even when encoded; `maxrate` in bits a second."""

    name: str
    copy: bool
    width: int
    height: int
    fps: float
    crf: int
    maxrate: int
    codec: Literal["h264", "av1"] = "h264"


@dataclass(frozen=True)
class SoundPlan:
    """`tracks` are stream numbers of the source: one when copied, all mixed when encoded."""

    mode: Literal["none", "copy", "encode"]
    tracks: tuple[int, ...] = ()
    channels: int = 0
    bit_rate: int = 0
    length: float = 0.0  # seconds; what is encoded is silent up to there once it has ended
    gain: float = 0.0  # dB it is turned up by when encoded


@dataclass(frozen=True)
class StillsPlan:
    """Candidates for the poster: `count` of them, one every `interval` seconds. Sizes in pixels."""

    count: int
    interval: float
    width: int
    height: int


@dataclass(frozen=True)
class Plan:
    """What will be made. `reason` tells why the first rendition is encoded; empty when it is copied.

    `others` are encoded, largest picture first. `screens`: whether frames are kept for reading the text on them.
    """

    first: RenditionPlan
    others: tuple[RenditionPlan, ...]
    sound: SoundPlan
    storyboard: StoryboardPlan
    stills: StillsPlan
    screens: bool = False
    reason: str = ""


def make_plan(facts: MediaFacts, ladder: Sequence[int] = LADDER, *, screens: bool = False, av1: bool = False) -> Plan:
    """The plan for a recording. `ladder` holds heights in pixels (the short side of an upright picture).

    `screens` keeps frames for reading, `av1` adds the best picture in AV1 for players that know it.
    """
    reason = why_not_copied(facts)
    top = encoded_top(facts) if reason else copied_first(facts)
    rungs = [rung_below(top, rung, facts) for rung in rungs_below(top, ladder)]
    first = quick_first(top, rungs) if reason else top
    sound = plan_sound(facts.sounds, facts.duration)
    also = [replace(encoded_top(facts), name="av1", codec="av1", crf=CRF_AV1)] if av1 else []
    return Plan(
        first=first,
        others=tuple(each for each in (top, *also, *rungs) if each is not first),
        # Beside an encoded picture sound costs nothing to encode, and is as loud in the first rendition as in the rest.
        sound=encoded_sound(sound) if reason and sound.mode == "copy" else sound,
        storyboard=plan_storyboard(facts.duration, facts.display_width, facts.display_height),
        stills=plan_stills(facts),
        screens=screens,
        reason=reason,
    )


def why_not_copied(facts: MediaFacts) -> str:
    """The first reason against copying the picture as it is, or nothing."""
    picture = facts.picture
    reasons = (
        (picture.codec != "h264", f"the picture is {picture.codec}"),
        (picture.profile not in COPIED_PROFILES, f"H.264 profile {picture.profile}"),
        (picture.pixel_format not in COPIED_PIXELS, f"pixels are {picture.pixel_format}"),
        (picture.level > MOST_LEVEL, f"H.264 level {picture.level / 10}"),
        (picture.width * picture.height > MOST_COPIED_PIXELS, "larger than 4K"),
        (picture.bit_rate > MOST_COPIED_RATE, "too many bits a second"),
        (picture.width % 2 == 1 or picture.height % 2 == 1, "odd width or height"),
        (picture.rotation != 0 or picture.mirrored, "turned"),
        (picture.sar != (1, 1), "pixels are not square"),
        (picture.is_hdr, "the picture is HDR"),
        (picture.interlaced, "interlaced"),
        (not picture.monotone or picture.wild, "times do not grow"),
        (picture.trimmed, "cut where no key frame is"),  # players would drop all up to the next one
        (not picture.closed_gops, "not every key frame can be started at"),
        (picture.max_key_interval > MOST_KEY_INTERVAL, "too few key frames to seek"),
        (picture.start > LATE, "the picture starts late"),
        (facts.duration - picture_end(picture) > SOUND_ALONE, "the sound outlasts the picture"),
    )
    return next((reason for wrong, reason in reasons if wrong), "")


def picture_end(picture: PictureFacts) -> float:
    return picture.start + picture.duration


def copied_first(facts: MediaFacts) -> RenditionPlan:
    picture = facts.picture
    return RenditionPlan("source", True, picture.width, picture.height, picture.fps, 0, 0)


def quick_first(top: RenditionPlan, rungs: Sequence[RenditionPlan]) -> RenditionPlan:
    """What is playable soon where all has to be encoded: the largest picture of a size that is quick to make."""
    return next((each for each in (top, *rungs) if each.width * each.height <= QUICK), top)


def encoded_top(facts: MediaFacts) -> RenditionPlan:
    """The best rendition where the source cannot be copied, or turned out not to be."""
    area = facts.display_width * facts.display_height
    scale = 1.0 if area <= MOST_PIXELS else sqrt(SHRUNK_TO / area)
    width, height = even(facts.display_width * scale), even(facts.display_height * scale)
    return encoded(f"{min(width, height)}p", width, height, facts, CRF_TOP)


def without_copy(plan: Plan, facts: MediaFacts) -> Plan:
    """The same plan with the first rendition encoded, for a source whose copy players would stumble over."""
    first = replace(encoded_top(facts), name=plan.first.name)
    return replace(plan, first=first, reason=plan.reason or "damaged")


def rungs_below(first: RenditionPlan, ladder: Sequence[int]) -> list[int]:
    short = min(first.width, first.height)
    return sorted({rung for rung in ladder if rung <= short * WELL_BELOW}, reverse=True)


def rung_below(first: RenditionPlan, rung: int, facts: MediaFacts) -> RenditionPlan:
    scale, crf = rung / min(first.width, first.height), CRF_LARGE if rung >= LARGE else CRF_SMALL
    return encoded(f"{rung}p", even(first.width * scale), even(first.height * scale), facts, crf)


def encoded(name: str, width: int, height: int, facts: MediaFacts, crf: int) -> RenditionPlan:
    fps = planned_fps(facts)
    maxrate = max(LEAST_RATE, round(width * height * MOST_FPS * BITS_PER_PIXEL))
    return RenditionPlan(name, False, width, height, fps, crf, maxrate)


def planned_fps(facts: MediaFacts) -> float:
    """Places for frames a second: as many as what is shown has use for, or as the source has at an even rate.

    Never fewer than CALM_FPS, however slow the source: what changes would be shown that much too late or too early.
    """
    picture = facts.picture
    capped = MOST_FPS if picture.busy > CALM_FPS else CALM_FPS
    steady = picture.fps >= CALM_FPS and picture.max_gap * picture.fps <= STEADY
    return min(capped, picture.fps) if steady else capped


def even(side: float) -> int:
    """The next smaller even number, but not for the sake of rounding: 719.9999 is 720."""
    return max(2, int(side / 2 + 1e-6) * 2)


def plan_sound(sounds: Sequence[SoundFacts], duration: float) -> SoundPlan:
    """AAC-LC in one or two channels is copied if it lasts as long as the recording; everything else becomes that."""
    if not sounds:
        return SoundPlan("none")
    tracks = tuple(sound.index for sound in sounds[:MIXED_TRACKS])
    channels = min(2, max(sound.channels for sound in sounds))
    first = sounds[0]
    fits = first.codec == "aac" and first.profile == "LC" and first.channels <= 2 and first.start <= LATE
    lasts = not first.duration or first.start + first.duration >= duration - SILENT_END
    if len(sounds) == 1 and fits and lasts:
        return SoundPlan("copy", tracks, channels, round(first.bit_rate), duration)
    return encoded_sound(SoundPlan("encode", tracks, channels, length=duration))


def encoded_sound(sound: SoundPlan, gain: float = 0.0) -> SoundPlan:
    """The same sound, encoded and `gain` dB louder."""
    return replace(sound, mode="encode", bit_rate=MONO_RATE if sound.channels == 1 else STEREO_RATE, gain=gain)


def plan_stills(facts: MediaFacts) -> StillsPlan:
    """Spread over the recording, each from the middle of its part; never wider than a page shows one."""
    scale = min(1.0, WIDEST_STILL / facts.display_width)
    count = STILLS if facts.duration >= 1 else 1
    return StillsPlan(
        count=count,
        interval=max(facts.duration, LEAST_INTERVAL) / count,
        width=even(facts.display_width * scale),
        height=even(facts.display_height * scale),
    )
