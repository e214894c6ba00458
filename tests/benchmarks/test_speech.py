"""benchmarks.speech: both engines on one spoken sentence, figures that can be checked, and nobody's library touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.speech import _errors
from scripts.say import say
from scripts.weights import WEIGHTS_FOLDER, is_complete

ROOT = Path(__file__).resolve().parent.parent.parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]


SAID = "Open the settings page and choose your language."
# Whisper takes one sentence that is said over and over for an invention of its own.
MORE_SAID = "Now click on save, and close the window. The report is in the folder of your team."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return spoken(tmp_path / "speech", SAID, SAID.replace("settings", "wrong"))


def spoken(folder: Path, said: str, ref: str) -> Path:
    folder.mkdir()
    say(said, folder / "one.wav")
    (folder / "refs.jsonl").write_text(json.dumps({"file": "speech/one.wav", "lang": "en", "ref": ref}) + "\n")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "VIDEOLIB_DATA": str(tmp_path / "theirs"), "BROKER_URL": "redis://127.0.0.1:1"}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        command = [sys.executable, "-m", "benchmarks.speech", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)

    return call


@pytest.fixture
def weights() -> None:
    if not is_complete(WEIGHTS_FOLDER / "whisper-base"):
        pytest.skip("the weights of `make setup` are not there")


@pytest.mark.long
@pytest.mark.usefixtures("weights")
@pytest.mark.timeout(300)
def test_both_engines_are_measured_side_by_side(run: Run, folder: Path, tmp_path: Path) -> None:
    ended = run(str(folder), "--json", str(tmp_path / "found.json"))
    assert ended.returncode == 0, ended.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["all"]["words"] == 8
    assert found["all"]["errors"] >= 1
    assert found["all"]["their_errors"] >= 1
    assert found["all"]["wall"] > 0 < found["all"]["their_wall"]
    assert "real-time factor" in ended.stdout
    assert not (tmp_path / "theirs").exists()


@pytest.mark.usefixtures("weights")
@pytest.mark.timeout(300)
def test_a_long_recording_goes_through_the_real_step(run: Run, tmp_path: Path) -> None:
    said = f"{SAID} {MORE_SAID}"
    folder = spoken(tmp_path / "speech", said, said)
    ended = run(str(folder), "--warm", "--hours", "0.008", "--json", str(tmp_path / "found.json"))
    assert ended.returncode == 0, ended.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["long"]["cues"] > found["short"]["cues"] > 0
    assert 0 < found["long"]["first"] <= found["long"]["all"]
    assert not (tmp_path / "theirs").exists()


def test_what_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    ended = run(str(tmp_path / "nowhere"))
    assert ended.returncode == 2
    assert "There is no" in ended.stderr


def test_errors_are_counted_after_the_normaliser() -> None:
    assert _errors({"lang": "en", "ref": "It's 20%."}, "it is twenty percent", "It is.") == [3, 0, 1]
    assert _errors({"lang": "zh", "ref": "数据。"}, "数据") == [2, 0]
