"""Decisions, over a table of facts."""

import json
from dataclasses import replace
from typing import Any

import pytest

from transcode.media.facts import MediaFacts, PictureFacts, SoundFacts, sane_aspect
from transcode.media.plan import even, make_plan, why_not_copied

PICTURE = PictureFacts(
    index=0,
    codec="h264",
    profile="High",
    level=40,
    width=1920,
    height=1080,
    pixel_format="yuv420p",
    bit_depth=8,
    rotation=0,
    mirrored=False,
    interlaced=False,
    sar=(1, 1),
    fps=30.0,
    max_gap=0.034,
    frames=1800,
    keyframes=30,
    max_key_interval=2.0,
    closed_gops=True,
    monotone=True,
    trimmed=False,
    wild=False,
    bit_rate=1_000_000,
    color_transfer="bt709",
    color_primaries="bt709",
    start=0.0,
    duration=60.0,
)
SOUND = SoundFacts(1, "aac", "LC", 2, 48000, 128_000, 60.0, 0.0)


def facts(sounds: tuple[SoundFacts, ...] = (SOUND,), duration: float = 60.0, **picture: Any) -> MediaFacts:
    return MediaFacts("mov", "MP4", duration, 0.0, 9_000_000, replace(PICTURE, **picture), sounds)


def test_facts_survive_json() -> None:
    there = facts(sar=(4, 3))
    assert MediaFacts.from_json(json.loads(json.dumps(there.to_json()))) == there


def test_what_fits_is_copied_with_its_sound() -> None:
    plan = make_plan(facts())
    assert plan.first.copy
    assert (plan.first.name, plan.first.width, plan.first.height, plan.reason) == ("source", 1920, 1080, "")
    assert (plan.sound.mode, plan.sound.tracks) == ("copy", (1,))
    assert [each.name for each in plan.others] == ["720p", "480p"]


@pytest.mark.parametrize(
    "odd",
    [
        {"codec": "vp9"},
        {"codec": "hevc", "profile": "Main"},
        {"profile": "High 10", "pixel_format": "yuv420p10le"},
        {"profile": "High 4:4:4 Predictive", "pixel_format": "yuv444p"},
        {"pixel_format": "yuv422p"},
        {"level": 62},
        {"width": 7680, "height": 4320},
        {"bit_rate": 80_000_000},
        {"width": 1081},
        {"height": 713},
        {"rotation": 90},
        {"rotation": 180},
        {"mirrored": True},
        {"sar": (4, 3)},
        {"interlaced": True},
        {"monotone": False},
        {"trimmed": True},
        {"wild": True},
        {"closed_gops": False},
        {"max_key_interval": 60.0},
        {"start": 1.0, "duration": 59.0},
    ],
)
def test_one_thing_that_does_not_fit_means_encoding_and_a_reason(odd: dict[str, Any]) -> None:
    plan = make_plan(facts(**odd))
    assert not plan.first.copy
    assert plan.reason
    assert plan.first.crf
    assert plan.first.maxrate


def test_a_picture_that_ends_long_before_its_sound_is_encoded() -> None:
    early = replace(facts(), picture=replace(PICTURE, duration=30.0))
    assert make_plan(early).reason == "the sound outlasts the picture"


@pytest.mark.parametrize(
    "fine",
    [
        {"profile": "Constrained Baseline", "level": 31},
        {"profile": "Main"},
        {"pixel_format": "yuvj420p"},
        {"fps": 60.0},
        {"width": 2836, "height": 1520, "level": 52, "fps": 95.0},
        {"max_key_interval": 10.4},
        {"max_gap": 5.0},
        {"keyframes": 1, "max_key_interval": 8.0},
    ],
)
def test_what_every_browser_plays_is_copied(fine: dict[str, Any]) -> None:
    assert why_not_copied(facts(**fine)) == ""


SIZES = [
    ((1920, 1080), 0, (1, 1), (1920, 1080)),
    ((3840, 2160), 0, (1, 1), (1920, 1080)),
    ((1632, 1264), 0, (1, 1), (1632, 1264)),
    ((1081, 713), 0, (1, 1), (1080, 712)),
    ((161, 121), 0, (1, 1), (160, 120)),
    ((1920, 1080), 90, (1, 1), (1080, 1920)),
    ((640, 480), 270, (1, 1), (480, 640)),
    ((720, 576), 0, (64, 45), (1024, 576)),
    ((720, 576), 90, (64, 45), (576, 1024)),
    ((16, 16), 0, (1, 1), (16, 16)),
    ((17, 4000), 0, (1, 1), (16, 4000)),
    ((8192, 4320), 0, (1, 1), (1982, 1044)),
]


@pytest.mark.parametrize(("size", "rotation", "sar", "expected"), SIZES)
def test_an_encoded_picture_is_upright_even_and_never_larger_than_it_was(
    size: tuple[int, int], rotation: int, sar: tuple[int, int], expected: tuple[int, int]
) -> None:
    plan = make_plan(facts(codec="vp9", width=size[0], height=size[1], rotation=rotation, sar=sar))
    first = max((plan.first, *plan.others), key=lambda each: each.width * each.height)
    assert (first.width, first.height) == pytest.approx(expected, abs=2)
    assert first.width % 2 == first.height % 2 == 0
    assert first.width * first.height <= 1920 * 1088
    assert first.width / first.height == pytest.approx(expected[0] / expected[1], rel=0.07)


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((1920, 1080), ["720p", "480p"]),
        ((1280, 720), ["480p"]),
        ((1152, 782), ["480p"]),
        ((854, 480), []),
        ((640, 360), []),
        ((720, 1280), ["480p"]),
        ((1740, 892), ["720p", "480p"]),
    ],
)
def test_the_ladder_has_only_rungs_well_below_the_first(size: tuple[int, int], names: list[str]) -> None:
    plan = make_plan(facts(width=size[0], height=size[1]))
    assert [each.name for each in plan.others] == names
    for each in plan.others:
        assert each.width % 2 == each.height % 2 == 0
        assert each.width / each.height == pytest.approx(size[0] / size[1], rel=0.01)
        assert not each.copy


