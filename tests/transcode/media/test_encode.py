"""All the rest from one decode."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.transcode.media.conftest import H264, Make, picture, tone
from transcode.media import child, encode
from transcode.media.encode import worth_publishing, write_rest
from transcode.media.hls import RenditionFile
from transcode.media.plan import make_plan, without_copy
from transcode.media.probe import probe


def test_renditions_and_storyboard_come_from_one_process(
    silent_large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = probe(silent_large)
    plan = make_plan(facts, (480, 240))
    runs: list[int] = []
    run = child.run
    monkeypatch.setattr(child, "run", lambda *args, **more: (runs.append(1), run(*args, **more))[1])
    heard: list[float] = []
    rest = write_rest(silent_large, facts, plan, tmp_path, heard.append)
    assert len(runs) == 1
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert [(each.name, each.height) for each in rest.renditions] == [("480p", 480), ("240p", 240)]
    for each in rest.renditions:
        seen = probe(each.path)
        assert seen.duration == pytest.approx(5, abs=0.1)
        assert (seen.picture.width, seen.picture.height) == (each.width, each.height)
    board = plan.storyboard
    assert [sheet.name for sheet in rest.sheets] == ["sheet-000.jpg"]
    with Image.open(rest.sheets[0]) as sheet:
        assert sheet.size == (board.columns * board.tile_width, board.rows * board.tile_height)
    assert not rest.damaged


def test_a_small_recording_gets_its_storyboard_alone(screen: Path, tmp_path: Path) -> None:
    facts = probe(screen)
    rest = write_rest(screen, facts, make_plan(facts), tmp_path)
    assert rest.renditions == ()
    assert len(rest.sheets) == 1


def test_each_tile_shows_its_own_time(made: Make, tmp_path: Path) -> None:
    """The picture's gray grows with time; tiles must grow along, though frames come unevenly."""
    ramp = ["-f", "lavfi", "-i", "color=black:s=64x64:r=20:d=10,geq=lum='16+20*T':cb=128:cr=128"]
    uneven = ["-vf", "select='not(between(t,4.2,6.9))'", "-fps_mode", "vfr"]
    source = made("ramp.mkv", *ramp, *uneven, *H264)
    facts = probe(source)
    plan = make_plan(facts)
    rest = write_rest(source, facts, plan, tmp_path)
    with Image.open(rest.sheets[0]) as sheet:
        gray = np.asarray(sheet.convert("L"), dtype=float)
    board = plan.storyboard
    seen = []
    for number in range(board.count):
        row, column = divmod(number, board.columns)
        tile = gray[row * board.tile_height :, column * board.tile_width :]
        seen.append(tile[: board.tile_height, : board.tile_width].mean())
    assert seen == sorted(seen)
    times = (np.arange(board.count) + 0.5) * board.interval
    at = np.array([(value * 219 / 255 + 16 - 16) / 20 for value in seen])
    inside = (times < 4) | (times > 7.5)
    assert np.abs(at - times)[inside].max() < 0.6


def test_several_sheets_are_written_for_a_long_recording(made: Make, tmp_path: Path) -> None:
    source = made("sheets.mp4", *picture("64x64", "4", 30), *H264)
    facts = probe(source)
    plan = make_plan(facts)
    small = replace(plan, storyboard=replace(plan.storyboard, columns=5, rows=2))
    rest = write_rest(source, facts, small, tmp_path)
    assert len(rest.sheets) == small.storyboard.sheets == 6


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.3])
def test_the_shortest_clips_have_a_storyboard_too(made: Make, tmp_path: Path, seconds: float) -> None:
    source = made(f"short{seconds}.mp4", *picture("64x64", "10", seconds), *H264)
    facts = probe(source)
    assert len(write_rest(source, facts, make_plan(facts), tmp_path).sheets) == 1


def test_a_glimpse_of_a_picture_under_longer_sound_has_a_storyboard(made: Make, tmp_path: Path) -> None:
    source = made("glimpse.mkv", *picture("64x64", "25", 0.08), *tone(0.45), *H264, "-c:a", "aac")
    facts = probe(source)
    assert len(write_rest(source, facts, make_plan(facts), tmp_path).sheets) == 1


