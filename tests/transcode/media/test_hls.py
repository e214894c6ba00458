"""The first rendition: copied or encoded, and playable."""

import errno
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from tests.transcode.media.conftest import H264, Make, picture, tone
from transcode.media import ffmpeg, hls
from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.media.hls import RenditionFile, multivariant_playlist, write_first
from transcode.media.plan import make_plan
from transcode.media.probe import probe

Playable = Callable[[Path], tuple[MediaFacts, RenditionFile]]


@pytest.fixture
def playable(tmp_path: Path) -> Playable:
    def make(source: Path) -> tuple[MediaFacts, RenditionFile]:
        facts = probe(source)
        return facts, write_first(source, facts, make_plan(facts), tmp_path)

    return make


def assert_plays(file: RenditionFile, duration: float, frames: int | None = None) -> None:
    """Decodes all of it, and every segment behind the initialisation bytes by itself, as a player does after a seek."""
    seen = probe(file.path)
    assert seen.duration == pytest.approx(duration, abs=0.12)
    assert file.duration == pytest.approx(duration, abs=0.04)
    assert abs(seen.start_time) < 0.03
    assert (seen.picture.codec, seen.picture.pixel_format) in (("h264", "yuv420p"), ("h264", "yuvj420p"))
    assert (seen.picture.width, seen.picture.height) == (file.width, file.height)
    assert file.width % 2 == file.height % 2 == 0
    decoded = count_frames(file.path)
    assert decoded > 0
    assert frames is None or decoded == frames
    assert sum(segment_frames(file)) == decoded


def count_frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def segment_frames(file: RenditionFile) -> list[int]:
    data = file.path.read_bytes()
    init = hls.INIT.search(file.playlist)
    assert init
    counts = []
    for _, size, offset in hls.SEGMENT.findall(file.playlist):
        part = file.path.with_suffix(".part")
        part.write_bytes(data[: int(init[1])] + data[int(offset) : int(offset) + int(size)])
        counts.append(count_frames(part))
    assert all(counts)
    return counts


def test_what_fits_is_copied_bit_by_bit(screen: Path, playable: Playable) -> None:
    _, file = playable(screen)
    assert_plays(file, 3, 45)
    assert file.codecs == "avc1.42c00c,mp4a.40.2"
    assert file.playlist.count("\nsource.mp4") == 1
    assert 'URI="source.mp4",BYTERANGE=' in file.playlist
    assert packet_sizes(file.path) == packet_sizes(screen)
    assert file.size_bytes == file.path.stat().st_size
    assert 0 < file.average_bandwidth <= file.bandwidth