def test_a_ladder_of_ones_own_is_sorted_and_has_no_rung_twice() -> None:
    assert [each.name for each in make_plan(facts(), (240, 720, 240, 2160)).others] == ["720p", "240p"]


@pytest.mark.parametrize(("fps", "planned"), [(10.0, 30.0), (29.97, 29.97), (60.0, 30.0), (1000.0, 30.0)])
def test_rates_are_capped_and_slow_ones_have_places_to_spare(fps: float, planned: float) -> None:
    assert make_plan(facts(codec="vp8", fps=fps)).first.fps == planned


@pytest.mark.parametrize(
    ("sounds", "mode", "channels"),
    [
        ((), "none", 0),
        ((SOUND,), "copy", 2),
        ((replace(SOUND, channels=1),), "copy", 1),
        ((replace(SOUND, channels=6),), "encode", 2),
        ((replace(SOUND, profile="HE-AAC"),), "encode", 2),
        ((replace(SOUND, codec="opus", profile="", channels=1),), "encode", 1),
        ((replace(SOUND, start=0.5),), "encode", 2),
        ((SOUND, replace(SOUND, index=2, channels=1)), "encode", 2),
        (tuple(replace(SOUND, index=n) for n in range(1, 20)), "encode", 2),
    ],
)
def test_sound_is_copied_when_it_fits_and_mixed_when_there_is_more(
    sounds: tuple[SoundFacts, ...], mode: str, channels: int
) -> None:
    plan = make_plan(facts(sounds)).sound
    assert (plan.mode, plan.channels) == (mode, channels)
    assert len(plan.tracks) == min(len(sounds), 8)
    assert plan.mode != "encode" or 96_000 <= plan.bit_rate <= 128_000


@pytest.mark.parametrize("duration", [0.04, 0.5, 1.0, 60.0, 7200.0])
def test_candidates_for_the_poster_are_spread_over_the_recording(duration: float) -> None:
    stills = make_plan(facts(duration=duration)).stills
    assert stills.count == (1 if duration < 1 else 8)
    assert stills.count * stills.interval == pytest.approx(duration)
    assert (stills.width, stills.height) == (1280, 720)


@pytest.mark.parametrize(
    ("size", "first", "others"),
    [
        ((3840, 2160), "720p", ["1080p", "480p"]),
        ((1920, 1080), "720p", ["1080p", "480p"]),
        ((1632, 1264), "720p", ["1264p", "480p"]),
        ((1280, 720), "720p", ["480p"]),
        ((1152, 782), "782p", ["480p"]),
        ((640, 360), "360p", []),
        ((1080, 1920), "720p", ["1080p", "480p"]),
    ],
)
def test_where_all_is_encoded_a_picture_quick_to_make_comes_first(
    size: tuple[int, int], first: str, others: list[str]
) -> None:
    plan = make_plan(facts(codec="vp9", width=size[0], height=size[1]))
    assert (plan.first.name, [each.name for each in plan.others]) == (first, others)


@pytest.mark.parametrize(
    ("fps", "busy", "planned"),
    [(60.0, 45.0, 30.0), (60.0, 15.0, 15.0), (24.0, 0.0, 15.0), (10.0, 0.0, 15.0), (24.0, 20.0, 24.0)],
)
def test_a_calm_screen_is_encoded_at_half_the_rate(fps: float, busy: float, planned: float) -> None:
    plan = make_plan(facts(codec="vp8", fps=fps, busy=busy))
    assert {each.fps for each in (plan.first, *plan.others)} == {planned}


def test_facts_written_before_anybody_counted_motion_can_still_be_read() -> None:
    data = facts().to_json()
    del data["picture"]["busy"]
    assert make_plan(MediaFacts.from_json(data)).others[0].fps == 30.0


def test_an_insane_pixel_shape_is_taken_for_square() -> None:
    shapes = [(0, 1), (1, 0), (1, 1000), (927, 928), (4, 3), (-1, 1), (8, 6)]
    assert [sane_aspect(*shape) for shape in shapes] == [(1, 1)] * 4 + [(4, 3), (1, 1), (4, 3)]


def test_evening_a_side_does_not_lose_a_pixel_to_rounding() -> None:
    assert [even(side) for side in (719.9999999, 721.0, 1.0, 0.0)] == [720, 720, 2, 2]


@pytest.mark.parametrize(("length", "mode"), [(10.0, "copy"), (9.6, "copy"), (9.0, "encode"), (0.0, "copy")])
def test_sound_that_ends_long_before_the_picture_is_filled_up(length: float, mode: str) -> None:
    sound = SoundFacts(
        index=1, codec="aac", profile="LC", channels=1, sample_rate=48000, bit_rate=96000, duration=length, start=0.0
    )
    assert make_plan(facts(sounds=(sound,), duration=10.0)).sound.mode == mode
