"""Recordings whose rate, size or colours are not what files usually have: as browsers and phones really write them."""

from pathlib import Path

import pytest

from tests.transcode.media.conftest import H264, VP8, Make, picture, tone
from tests.transcode.media.through import frame_at, look, through
from transcode.media.loudness import measure
from transcode.media.plan import make_plan, planned_fps
from transcode.media.probe import probe

# A black picture that turns white for the first time at one second, for a tenth, and then for good at two seconds.
FLASHES = "color=black:s=64x64:r={rate}:d={seconds},drawbox=t=fill:c=white:enable='between(t,1,1.1)+gte(t,2)'"
BEEPS = ["-f", "lavfi", "-i", "sine=f=1000:r=48000:d=0.3,adelay=1000|1000,apad=whole_dur={sound}"]
# Frames only where something changes, at 30 a second, as a browser records a screen that stands still.
ON_CHANGE = "select='eq(n,0)+eq(n,30)+eq(n,34)+eq(n,60)'"
OPUS = ["-c:a", "libopus", "-b:a", "64k"]


def flashes(rate: int = 30, seconds: float = 4, sound: float = 4, keep: str = "") -> list[str]:
    graph = FLASHES.format(rate=rate, seconds=seconds) + (f",{keep}" if keep else "")
    beeps = [part.format(sound=sound) for part in BEEPS]
    return ["-f", "lavfi", "-i", graph, *beeps, "-fps_mode", "passthrough", "-enc_time_base", "1/1000"]


def whitened(times: tuple[float, ...], gray: tuple[float, ...]) -> list[float]:
    pairs = zip(times, gray, [0.0, *gray], strict=False)
    return [time for time, now, before in pairs if now > 128 >= before]


@pytest.mark.parametrize(
    ("rate", "seconds", "sound", "keep"),
    [
        (30, 4, 4, ""),
        (60, 4, 4, ""),
        (30, 4, 4, ON_CHANGE),
        (30, 4, 7, ON_CHANGE),  # still long before the sound ends, as most takes are
        (120, 4, 4, "select='not(mod(n,7))+eq(n,120)+eq(n,133)+eq(n,240)'"),
    ],
)
def test_what_changes_is_shown_when_it_changes_and_what_rests_is_shown(
    made: Make, tmp_path: Path, rate: int, seconds: float, sound: float, keep: str
) -> None:
    take = made("take.webm", *flashes(rate, seconds, sound, keep), *VP8, *OPUS)
    clip = through(take, tmp_path, (32,))
    for file in clip.renditions:
        seen = look(file)
        assert whitened(seen.times, seen.gray) == pytest.approx([1, 2], abs=0.04), file.name
        assert seen.gray[-1] > 200
        assert seen.ends["video"] == pytest.approx(clip.facts.duration, abs=0.07)


def test_the_state_a_screen_comes_to_rest_in_is_shown(made: Make, tmp_path: Path) -> None:
    """Gray at two seconds, white a thirtieth later, and nothing more for as long as it stands."""
    boxes = "drawbox=t=fill:c=gray:enable='gte(t,2)',drawbox=t=fill:c=white:enable='gte(t,2.03)'"
    graph = f"color=black:s=64x64:r=30:d=6,{boxes},select='eq(n,0)+eq(n,60)+eq(n,61)+eq(n,179)'"
    args = ["-f", "lavfi", "-i", graph, "-fps_mode", "passthrough"]
    clip = through(made("rest.webm", *args, *VP8), tmp_path, (), screens=True)
    assert frame_at(clip.renditions[0], 2.2).mean() > 200
    assert clip.rest.screens[-1].at == pytest.approx(2, abs=0.51)
    assert len(clip.rest.screens) == 2


def joined(made: Make, into: Path, name: str, *parts: Path, turned: str = "") -> Path:
    """The parts one after the other in one file, nothing decoded."""
    listed = into / "parts.txt"
    listed.write_text("".join(f"file '{part}'\n" for part in parts))
    title = ["-metadata", f"title={parts}"]
    whole = made(name, "-f", "concat", "-safe", "0", "-i", str(listed), "-c", "copy", *title)
    return made(name, "-display_rotation", turned, "-i", str(whole), "-c", "copy") if turned else whole