def packet_sizes(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [packet.size for packet in container.demux(video=0) if packet.size]


def test_a_browser_take_becomes_seekable_at_its_own_uneven_rate(browser_take: Path, playable: Playable) -> None:
    facts, file = playable(browser_take)
    assert_plays(file, facts.duration, facts.picture.frames)
    assert file.codecs.startswith("avc1.64")


def test_half_a_take_is_half_a_clip(browser_take: Path, tmp_path: Path, playable: Playable) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(browser_take.read_bytes()[: browser_take.stat().st_size // 2])
    facts, file = playable(cut)
    assert_plays(file, facts.duration)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("odd.webm", [*picture("321x241", seconds=1), "-c:v", "libvpx", "-cpu-used", "8"]),
        ("anim.gif", picture("64x48", "10", 1)),
        ("anim.webp", [*picture("64x48", "10", 1), "-c:v", "libwebp_anim"]),
        ("ten.mkv", [*picture(seconds=1), "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"]),
        ("rgb.avi", [*picture(seconds=1), "-c:v", "png", "-pix_fmt", "rgb24"]),
        ("444.mp4", [*picture(seconds=1), "-c:v", "libx264", "-pix_fmt", "yuv444p"]),
        ("wide.mp4", [*picture(seconds=1), "-vf", "setsar=4/3", *H264]),
        (
            "fields.mpg",
            [*picture("352x288", "25", 1), "-c:v", "mpeg2video", "-flags", "+ildct+ilme"],
        ),
    ],
)
def test_odd_formats_become_playable(made: Make, playable: Playable, name: str, args: list[str]) -> None:
    facts, file = playable(made(name, *args))
    assert_plays(file, facts.duration)
    assert file.codecs == file.codecs.split(",")[0]


def test_sixty_frames_a_second_become_thirty(made: Make, playable: Playable) -> None:
    _, file = playable(made("sixty.webm", *picture("320x240", "60", 2), "-c:v", "libvpx", "-cpu-used", "8"))
    assert_plays(file, 2, 60)
    assert file.fps == 30


def test_a_phone_recording_stands_upright(made: Make, playable: Playable) -> None:
    lying = made("bars.mp4", "-f", "lavfi", "-i", "color=red:s=128x64:r=5:d=1,drawbox=w=64:h=64:t=fill:c=blue", *H264)
    turned = made("upright.mp4", "-display_rotation", "-90", "-i", str(lying), "-c", "copy")
    _, file = playable(turned)
    assert (file.width, file.height) == (64, 128)
    with av.open(str(file.path)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.argmax(frame[16, 32]) == 2  # what was left is on top: turned clockwise
    assert np.argmax(frame[112, 32]) == 0


def test_hdr_is_tone_mapped_for_screens_that_have_none(made: Make, playable: Playable) -> None:
    pq = ["-color_trc", "smpte2084", "-color_primaries", "bt2020", "-colorspace", "bt2020nc"]
    setp = ["-vf", "format=yuv420p10le,setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"]
    facts, file = playable(made("hdr.mkv", *picture(seconds=1), *setp, "-c:v", "libx265", *pq))
    assert facts.picture.is_hdr
    assert_plays(file, 1)
    assert probe(file.path).picture.color_transfer == "bt709"


def test_a_clock_that_starts_hours_from_zero_starts_at_zero(made: Make, playable: Playable) -> None:
    late = made("late.ts", *picture(), *tone(), *H264, "-c:a", "aac", "-output_ts_offset", "36000", "-f", "mpegts")
    _, file = playable(late)
    assert_plays(file, 3, 45)


def test_a_start_cut_off_by_an_edit_list_stays_cut_off(made: Make, playable: Playable) -> None:
    long = made("long.mp4", *picture(), *H264)
    _, file = playable(made("trimmed.mp4", "-ss", "1.2", "-i", str(long), "-c", "copy"))
    assert_plays(file, 1.8, 27)


def sound_starts_at(path: Path) -> float:
    """Seconds to the first loud sample."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray()[0].astype(np.float32)) > 0.05
            if loud.any():
                return float(frame.time or 0) + float(np.argmax(loud)) / frame.sample_rate
    return -1


@pytest.mark.parametrize("name", ["sync.mp4", "sync.mkv", "sync.webm"])
def test_sound_and_picture_stay_together(made: Make, playable: Playable, name: str) -> None:
    """The picture turns white and a tone starts, both after one second."""
    flash = ["-f", "lavfi", "-i", "color=black:s=64x64:r=25:d=3,drawbox=t=fill:c=white:enable='gte(t,1)'"]
    beep = ["-f", "lavfi", "-i", "sine=f=1000:r=48000:d=2,adelay=1000|1000"]
    codecs = ["-c:v", "libvpx", "-c:a", "libopus"] if name.endswith("webm") else [*H264, "-c:a", "aac"]
    _, file = playable(made(name, *flash, *beep, *codecs))
    with av.open(str(file.path)) as container:
        white = next(float(f.time or 0) for f in container.decode(video=0) if f.to_ndarray(format="gray").mean() > 128)
    assert white == pytest.approx(1, abs=0.04)
    assert sound_starts_at(file.path) == pytest.approx(white, abs=0.04)


def test_a_picture_that_starts_late_or_ends_early_stands_still_meanwhile(made: Make, playable: Playable) -> None:
    args = ["-itsoffset", "1", *picture(seconds=1), *tone(4), *H264, "-c:a", "aac"]
    facts, file = playable(made("late.mkv", *args))
    assert facts.picture.start == pytest.approx(1, abs=0.1)
    assert_plays(file, 4)


def test_several_tracks_are_mixed_into_one(made: Make, playable: Playable) -> None:
    two = made("two.mkv", *picture(seconds=1), *tone(1), *tone(1, 880), "-map", "0", "-map", "1", "-map", "2",
               *H264, "-c:a", "aac")  # fmt: skip
    _, file = playable(two)
    assert_plays(file, 1)
    assert len(probe(file.path).sounds) == 1


def test_six_channels_are_folded_down(made: Make, playable: Playable) -> None:
    _, file = playable(made("six.mkv", *picture(seconds=1), *tone(1), *H264, "-c:a", "ac3", "-ac", "6"))
    assert probe(file.path).sounds[0].channels == 2


def test_a_copy_that_comes_out_broken_is_encoded_instead(screen: Path, tmp_path: Path) -> None:
    facts = probe(screen)
    sounds = (replace(facts.sounds[0], duration=60.0),)
    lying = replace(facts, duration=60.0, picture=replace(facts.picture, duration=60.0), sounds=sounds)
    file = write_first(screen, lying, make_plan(lying), tmp_path)
    assert file.name == "source"
    assert packet_sizes(file.path) != packet_sizes(screen)


def test_progress_grows_to_one(silent_large: Path, tmp_path: Path) -> None:
    facts = probe(silent_large)
    plan = make_plan(replace(facts, picture=replace(facts.picture, rotation=180)))
    heard: list[float] = []
    write_first(silent_large, facts, plan, tmp_path, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_what_could_not_be_written_in_full_counts_as_a_full_disk(
    screen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = probe(screen)
    small = replace(ffmpeg.limits_for(facts), output_bytes=20_000)
    monkeypatch.setattr(hls, "limits_for", lambda _: small)
    with pytest.raises(OSError, match="was not written in full") as caught:
        write_first(screen, facts, make_plan(facts), tmp_path)
    assert caught.value.errno == errno.ENOSPC


def test_a_recording_that_stops_being_one_is_blamed_on_it(screen: Path, tmp_path: Path) -> None:
    facts = probe(screen)
    other = tmp_path / "other"
    other.write_bytes(bytes(5000))
    with pytest.raises(MediaError) as caught:
        write_first(other, facts, make_plan(facts), tmp_path)
    assert caught.value.permanent


def test_the_multivariant_playlist_lists_the_highest_first() -> None:
    low = RenditionFile("480p", Path("480p.mp4"), "", 854, 480, 29.97, 300_000, 200_000, "avc1.64001f", 1, 9.0)
    high = replace(low, name="source", width=1920, height=1080, codecs="avc1.640028,mp4a.40.2")
    text = multivariant_playlist([low, high], lambda name: f"/m/{name}.m3u8")
    assert text == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=300000,AVERAGE-BANDWIDTH=200000,RESOLUTION=1920x1080,FRAME-RATE=29.970,"
        'CODECS="avc1.640028,mp4a.40.2"\n/m/source.m3u8\n'
        "#EXT-X-STREAM-INF:BANDWIDTH=300000,AVERAGE-BANDWIDTH=200000,RESOLUTION=854x480,FRAME-RATE=29.970,"
        'CODECS="avc1.64001f"\n/m/480p.m3u8\n'
    )


def test_an_encoded_recording_can_be_started_every_ten_seconds(made: Make, playable: Playable) -> None:
    _, file = playable(made("long.webm", *picture("64x64", "10", 13), "-c:v", "libvpx", "-cpu-used", "8", "-g", "999"))
    lengths = [float(length) for length in re.findall(r"#EXTINF:([\d.]+)", file.playlist)]
    assert lengths == pytest.approx([10, 3], abs=0.11)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "copied"),
    [
        ("screen/Kap__incomplete.mp4", True),
        ("screen/marimo__docs-ai-completion-preview.mp4", False),
        ("screen/healthchecks__details_integrations.webm", False),
        ("format/ts-ebml__chrome57.webm", False),
        ("format/mediabunny__edts.mp4", True),
        ("malformed/fuzzing-corpus__ogv__bug523816.ogv", False),
    ],
)
def test_real_recordings_become_playable(shared_data: Path, playable: Playable, name: str, copied: bool) -> None:
    facts, file = playable(shared_data / name)
    assert_plays(file, facts.duration)
    assert (file.name == "source") == copied


def test_a_sound_track_that_ends_early_is_silent_to_the_end(made: Make, playable: Playable) -> None:
    facts, file = playable(made("early.mp4", *picture(seconds=6), *tone(2), *H264, "-c:a", "aac"))
    plan = make_plan(facts)
    assert (plan.first.copy, plan.sound.mode) == (True, "encode")
    assert probe(file.path).sounds[0].duration == pytest.approx(6, abs=0.1)
