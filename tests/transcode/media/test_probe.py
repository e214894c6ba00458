"""What the prober sees in real files."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.transcode.media.conftest import H264, Make, picture, tone
from transcode.media import child, probe
from transcode.media.errors import MediaError
from transcode.media.track import Track


def refusal(path: Path, **limits: float) -> str:
    with pytest.raises(MediaError) as caught:
        probe.probe(path, **limits)  # type: ignore[arg-type]
    assert caught.value.permanent, caught.value
    return caught.value.message


def test_a_plain_recording_is_seen_as_it_is(screen: Path) -> None:
    facts = probe.probe(screen)
    assert (facts.demuxer, facts.size_bytes) == ("mov", screen.stat().st_size)
    assert facts.duration == pytest.approx(3, abs=0.1)
    seen = facts.picture
    assert (seen.codec, seen.width, seen.height, seen.pixel_format, seen.bit_depth) == ("h264", 320, 240, "yuv420p", 8)
    assert seen.fps == pytest.approx(15, abs=0.1)
    assert (seen.frames, seen.keyframes) == (45, 2)
    assert seen.max_key_interval == pytest.approx(2, abs=0.01)
    assert (seen.closed_gops, seen.monotone, seen.rotation, seen.sar) == (True, True, 0, (1, 1))
    assert [(each.codec, each.profile, each.channels) for each in facts.sounds] == [("aac", "LC", 1)]


def test_a_browser_take_without_duration_has_its_true_length(browser_take: Path) -> None:
    facts = probe.probe(browser_take)
    assert facts.duration == pytest.approx(3, abs=0.2)
    assert facts.picture.keyframes == 1
    assert facts.picture.max_gap > 1.5 / 15
    assert facts.sounds[0].codec == "opus"


def test_a_take_cut_off_in_the_middle_is_as_long_as_what_is_left(browser_take: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(browser_take.read_bytes()[: browser_take.stat().st_size // 2])
    assert 0.5 < probe.probe(cut).duration < 2.5


def test_a_length_the_container_lies_about_is_not_believed(screen: Path, tmp_path: Path) -> None:
    data = bytearray(screen.read_bytes())
    at = data.index(b"mvhd") + 4 + 16
    data[at : at + 4] = (3_600_000).to_bytes(4)
    lie = tmp_path / "lie"
    lie.write_bytes(data)
    assert probe.probe(lie).duration == pytest.approx(3, abs=0.1)


def test_a_clock_that_starts_hours_from_zero_does_not_lengthen_the_recording(made: Make) -> None:
    late = made("late.ts", *picture(), *tone(), *H264, "-c:a", "aac", "-output_ts_offset", "36000", "-f", "mpegts")
    facts = probe.probe(late)
    assert facts.duration == pytest.approx(3, abs=0.15)
    assert facts.start_time == pytest.approx(36000, abs=3)


def test_a_phone_held_upright_is_seen_upright(made: Make) -> None:
    lying = made("lying.mp4", *picture(seconds=1), *H264)
    turned = made("turned.mp4", "-display_rotation", "90", "-i", str(lying), "-c", "copy")
    facts = probe.probe(turned)
    assert facts.picture.rotation == 270
    assert (facts.display_width, facts.display_height) == (240, 320)


def test_pixels_that_are_not_square_widen_the_display(made: Make) -> None:
    wide = made("wide.mp4", *picture(seconds=1), "-vf", "setsar=4/3", *H264)
    facts = probe.probe(wide)
    assert facts.picture.sar == (4, 3)
    assert (facts.display_width, facts.display_height) == (427, 240)


def test_open_gops_are_noticed(made: Make) -> None:
    args = [*picture("64x64"), "-c:v", "libx264", "-x264-params", "open-gop=1:keyint=10:min-keyint=10:bframes=3"]
    assert not probe.probe(made("open.mp4", *args)).picture.closed_gops
    assert probe.probe(made("open2.ts", *args, "-f", "mpegts")).picture.codec == "h264"


def test_a_matroska_with_b_frames_counts_as_regular(made: Make) -> None:
    assert probe.probe(made("b.mkv", *picture(seconds=1), "-c:v", "libx264", "-bf", "3")).picture.monotone


def test_frames_hidden_by_an_edit_list_are_noticed(made: Make) -> None:
    long = made("long.mp4", *picture(), *H264)
    trimmed = made("trimmed.mp4", "-ss", "1.2", "-i", str(long), "-c", "copy")
    facts = probe.probe(trimmed)
    assert facts.picture.trimmed
    assert facts.duration == pytest.approx(1.8, abs=0.1)


def test_all_sound_tracks_are_told(made: Make) -> None:
    tracks = ["-map", "0", "-map", "1", "-map", "2"]
    two = made("two.mkv", *picture(seconds=1), *tone(1), *tone(1, 880), *tracks, *H264, "-c:a", "aac")
    assert [each.index for each in probe.probe(two).sounds] == [1, 2]


def test_of_several_pictures_the_largest_that_decodes_is_the_one(made: Make, tmp_path: Path) -> None:
    tracks = ["-map", "0", "-map", "1", "-map", "2", "-c:v:0", "libx264", "-c:v:1", "libvpx-vp9", "-c:a", "aac"]
    two = made("two.mkv", *picture("160x120", seconds=1), *picture("320x240", seconds=1), *tone(1), *tracks)
    facts = probe.probe(two)
    assert (facts.picture.index, facts.picture.width, len(facts.sounds)) == (1, 320, 1)
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(two.read_bytes().replace(b"V_VP9", b"V_XP9"))
    facts = probe.probe(broken)
    assert (facts.picture.index, facts.picture.width, len(facts.sounds)) == (0, 160, 1)


def test_nothing_is_decoded_of_what_is_encrypted() -> None:
    track = Track(cast(Any, SimpleNamespace()))
    track.encrypted = True
    assert not track.wants_frames_of(cast(Any, None))


def test_a_cover_is_no_picture(made: Make, tmp_path: Path) -> None:
    cover = made("cover.png", *picture(seconds=1), "-frames:v", "1")
    song = made("song.m4a", *tone(1), "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy",
                "-disposition:v:0", "attached_pic", "-c:a", "aac", "-f", "mp4")  # fmt: skip
    assert "no picture" in refusal(song)


def test_one_frame_is_a_still_picture_unless_somebody_talks_about_it(made: Make) -> None:
    one = [*picture(seconds=1), "-frames:v", "1"]
    assert "still picture" in refusal(made("one.mp4", *one, *H264))
    assert "still picture" in refusal(made("one.gif", *one))
    slide = made("slide.mkv", *picture(rate="20", seconds=0.05), *tone(2), *H264, "-c:a", "aac")
    assert probe.probe(slide).duration == pytest.approx(2, abs=0.1)


def test_a_picture_nobody_can_see_is_refused(made: Make) -> None:
    assert "16 pixels" in refusal(made("tiny.avi", *picture("12x12", seconds=1), "-c:v", "ffv1"))


def test_limits_are_told_in_the_sentence(screen: Path) -> None:
    assert refusal(screen, max_duration=1.0) == "This recording is 0:03 long; the longest allowed is 0:01."
    assert "pixels" in refusal(screen, max_pixels=1000)


def test_a_picture_in_an_unknown_format_is_refused_by_that_reason(made: Make, tmp_path: Path) -> None:
    known = made("x.mkv", *picture(seconds=1), *H264)
    unknown = tmp_path / "x.mkv"
    unknown.write_bytes(known.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_WHATEVER/1234"))
    assert "in a format that cannot be read here" in refusal(unknown)


@pytest.mark.parametrize("offsets", [("0", "5000"), ("5000", "0")])
def test_a_broadcast_whose_clock_jumps_is_as_long_as_what_is_shown(
    made: Make, tmp_path: Path, offsets: tuple[str, str]
) -> None:
    part = [*picture(seconds=2), *tone(2), *H264, "-c:a", "aac", "-f", "mpegts", "-output_ts_offset"]
    jumping = tmp_path / "x.ts"
    jumping.write_bytes(b"".join(made("x.ts", *part, offset).read_bytes() for offset in offsets))
    facts = probe.probe(jumping)
    assert facts.duration == pytest.approx(4, abs=0.1)
    assert facts.picture.fps == pytest.approx(15, abs=0.5)


def test_frames_sooner_than_a_coarse_clock_claims_are_no_jump(made: Make) -> None:
    """The stream says two frames a second, and holds ten."""
    keep = ["-vf", "select='lt(n,10)+not(mod(n,10))'", "-fps_mode", "passthrough", "-x264-params", "fps=2:force-cfr=1"]
    args = [*picture("64x64", "10", 6), *keep, "-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p", "-f", "mpegts"]
    assert probe.probe(made("x.ts", *args)).duration == pytest.approx(6, abs=1.1)


def test_small_packets_get_time_to_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve hours of a still screen are 320 MB, and took a minute to read."""
    asked: list[child.Limits] = []

    def stop(*_: object, limits: child.Limits, **__: object) -> None:
        asked.append(limits)
        raise MediaError("far enough", permanent=False)

    monkeypatch.setattr(child, "run", stop)
    long = tmp_path / "long.mkv"
    for size in (1_000, 320_000_000, 4_000_000_000):
        with long.open("wb") as file:
            file.truncate(size)
        with pytest.raises(MediaError):
            probe.ask_prober(long, "matroska", 1)
    assert [limits.cpu_seconds for limits in asked] == [30, 241, 570]


