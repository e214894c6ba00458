"""benchmarks.first_play: a whole library comes up, plays what it was sent, and is gone afterwards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.first_play import Row

ROOT = Path(__file__).resolve().parent.parent.parent


def run(tmp_path, *arguments):
    command = [sys.executable, "-m", "benchmarks.first_play", *map(str, arguments)]
    environment = {**os.environ, "VIDEOLIB_DATA": str(tmp_path / "theirs"), "TMPDIR": str(tmp_path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=220)


def processes_below(folder):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"VIDEOLIB_DATA={folder}/videolib-benchmark-".encode() in said:
            found.append(process.name)
    return found


@pytest.mark.stack
def test_a_recording_plays_and_nothing_is_left_running(tmp_path, screen_file):
    (tmp_path / "notes.mp4").write_text("no recording")
    ended = run(tmp_path, screen_file, tmp_path / "notes.mp4", "--json", tmp_path / "figures.json")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "never played: 1 of 2" in ended.stdout
    played, refused = json.loads((tmp_path / "figures.json").read_text())
    assert played["is_copied"]
    assert played["aim"] == 1.0
    assert 0 < played["playable"] <= played["renditions"]
    assert played["mediacms"] > 0
    assert played["ratio"] == pytest.approx(played["playable"] / played["mediacms"])
    assert {"inspect", "make_playable"} <= set(played["steps"])
    assert refused["playable"] is None
    assert refused["error"]
    assert processes_below(tmp_path) == []
    assert not (tmp_path / "theirs").exists()


def test_a_file_that_is_not_there_is_refused_with_a_sentence(tmp_path):
    ended = run(tmp_path, "nowhere.mp4")
    assert ended.returncode == 2
    assert "There is no file nowhere.mp4" in ended.stderr


def test_an_encoded_recording_may_take_a_quarter_of_its_length_more():
    assert Row("a", duration=20.0, is_copied=False, playable=5.9).is_met
    assert not Row("a", duration=20.0, is_copied=True, playable=1.1).is_met
    assert not Row("a", duration=20.0).is_met