def window(size: str) -> list[str]:
    return ["-f", "lavfi", "-i", f"color=white:s={size}:r=10:d=2,drawbox=c=red:t=8"]


@pytest.mark.parametrize("sizes", [("160x120", "320x240"), ("320x240", "160x120"), ("320x240", "240x320")])
@pytest.mark.parametrize(
    ("name", "codec", "turned"),
    [
        ("x.webm", VP8, ""),
        ("x.mkv", H264, ""),
        ("x.mkv", H264, "90"),
        ("x.mkv", [*H264, "-flags", "+ildct+ilme"], ""),
    ],
)
def test_a_window_that_is_resized_in_mid_recording_stays_whole(
    made: Make, tmp_path: Path, sizes: tuple[str, str], name: str, codec: list[str], turned: str
) -> None:
    parts = [made(name, *window(size), *codec) for size in sizes]
    clip = through(joined(made, tmp_path, name, *parts, turned=turned), tmp_path, (48,))
    assert clip.facts.duration == pytest.approx(4, abs=0.1)
    small = clip.renditions[-1]
    assert look(small).ends["video"] == pytest.approx(4, abs=0.1)
    shown = frame_at(small, 3)
    # All of the second window: its red frame on both sides, and white in the middle.
    middle = shown[shown.shape[0] // 2]
    assert min(middle[len(middle) // 2]) > 200
    red = [column for column, colour in enumerate(middle) if colour[0] > 120 and colour[1] < 90]
    assert red[0] < len(middle) / 2 < red[-1]


def test_slides_change_when_they_change(made: Make, tmp_path: Path) -> None:
    """One frame a second, the first late: an even rate, but no places for a change."""
    graph = "color=black:s=64x64:r=1:d=12,drawbox=t=fill:c=white:enable='gte(t,6)'"
    late = ["-f", "lavfi", "-i", graph, *tone(13)]
    as_it_is = ["-vf", "settb=1/100,setpts=PTS+45", "-fps_mode", "passthrough", "-enc_time_base:v", "1/1000"]
    clip = through(made("slides.webm", *late, *as_it_is, *VP8, *OPUS), tmp_path, (32,))
    for file in clip.renditions:
        seen = look(file)
        assert whitened(seen.times, seen.gray) == pytest.approx([6.45], abs=0.04)


@pytest.mark.parametrize("second", [["-ac", "1"], ["-ar", "44100"]])
def test_sound_that_changes_its_form_costs_no_rendition_its_sound(
    made: Make, tmp_path: Path, second: list[str]
) -> None:
    """As a broadcast goes from a film to the news."""
    part = [*picture("160x120", "25", 2), *tone(2), "-c:v", "mpeg2video", "-c:a", "mp2", "-f", "mpegts"]
    files = [made("x.ts", *part, *form) for form in (["-ac", "2"], [*second, "-output_ts_offset", "2"])]
    whole = tmp_path / "whole.ts"
    whole.write_bytes(b"".join(file.read_bytes() for file in files))
    clip = through(whole, tmp_path, (48,))
    assert len(clip.renditions) == 2
    for file in clip.renditions:
        seen = look(file)
        assert seen.ends["video"] == pytest.approx(4, abs=0.1)
        assert seen.ends["audio"] == pytest.approx(4, abs=0.1)


def test_a_clip_shorter_than_half_a_second_has_a_frame_to_read(made: Make, tmp_path: Path) -> None:
    clip = through(made("short.webm", *picture(seconds=0.4), *VP8), tmp_path, (), screens=True)
    assert [screen.at for screen in clip.rest.screens] == [0]


@pytest.mark.parametrize(
    ("fmt", "matrix"), [("yuv420p10le", "bt709"), ("yuv420p10le", "bt2020nc"), ("gbrp10le", "gbr")]
)
def test_hdr_red_is_red_whatever_its_matrix(made: Make, tmp_path: Path, fmt: str, matrix: str) -> None:
    to_pq = f"zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=smpte2084:p=bt2020:m={matrix}:r=tv:npl=203,format={fmt}"
    red = ["-f", "lavfi", "-i", f"color=red:s=64x64:r=10:d=1,format=yuv444p,{to_pq}"]
    colours = ["-color_trc", "smpte2084", "-color_primaries", "bt2020"]
    colours += ["-colorspace", "rgb" if fmt.startswith("gbr") else matrix]
    clip = through(made("x.mkv", *red, "-c:v", "ffv1", *colours), tmp_path, ())
    assert clip.facts.picture.is_hdr
    shown = frame_at(clip.renditions[0], 0.5).reshape(-1, 3).mean(axis=0)
    assert shown[0] > 160
    assert max(shown[1:]) < 60


HDR_10 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le"]


@pytest.mark.parametrize(
    "colours",
    [
        "color_trc=smpte2084",
        "color_trc=arib-std-b67",
        "color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020c",
        "colorspace=ycgco",
        "colorspace=ictcp",
        "colorspace=chroma-derived-c",
    ],
)
def test_rare_and_missing_names_of_colours_make_a_clip(made: Make, tmp_path: Path, colours: str) -> None:
    take = made("x.mkv", *picture(seconds=1), "-vf", f"format=yuv420p10le,setparams={colours}", *HDR_10)
    clip = through(take, tmp_path, (48,))
    assert look(clip.renditions[0]).ends["video"] == pytest.approx(1, abs=0.1)


def test_hdr_in_h264_of_8_bits_is_not_copied(made: Make) -> None:
    take = made("x.mp4", *picture(seconds=1), "-vf", "setparams=color_trc=smpte2084:color_primaries=bt2020", *H264)
    assert make_plan(probe(take)).reason == "the picture is HDR"


def test_a_transport_stream_is_copied_with_its_sound(made: Make, tmp_path: Path) -> None:
    clip = through(made("x.ts", *picture(), *tone(), *H264, "-c:a", "aac", "-f", "mpegts"), tmp_path)
    assert clip.renditions[0].name == "source"
    assert [packet.codec for packet in probe(clip.renditions[0].path).sounds] == ["aac"]
    assert len(look(clip.renditions[0]).times) == 45


def loudness_of(path: Path) -> float:
    facts = probe(path)
    return measure(path, facts, make_plan(facts).sound)


def test_all_renditions_are_equally_loud(made: Make, tmp_path: Path) -> None:
    """The picture has to be encoded, and the sound would fit as it is."""
    loud = ["-f", "lavfi", "-i", "sine=f=440:d=3:r=48000,volume=4"]
    take = made("x.mov", *picture(), *loud, "-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "aac")
    clip = through(take, tmp_path, (120,))
    levels = [loudness_of(file.path) for file in clip.renditions]
    assert len(levels) == 2
    assert levels == pytest.approx([-23, -23], abs=1)


def test_loudness_is_that_of_the_channels_that_are_published(made: Make, tmp_path: Path) -> None:
    """A voice on one channel, a quiet desktop on two: as OBS writes them."""
    desktop = ["-f", "lavfi", "-i", "sine=f=300:d=3:r=48000,volume=0.05,aformat=channel_layouts=stereo"]
    tracks = ["-map", "0", "-map", "1", "-map", "2"]
    take = made("x.mkv", *picture(), *tone(), *desktop, *tracks, *H264, "-c:a", "aac")
    clip = through(take, tmp_path, ())
    assert loudness_of(clip.renditions[-1].path) == pytest.approx(-23, abs=1)


def test_where_every_frame_is_a_key_frame_sizes_tell_nothing_of_motion(made: Make) -> None:
    take = made("x.mov", *picture(rate="60", seconds=1), "-c:v", "prores_ks")
    assert planned_fps(probe(take)) == 30