def test_damage_that_ffmpeg_survives_is_reported(silent_large: Path, tmp_path: Path) -> None:
    data = bytearray(silent_large.read_bytes())
    start = data.index(b"mdat") + 2000
    for at in range(start, start + (len(data) - start) // 2, 997):
        data[at] ^= 0x55
    broken = tmp_path / "broken"
    broken.write_bytes(data)
    facts = probe(broken)
    rest = encode.write_rest(broken, facts, make_plan(facts), tmp_path)
    assert rest.damaged
    assert not without_copy(make_plan(facts), facts).first.copy
    assert rest.renditions


def made_of(name: str, width: int, size: int) -> RenditionFile:
    return RenditionFile(name, Path(name), "", width, width, 15, 0, 0, "", size, 1.0)


@pytest.mark.parametrize(
    ("made", "published", "names"),
    [
        ([("720p", 720, 75), ("480p", 480, 40)], [("source", 1080, 100)], ["720p", "480p"]),
        ([("720p", 720, 76), ("480p", 480, 40)], [("source", 1080, 100)], ["480p"]),
        ([("720p", 720, 120), ("480p", 480, 90)], [("source", 1080, 100)], []),
        ([("1080p", 1080, 100), ("480p", 480, 70)], [("720p", 720, 90)], ["1080p"]),
        ([("source", 1080, 100), ("480p", 480, 90)], [("source", 1080, 130)], ["source"]),
        ([], [("source", 1080, 100)], []),
    ],
)
def test_a_rendition_that_saves_less_than_a_quarter_is_not_published(
    made: list[tuple[str, int, int]], published: list[tuple[str, int, int]], names: list[str]
) -> None:
    kept = worth_publishing([made_of(*each) for each in made], [made_of(*each) for each in published])
    assert [each.name for each in kept] == names


def test_frames_for_reading_are_kept_where_the_picture_changes(made: Make, tmp_path: Path) -> None:
    pages = "color=white:s=640x360:r=30:d=12[w];color=black:s=30x30:r=30:d=12[b];[w][b]overlay=40*floor(t/4):50"
    source = made("pages.mp4", "-f", "lavfi", "-i", pages, *H264)
    facts = probe(source)
    screens = write_rest(source, facts, make_plan(facts, screens=True), tmp_path).screens
    times = [screen.at for screen in screens]
    assert all(any(abs(time - at) < 0.1 for time in times) for at in (0, 4, 8))
    assert len(times) <= 8
    with Image.open(screens[0].path) as image:
        assert image.size == (640, 360)
    assert write_rest(source, facts, make_plan(facts), tmp_path).screens == ()


def test_av1_is_made_beside_the_others_when_asked_for(made: Make, tmp_path: Path) -> None:
    source = made("av1-of.mp4", *picture("854x480", "60", 3), *tone(), *H264, "-c:a", "aac")
    facts = probe(source)
    plan = make_plan(facts, (240,), av1=True)
    assert [each.name for each in plan.others] == ["av1", "240p"]
    rest = write_rest(source, facts, plan, tmp_path)
    assert rest.renditions[0].codecs.startswith("av01.0.")
    assert rest.renditions[0].codecs.endswith(".08,mp4a.40.2")
    seen = probe(rest.renditions[0].path)
    assert (seen.picture.codec, seen.picture.width, seen.picture.height) == ("av1", 854, 480)
    assert seen.duration == pytest.approx(facts.duration, abs=0.1)
    assert [each.name for each in make_plan(facts, (240,)).others] == ["240p"]


def test_av1_is_measured_by_what_stands_above_it_and_measures_nobody() -> None:
    av1 = replace(made_of("av1", 1080, 60), codecs="av01.0.08M.08")
    source, smaller = made_of("source", 1080, 100), made_of("720p", 720, 70)
    assert [each.name for each in worth_publishing([av1, smaller], [source])] == ["av1", "720p"]
    large = replace(av1, size_bytes=80)
    assert [each.name for each in worth_publishing([large, smaller], [source])] == ["720p"]
