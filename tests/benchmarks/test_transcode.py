"""benchmarks.transcode: every contender runs for real on a small recording, and nobody's library is touched."""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import floor, mediacms, ours, peertube, quality, transcode
from benchmarks.costs import Cost, Result
from benchmarks.seen import Seen, Track, is_copy, see

ROOT = Path(__file__).resolve().parent.parent.parent


def seen(width=1280, height=720, fps=30, **changes):
    times = tuple(number / fps for number in range(10 * fps))
    columns = {
        "path": Path("/nowhere.mp4"),
        "duration": 10.0,
        "pixel_format": "yuv420p",
        "r_frame_rate": Fraction(fps),
        "avg_frame_rate": Fraction(fps),
        "picture": Track("h264", 1e6, times, tuple(range(len(times)))),
        "sound": None,
    }
    return Seen(width=width, height=height, **{**columns, **changes})


@pytest.fixture
def run(tmp_path, screen_file):
    def call(*arguments):
        command = [sys.executable, "-m", "benchmarks.transcode", *map(str, arguments)]
        environment = {**os.environ, "VIDEOLIB_DATA": str(tmp_path / "theirs"), "BROKER_URL": "redis://127.0.0.1:1"}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)

    return call


def test_all_four_are_measured_on_the_same_recording(run, tmp_path, screen_file):
    ended = run(screen_file, "--json", tmp_path / "figures.json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "all of 1 of 1 recordings" in ended.stdout
    assert "CPU of ours / mediacms" in ended.stdout
    figures = json.loads((tmp_path / "figures.json").read_text())
    contenders = figures["recordings"][0]["contenders"]
    assert set(contenders) == {"ours", "mediacms", "peertube", "floor"}
    assert all(each["cpu"] > 0 and each["bytes"] > 0 and not each["error"] for each in contenders.values())
    assert 20 < contenders["ours"]["peak_mb"]["worker"] < 500
    assert set(contenders["ours"]["parts"]) >= {"inspect", "make_playable", "make_renditions"}
    assert contenders["ours"]["cpu"] == pytest.approx(sum(part["cpu"] for part in contenders["ours"]["parts"].values()))
    assert [aim["most"] for aim in figures["aims"]] == [pytest.approx(1 / 6), 1.1, 1.5]
    assert not (tmp_path / "theirs").exists()


def test_what_is_no_recording_is_said_and_left_out_of_the_sums(run, tmp_path, screen_file):
    (tmp_path / "notes.txt").write_text("no recording")
    ended = run(tmp_path / "notes.txt", screen_file, "--only", "ours")
    assert ended.returncode == 1
    assert "all of 1 of 2 recordings" in ended.stdout


def test_of_several_turns_the_cheapest_counts(monkeypatch, tmp_path, screen_file):
    costs = iter([3.0, 1.0, 2.0])
    monkeypatch.setattr(ours, "run", lambda *_: Result(cost=Cost(next(costs), 1.0)))
    options = argparse.Namespace(times=3, quality=False)
    row = transcode._measure(screen_file, ["ours"], tmp_path, tmp_path, options)
    assert row.results["ours"].cost.cpu == 1.0
    assert row.turns == {"ours": [3.0, 1.0, 2.0]}


@pytest.mark.parametrize("failed_turn", [0, 1])
def test_a_turn_that_failed_is_told_however_the_other_went(monkeypatch, tmp_path, screen_file, failed_turn):
    turns = [Result(cost=Cost(9.0, 9.0)), Result(cost=Cost(8.0, 8.0))]
    turns[failed_turn].error = "the disk was full"
    waiting = iter(turns)
    monkeypatch.setattr(ours, "run", lambda *_: next(waiting))
    row = transcode._measure(screen_file, ["ours"], tmp_path, tmp_path, argparse.Namespace(times=2, quality=False))
    assert row.results["ours"].error == "the disk was full"
    assert not row.is_whole


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.mp4"], "There is no file nowhere.mp4"),
        ([ROOT, "--only", "youtube"], "There is no contender 'youtube'"),
        ([ROOT, "--only", "floor"], "choose ours as well"),
        ([ROOT, "--times", "0"], "--times 1 is the least"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(run, arguments, said):
    ended = run(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_mediacms_always_makes_the_two_smallest_and_halves_high_rates():
    assert mediacms.profiles(seen(320, 200)) == [144, 240]
    assert mediacms.profiles(seen(2560, 1440)) == [144, 240, 360, 480, 720, 1080]
    assert mediacms.rate_of(seen(r_frame_rate=Fraction(1000))) == Fraction(125, 4)
    assert "-pass" not in mediacms.picture_args(seen(), 720)


def test_peertube_copies_what_fits_and_caps_small_pictures_at_thirty():
    assert peertube.fits(seen())
    assert not peertube.fits(seen(pixel_format="yuv444p"))
    assert not peertube.fits(seen(picture=Track("h264", 1e9)))
    assert peertube.encoding(seen(fps=60), 480)[-1] == "30.000"
    assert peertube.encoding(seen(fps=60), 720)[-1] == "60.000"


def test_the_floor_keeps_the_very_frames_that_ours_kept():
    source = tuple(number / 60 for number in range(8))
    assert floor.matched(source, source[::2]) == [0, 2, 4, 6]
    assert floor.matched(source, source) == list(range(8))
    assert floor.matched(source, (0.0, 0.5, 0.9)) is None
    assert floor.choice([[0, 1], [4]]) == "if(lt(n,4),between(n,0,1),between(n,4,4))"


def test_a_copy_is_known_by_its_packets(screen_file):
    source = see(screen_file)
    assert (source.width, source.height, source.short_side) == (640, 360, 360)
    assert source.x264_settings["crf"] == "23.0"
    assert is_copy(source.picture, source.picture)
    assert not is_copy(Track("h264", 0, sizes=(1, 2)), source.picture)
    assert not is_copy(None, source.sound)


def test_a_blurred_rendition_is_told_from_the_source(screen_file, tmp_path):
    source, blurred = see(screen_file), tmp_path / "blurred.mp4"
    quality.run_ffmpeg("-i", str(screen_file), "-vf", "scale=64:36", "-c:v", "libx264", str(blurred))
    same, worse = quality.likeness(source, screen_file), quality.likeness(source, blurred)
    assert same[0] == pytest.approx(1.0)
    assert worse[0] < 0.95
    assert worse[1] < same[1] - 20


@pytest.mark.long
@pytest.mark.skipif(find_spec("rapidocr") is None, reason="rapidocr is not installed; requirements-dev.txt names it")
def test_words_lost_in_a_rendition_are_counted(tmp_path):
    from PIL import Image, ImageDraw, ImageFont

    picture, file = Image.new("RGB", (640, 360), "white"), tmp_path / "text.mp4"
    drawn = ImageDraw.Draw(picture)
    drawn.text((40, 60), "cannot open settings.yaml", fill="black", font=ImageFont.load_default(32))
    picture.save(tmp_path / "text.png")
    quality.run_ffmpeg("-loop", "1", "-t", "2", "-i", str(tmp_path / "text.png"), "-pix_fmt", "yuv420p", str(file))
    source = see(file)
    words = quality.read_words(source, file)
    assert words["cannot"] == words["settings.yaml"] == len(quality.READ_AT)
    assert quality.compare(source, file, words).recall == 1.0
    assert quality.compare(source, file, words + Counter({"missing": sum(words.values())})).recall == 0.5
