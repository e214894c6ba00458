"""What sentences mean: real weights, those of `make setup`, or put together for this run."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scripts.weights import MINILM, WEIGHTS_FOLDER, install_weights, is_complete
from videolib.search.meaning import WIDTH, Meaning, WeightsMissing, get_meaning, why_there_is_none

MASK = "Paint on the mask to hide a part of the layer."
ODD = {
    "empty": "",
    "spaces": " \n\t ",
    "NUL": "\0",
    "NUL in a word": "lay\0er",
    "half a pair": "half \ud83d",
    "both halves, each alone": "\ud83d\ude00",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈" * 9,
    "a long word": "a" * 100_000,
    "a long text": "mask and layer " * 7_000,
    "right to left": "طبقة القناع",
    "characters without spaces": "図層のマスクを塗る" * 50,
    "marks only": "\u0301\u200d\ufeff",
    "a token of the model's own": "[PAD] [CLS] [MASK]",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if is_complete(WEIGHTS_FOLDER / "minilm", MINILM):
        return WEIGHTS_FOLDER / "minilm"
    return install_weights(tmp_path_factory.mktemp("weights"), model=MINILM)


@pytest.fixture(scope="module")
def meaning(folder: Path) -> Meaning:
    return Meaning(folder)


@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("how do I conceal part of a picture", MASK, "Push the branch before you ask for a review."),
        ("undo the last change", "If you made a mistake, just revert it.", "Then we save the file as a PDF."),
        ("my screen froze", "When the program hangs, restart it.", "Choose a brighter colour for the title."),
        ("make text bigger", "Here you increase the font size.", "This deletes the whole folder."),
        ("share the file with a colleague", "Send your team mate a link.", "The loop runs ten times."),
    ],
)
def test_what_says_the_same_in_other_words_is_nearer(meaning: Meaning, question: str, near: str, far: str) -> None:
    to_near, to_far = meaning.of_sentences([near, far]) @ meaning.of_question(question) / 127
    assert to_near > to_far + 0.1


def test_a_sentence_is_so_many_whole_numbers_of_length_127(meaning: Meaning) -> None:
    vectors = meaning.of_sentences([MASK, "Push the branch.", "x"])
    assert (vectors.shape, vectors.dtype) == ((3, WIDTH), np.int8)
    assert np.linalg.norm(vectors.astype(float), axis=1) == pytest.approx(127, abs=2)
    assert meaning.of_sentences([]).shape == (0, WIDTH)


def test_a_question_has_length_1_and_belongs_to_all_who_ask(meaning: Meaning) -> None:
    vector = meaning.of_question(MASK)
    assert (vector.shape, vector.dtype) == ((WIDTH,), np.float32)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(np.rint(vector * 127), meaning.of_sentences([MASK])[0])
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1


def test_neighbours_change_nothing(folder: Path) -> None:
    texts = [MASK, "Push the branch.", "word " * 300, "x", MASK]
    together = Meaning(folder).of_sentences(texts)
    for text, vector in zip(texts, together, strict=True):
        assert np.array_equal(Meaning(folder).of_sentences([text])[0], vector)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_any_text_has_a_meaning_or_none(meaning: Meaning, text: str) -> None:
    length = np.linalg.norm(meaning.of_question(text))
    assert length == pytest.approx(1, abs=1e-5) or length == 0
    assert meaning.of_sentences([text]).shape == (1, WIDTH)


@pytest.mark.parametrize("name", ["empty", "spaces", "NUL"])
def test_what_says_nothing_is_near_to_nothing(meaning: Meaning, name: str) -> None:
    assert not meaning.of_question(ODD[name]).any()
    assert not meaning.of_sentences([ODD[name]]).any()


def test_spaces_and_capitals_do_not_matter(meaning: Meaning) -> None:
    assert np.array_equal(meaning.of_question("Hide\n a  LAYER "), meaning.of_question("hide a layer"))


def test_what_comes_after_256_tokens_is_not_read(meaning: Meaning) -> None:
    start = "word " * 253
    first, same, other = meaning.of_sentences([f"{start}mask", f"{start}mask and this", f"{start[:-5]}mask"])
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_what_was_just_seen_is_not_worked_out_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meaning, seen = Meaning(folder), []
    encode = meaning._tokenizer.encode
    monkeypatch.setattr(
        meaning,
        "_tokenizer",
        type("Counting", (), {"encode": staticmethod(lambda text: seen.append(text) or encode(text))}),
    )
    meaning.of_sentences([MASK, "Push the branch.", MASK])
    meaning.of_question(MASK)
    assert seen == [MASK, "Push the branch."]


def test_threads_share_it(folder: Path, meaning: Meaning) -> None:
    texts = [f"Choose colour {number} for the layer." for number in range(24)]
    alone, shared = [meaning.of_question(text) for text in texts], Meaning(folder)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(shared.of_question, texts * 2))
    assert all(np.array_equal(one, other) for one, other in zip(found, alone * 2, strict=True))


def test_the_name_says_which_weights(meaning: Meaning) -> None:
    assert meaning.name == "minilm-8199be6f"


# --- Weights that are not there -------------------------------------------------------------------------------------


def test_missing_weights_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match=r"lack model.onnx and tokenizer.json: run make setup.$"):
        Meaning(tmp_path)


@pytest.mark.parametrize("damaged", ["model.onnx", "tokenizer.json"])
def test_damaged_weights_are_one_sentence(folder: Path, tmp_path: Path, damaged: str) -> None:
    for name in ("model.onnx", "tokenizer.json"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / damaged).unlink()
    (tmp_path / damaged).write_bytes((folder / damaged).read_bytes()[:9000])
    with pytest.raises(WeightsMissing, match=r"cannot be read: remove it, run make setup.$"):
        Meaning(tmp_path)


# --- The one of this process ----------------------------------------------------------------------------------------


@pytest.fixture
def wanted(settings: Any, folder: Path) -> Any:
    """Settings with which there is one."""
    settings.SEARCH_MEANING, settings.SEARCH_WEIGHTS = "minilm", folder
    return settings


@pytest.mark.usefixtures("wanted")
def test_a_process_loads_it_once() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda _: get_meaning(), range(8)))
    assert len(found) == 1 and None not in found
    assert why_there_is_none() == ""


def test_a_forked_process_goes_on_with_what_its_parent_loaded(folder: Path) -> None:
    code = f"""
import os, pathlib
from videolib.search.meaning import Meaning
meaning = Meaning(pathlib.Path({str(folder)!r}))
if child := os.fork():
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os._exit(0 if meaning.of_question("not asked before").any() else 1)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_where_none_is_wanted_there_is_none_and_nothing_is_wrong(wanted: Any) -> None:
    wanted.SEARCH_MEANING = "none"
    assert get_meaning() is None
    assert why_there_is_none() == ""


def test_without_weights_there_is_none_and_it_is_said_what_to_do(
    wanted: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wanted.SEARCH_WEIGHTS = tmp_path
    assert get_meaning() is get_meaning() is None
    assert "run make setup. Then start the library again" in why_there_is_none()
    assert len(caplog.records) == 1


def test_who_never_asks_loads_no_library() -> None:
    code = "import sys, videolib.search.meaning; print([m for m in ('onnxruntime', 'tokenizers') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
