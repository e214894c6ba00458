"""openai-whisper (PyTorch): the reference engine, slower, on the same packaged weights as faster-whisper."""

from __future__ import annotations

import base64
import gzip
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from whisper.audio import log_mel_spectrogram, pad_or_trim
from whisper.decoding import DecodingOptions
from whisper.model import ModelDimensions, Whisper
from whisper.timing import add_word_timestamps
from whisper.tokenizer import get_tokenizer

from transcode.media.errors import MediaError
from transcode.speech.base import SAMPLE_RATE, Samples
from transcode.speech.ctranslate2_weights import WeightsFormatError, WhisperWeights, read_weights
from transcode.speech.hearing import TEMPERATURES, WhisperEngine, max_tokens, word_of
from transcode.speech.invented import Utterance
from transcode.speech.weights import find_weights, weights_missing

FRAMES_PER_SECOND = 100  # of Whisper's spectrogram


class OpenAIWhisper(WhisperEngine):
    """The SpeechEngine on PyTorch."""

    name = "openai_whisper"

    def load(self) -> _Model:
        """See WhisperEngine."""
        return _Model(load_whisper(self.model, self.weights_folder))


def load_whisper(model: str, weights_folder: Path) -> Any:
    """The original model as its library makes it, on the GPU when there is one. Raises MediaError without weights."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = find_weights(model, weights_folder)
    if folder:
        try:
            return _build(read_weights(folder)).to(device)
        except (WeightsFormatError, RuntimeError) as error:
            raise MediaError(f"The speech weights in {folder} cannot be loaded: {error}", permanent=False) from error
    try:
        return whisper.load_model(model, device=device)
    # OSError: no network, and not in the cache; RuntimeError: no such name, or a damaged download
    except (OSError, RuntimeError) as error:
        raise weights_missing(model) from error


def _build(weights: WhisperWeights) -> Any:
    """An openai-whisper model in evaluation mode with these weights."""
    model = Whisper(ModelDimensions(**weights.dims))
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.state.items()})
    if weights.alignment_heads:
        mask = np.zeros((weights.dims["n_text_layer"], weights.dims["n_text_head"]), dtype=bool)
        mask[tuple(zip(*weights.alignment_heads, strict=True))] = True
        # the form in which openai-whisper itself carries them
        model.set_alignment_heads(base64.b85encode(gzip.compress(mask.tobytes())))
    return model.eval()


class _Model:
    """hearing.WhisperModel on a PyTorch model. A piece is encoded once, for its language, words and word times:
    encoding is most of the work for a short clip."""

    batch = 4  # no faster than one, but neighbours are told from each other when their languages differ

    def __init__(self, model: Any) -> None:
        self._model = model
        self._fp16 = model.device.type == "cuda"
        self._last: deque[tuple[Samples, Any]] = deque(maxlen=self.batch)

    def tell_languages(self, pieces: Sequence[Samples]) -> list[dict[str, float]]:
        if not self._model.is_multilingual:
            return [{"en": 1.0} for _ in pieces]
        return [dict(self._model.detect_language(self._encode(piece))[1][0]) for piece in pieces]

    def hear_batch(self, pieces: Sequence[Samples], language: str, prompt: str) -> list[Utterance]:
        return [self._hear_once(piece, language, prompt) for piece in pieces]

    def hear_carefully(self, piece: Samples, language: str, prompt: str) -> Utterance:
        result = self._model.transcribe(
            piece,
            language=language,
            initial_prompt=prompt or None,
            temperature=TEMPERATURES,
            sample_len=max_tokens(piece),
            condition_on_previous_text=False,
            word_timestamps=True,
            fp16=self._fp16,
        )
        return _utterance(result["segments"])

    def _hear_once(self, piece: Samples, language: str, prompt: str) -> Utterance:
        """One decoding of the whole piece. `transcribe` would come back to the silence behind the last word, which
        costs another encoding and is where Whisper thanks for watching."""
        encoded = self._encode(piece)
        options = DecodingOptions(
            language=language,
            prompt=prompt or None,
            without_timestamps=True,
            sample_len=max_tokens(piece),
            fp16=self._fp16,
        )
        result = self._model.decode(encoded, options)[0]
        segment = {
            "seek": 0,
            "start": 0.0,
            "end": len(piece) / SAMPLE_RATE,
            "tokens": result.tokens,
            "avg_logprob": result.avg_logprob,
            "no_speech_prob": result.no_speech_prob,
        }
        self._add_words(segment, encoded, language)
        return _utterance([segment])

    def _add_words(self, segment: dict[str, Any], encoded: Any, language: str) -> None:
        model = self._model
        add_word_timestamps(
            segments=[segment],
            model=_Encoded(model),
            tokenizer=get_tokenizer(model.is_multilingual, num_languages=model.num_languages, language=language),
            mel=encoded[0],
            num_frames=int(segment["end"] * FRAMES_PER_SECOND),
            last_speech_timestamp=0.0,
        )

    def _encode(self, piece: Samples) -> Any:
        """The encoder's output for the piece, shape (1, n_audio_ctx, n_audio_state)."""
        for known, encoded in self._last:
            if np.array_equal(known, piece):
                return encoded
        mel = log_mel_spectrogram(pad_or_trim(piece), self._model.dims.n_mels).to(self._model.device)
        with torch.no_grad():
            encoded = self._model.encoder((mel.half() if self._fp16 else mel)[None])
        self._last.append((piece, encoded))
        return encoded


class _Encoded:
    """A model for whisper.timing that takes the encoder's output where the real one takes a spectrogram."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, encoded: Any, tokens: Any) -> Any:
        return self._model.decoder(tokens, encoded)


def _utterance(segments: Sequence[dict[str, Any]]) -> Utterance:
    segments = [segment for segment in segments if segment.get("words")]
    heard = [word for segment in segments for word in segment["words"]]
    return Utterance(
        words=tuple(word_of(word["word"], word["start"], word["end"]) for word in heard),
        no_speech=min((float(segment["no_speech_prob"]) for segment in segments), default=1.0),
        confidence=float(np.mean([segment["avg_logprob"] for segment in segments])) if segments else 0.0,
        word_confidence=float(np.mean([word["probability"] for word in heard])) if heard else 0.0,
    )
