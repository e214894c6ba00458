"""What we put around faster-whisper: memory of one piece, given back, and no piece encoded twice."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ctranslate2
import numpy as np
import pytest

from transcode.speech import faster_whisper
from transcode.speech.faster_whisper import MKL_BUFFERS, _Model, _one_by_one, _remembering

MELS = 80


class Encoder:
    """Gives back every frame's sum, and remembers what it was given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, features: Any) -> Any:
        self.shapes.append(features.shape)
        return ctranslate2.StorageView.from_array(features.sum(axis=-2, keepdims=True))


def batch_of(count: int) -> Any:
    return np.random.default_rng(count).random((count, MELS, 2000), np.float32)


def test_a_batch_is_encoded_piece_by_piece_and_comes_back_whole() -> None:
    encoder, features = Encoder(), batch_of(3)
    encoded = np.array(_one_by_one(encoder)(features))
    assert encoder.shapes == [(1, MELS, 2000)] * 3
    assert np.array_equal(encoded, features.sum(axis=-2, keepdims=True))


def test_one_piece_is_passed_on_as_it_is() -> None:
    encoder = Encoder()
    _one_by_one(encoder)(batch_of(1))
    _one_by_one(encoder)(batch_of(1)[0])
    assert encoder.shapes == [(1, MELS, 2000), (MELS, 2000)]


def test_what_was_encoded_for_its_language_is_not_encoded_again_for_its_words() -> None:
    encoder = Encoder()
    remembered, features = _remembering(_one_by_one(encoder)), batch_of(2)
    assert remembered(features) is remembered(features.copy())
    assert len(encoder.shapes) == 2
    remembered(batch_of(4))
    assert len(encoder.shapes) == 6


@pytest.mark.parametrize(("gpus", "shapes"), [(0, [(1, MELS, 2000)] * 2), (1, [(2, MELS, 2000)])])
def test_a_loaded_model_encodes_one_by_one_where_there_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, gpus: int, shapes: list[tuple[int, ...]]
) -> None:
    encoder = Encoder()
    monkeypatch.setenv(MKL_BUFFERS, "")
    monkeypatch.delenv(MKL_BUFFERS)
    monkeypatch.setattr(faster_whisper, "find_weights", lambda *_: tmp_path)
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: gpus)
    monkeypatch.setattr(faster_whisper, "WhisperModel", lambda *_, **__: SimpleNamespace(encode=encoder))
    faster_whisper._load("base", tmp_path).encode(batch_of(2))
    assert encoder.shapes == shapes
    assert os.environ[MKL_BUFFERS] == "1"


def test_what_a_batch_took_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(faster_whisper, "LIBC", SimpleNamespace(malloc_trim=asked.append))
    silent = SimpleNamespace(model=None, transcribe=lambda *_, **__: ([], None))
    heard = _Model(silent).hear_batch([np.zeros(16_000, np.float32)], "en", "")
    assert [each.words for each in heard] == [()]
    assert asked == [0]
