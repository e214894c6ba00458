"""faster-whisper (CTranslate2): the default engine. int8 on a CPU, float16 on a CUDA GPU."""

from __future__ import annotations

import ctypes
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel, download_model
from faster_whisper.audio import pad_or_trim
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from transcode.media.errors import MediaError
from transcode.speech.base import SAMPLE_RATE, Samples
from transcode.speech.hearing import TEMPERATURES, WhisperEngine, max_tokens, word_of
from transcode.speech.invented import Utterance
from transcode.speech.weights import find_weights, weights_missing

FRAMES_PER_SECOND = 100  # of Whisper's spectrogram; faster-whisper marks each segment with its clip's first frame
# Whisper is trained on 30 s, and pads what is shorter. Encoding all of that padding buys nothing: with six seconds of
# it the words are those of the full length, with three some are lost (docs/decisions.md).
PADDING_FRAMES, LEAST_FRAMES = 600, 1000
BEAM = 5  # Whisper's own; one beam saves a fifth of the time and misses more words (docs/decisions.md)
# int8 kernels gain nothing from more threads than this, and ffmpeg runs beside us
MAX_THREADS = 4
# MKL's own buffers for small matrices grow by a tenth of a worker's memory in minutes, and spare no time.
MKL_BUFFERS = "MKL_DISABLE_FAST_MM"
LIBC = ctypes.CDLL(None)


class FasterWhisper(WhisperEngine):
    """The SpeechEngine on CTranslate2."""

    name = "faster_whisper"

    def load(self) -> _Model:
        """See WhisperEngine."""
        return _Model(BatchedInferencePipeline(_load(self.model, self.weights_folder)))


def _load(model: str, weights_folder: Path) -> Any:
    folder = find_weights(model, weights_folder) or _fetch(model)
    os.environ.setdefault(MKL_BUFFERS, "1")  # read with the first matrix
    on_gpu = ctranslate2.get_cuda_device_count() > 0
    try:
        loaded = WhisperModel(
            str(folder),
            device="cuda" if on_gpu else "cpu",
            compute_type="float16" if on_gpu else "int8",
            cpu_threads=min(MAX_THREADS, len(os.sched_getaffinity(0))),
        )
    except (RuntimeError, ValueError) as error:
        raise MediaError(f"The speech weights in {folder} cannot be loaded: {error}", permanent=False) from error
    loaded.encode = _remembering(loaded.encode if on_gpu else _one_by_one(loaded.encode))
    return loaded


def _one_by_one(encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The encoder, which takes a batch piece by piece: as fast on a CPU, and attention, every frame of a piece with
    every other, is in memory for one of them only."""

    def encoded(features: Any) -> Any:
        if features.ndim == 2 or len(features) == 1:
            return encode(features)
        return ctranslate2.StorageView.from_array(np.concatenate([np.array(encode(each[None])) for each in features]))

    return encoded


def _remembering(encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The encoder, which leaves the padding out, and remembers its last batch: what was encoded for its language is
    encoded for its words next, and encoding is half of the work."""
    last: list[Any] = [None, None]

    def remembered(features: Any) -> Any:
        features = _without_padding(features)
        if last[0] is None or not np.array_equal(last[0], features):
            last[:] = [features, encode(features)]
        return last[1]

    return remembered


def _without_padding(features: Any) -> Any:
    """Features of one piece or several, up to a little behind the longest."""
    used = np.flatnonzero(features.any(axis=tuple(range(features.ndim - 1))))
    length = int(used[-1]) + 1 if len(used) else 0
    return np.ascontiguousarray(features[..., : max(LEAST_FRAMES, length + PADDING_FRAMES)])


def _fetch(model: str) -> Path:
    """The model from the Hugging Face hub or its cache on this machine."""
    try:
        return Path(download_model(model))
    # OSError: no network, offline mode, nothing in the cache; ValueError: no such name
    except (OSError, ValueError, HfHubHTTPError, HFValidationError) as error:
        raise weights_missing(model) from error


class _Model:
    """hearing.WhisperModel on a faster-whisper pipeline."""

    batch = 2  # eight take no less processor time (10.1 s against 10.4 s) and 240 MB more

    def __init__(self, pipeline: BatchedInferencePipeline) -> None:
        self._pipeline = pipeline
        self._plain = pipeline.model

    def tell_languages(self, pieces: Sequence[Samples]) -> list[dict[str, float]]:
        if not self._plain.model.is_multilingual:
            return [{"en": 1.0} for _ in pieces]
        # the pipeline drops the last frame; the same here, so that the encoder meets the same features again
        features = [pad_or_trim(self._plain.feature_extractor(piece)[..., :-1]) for piece in pieces]
        told = self._plain.model.detect_language(self._plain.encode(np.stack(features)))
        # tokens are written as "<|en|>"
        return [{token[2:-2]: probability for token, probability in each} for each in told]

    def hear_batch(self, pieces: Sequence[Samples], language: str, prompt: str) -> list[Utterance]:
        clips = list(_clips(pieces))
        segments, _ = self._pipeline.transcribe(
            np.concatenate(pieces),
            language=language,
            initial_prompt=prompt or None,
            beam_size=BEAM,
            batch_size=len(pieces),
            max_new_tokens=max(max_tokens(piece) for piece in pieces),
            clip_timestamps=[{"start": start, "end": end} for start, end in clips],
            word_timestamps=True,
        )
        found = defaultdict(list)
        for segment in segments:
            found[segment.seek].append(segment)
        _give_back()
        return [_utterance(found[int(start * FRAMES_PER_SECOND)], start) for start, _ in clips]

    def hear_carefully(self, piece: Samples, language: str, prompt: str) -> Utterance:
        segments, _ = self._plain.transcribe(
            piece,
            language=language,
            initial_prompt=prompt or None,
            beam_size=BEAM,
            temperature=TEMPERATURES,
            max_new_tokens=max_tokens(piece),
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        return _utterance(segments, 0.0)


def _give_back() -> None:
    """Freed memory goes back to the machine: a batch takes 150 MB, and glibc alone would keep the gaps for ever."""
    if hasattr(LIBC, "malloc_trim"):
        LIBC.malloc_trim(0)


def _clips(pieces: Sequence[Samples]) -> Iterable[tuple[float, float]]:
    """Where each piece lies when they are laid end to end, seconds."""
    end = 0
    for piece in pieces:
        start, end = end, end + len(piece)
        yield start / SAMPLE_RATE, end / SAMPLE_RATE


def _utterance(segments: Iterable[Any], offset: float) -> Utterance:
    """faster-whisper's segments of one piece, with times from the piece's start, which lies at OFFSET seconds."""
    segments = [segment for segment in segments if segment.words]
    heard = [word for segment in segments for word in segment.words]
    return Utterance(
        words=tuple(word_of(word.word, word.start - offset, word.end - offset) for word in heard),
        no_speech=min((segment.no_speech_prob for segment in segments), default=1.0),
        confidence=float(np.mean([segment.avg_logprob for segment in segments])) if segments else 0.0,
        word_confidence=float(np.mean([word.probability for word in heard])) if heard else 0.0,
    )