def test_an_encrypted_recording_is_refused_by_that_name(made: Make) -> None:
    locked = made("locked.mp4", *picture(seconds=1), *H264, "-encryption_scheme", "cenc-aes-ctr",
                  "-encryption_key", "00" * 16, "-encryption_kid", "11" * 16)  # fmt: skip
    assert "encrypted" in refusal(locked)


@pytest.mark.parametrize("kept", [40, 400, 3000])
def test_a_file_that_lost_its_index_is_refused_as_damaged(screen: Path, tmp_path: Path, kept: int) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(screen.read_bytes()[:kept])
    assert "damaged" in refusal(broken)


def test_the_parser_runs_in_a_child_and_its_crash_is_a_sentence(
    screen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash = tmp_path / "crash.py"
    crash.write_text("import os; os.abort()")
    monkeypatch.setattr(probe, "PROBER", crash)
    monkeypatch.setattr(probe, "PACKAGE", tmp_path)
    assert refusal(screen) == probe.DAMAGED


def test_a_fault_of_our_own_prober_is_not_blamed_on_the_recording(
    screen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise ImportError('no av here')")
    monkeypatch.setattr(probe, "PROBER", broken)
    monkeypatch.setattr(probe, "PACKAGE", tmp_path)
    with pytest.raises(child.ChildFailed, match="no av here") as caught:
        probe.probe(screen)
    assert not caught.value.permanent


def test_names_that_look_like_options_or_addresses_are_only_names(screen: Path, tmp_path: Path) -> None:
    for name in ("-i.mp4", "http:x.mp4", "concat:a|b", "ünï %03d.mp4"):
        path = tmp_path / name
        path.write_bytes(screen.read_bytes())
        assert probe.probe(path).picture.frames == 45


@pytest.mark.shared
def test_every_malformed_file_is_read_or_refused_with_a_sentence(shared_data: Path) -> None:
    for path in sorted((shared_data / "malformed").iterdir()):
        try:
            assert probe.probe(path).duration >= 0
        except MediaError as error:
            assert error.permanent, path
            assert error.message.endswith("."), path
