"""benchmarks.search_quality: videos in, answers out, and nobody's library touched."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SAID = ["welcome to the show", "now we open the histogram", "and close it again", "feather the mask", "goodbye"]


def video(number, said, **columns):
    sentences = [{"i": i, "start": 10.0 * i, "end": 10.0 * i + 9, "text": text} for i, text in enumerate(said)]
    return {"video_id": f"v{number}", "sentences": sentences, **columns}


@pytest.fixture
def run(tmp_path):
    videos = [video(1, SAID, title="Masks", desc="All about them"), video(2, ["nothing here"]), video(3, SAID[:2])]
    questions = [{"qid": "q1", "question": "how to feather a mask?"}, {"qid": "q2", "question": "xylophone"}]
    for name, rows in (("videos", videos), ("questions", questions)):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def call(*more):
        paths = [f"--{name}={tmp_path / name}" for name in ("videos", "questions", "results")]
        command = [sys.executable, "-m", "benchmarks.search_quality", *paths, *more]
        environment = {**os.environ, "VIDEOLIB_DATA": str(tmp_path / "theirs"), "BROKER_URL": "redis://127.0.0.1:1"}
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200)

    return call


def test_every_question_is_answered_with_videos_and_seconds(run, tmp_path):
    ended = run("--engine", "lexical", "--backend", "sqlite")
    assert ended.returncode == 0, ended.stderr
    assert "3, indexed in" in ended.stdout
    first, second = map(json.loads, (tmp_path / "results").read_text().splitlines())
    assert first["qid"] == "q1"
    assert first["hits"][0] == {"video_id": "v1", "moments": [30.0]}
    assert second == {"qid": "q2", "hits": []}
    assert not (tmp_path / "theirs").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--engine", "telepathy"], "choose --engine lexical"),
        (["--backend", "tape"], "choose --backend sqlite or postgres"),
        (["--videos", "nowhere.jsonl"], "There is no file nowhere.jsonl"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_a_sentence(run, more, said):
    ended = run(*more)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
