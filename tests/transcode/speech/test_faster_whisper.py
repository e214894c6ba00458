"""What we put around faster-whisper's encoder: memory of one piece, and no piece encoded twice."""

from __future__ import annotations

from typing import Any

import ctranslate2
import numpy as np

from transcode.speech.faster_whisper import _one_by_one, _remembering

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
