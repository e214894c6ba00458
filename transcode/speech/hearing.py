"""How every Whisper engine hears a recording: find speech, tell its language, take it window by window, doubt it.

An engine only brings the two things that differ, as a WhisperModel. Windows come in small batches, so that memory
stays flat however long the recording is, progress is told as it goes, and words are there as they are heard.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from transcode.speech.base import SAMPLE_RATE, Heard, OnProgress, Samples
from transcode.speech.invented import Utterance, is_doubtful, is_invented
from transcode.speech.voice import Span, find_windows
from transcode.speech.words import Word

# Four windows spread over the recording: one encoding each, and a foreign greeting does not decide for the rest.
LANGUAGE_WINDOWS = 4
# Languages that Whisper splits without spaces (whisper/tokenizer.py); elsewhere a window begins with a new word.
UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
# Whisper's fallback has six steps; half of them find nearly as much, and a laugh may not cost minutes.
TEMPERATURES = (0.0, 0.4, 0.8)
# No one says more tokens than this: a loop over a second of laughter ends soon instead of at Whisper's 224. The cap
# leaves room for the longest prompt (223 tokens) in Whisper's 448.
TOKENS, TOKENS_A_SECOND, MAX_TOKENS = 24, 12, 220


@dataclass(frozen=True)
class Piece:
    """A stretch with speech, and the samples it spans."""

    span: Span
    samples: Samples


class WhisperModel(Protocol):
    """A loaded model. `pieces` and `piece` are samples of at most 30 s; word times count from a piece's start."""

    batch: int  # how many pieces one call should get

    def tell_language(self, piece: Samples) -> dict[str, float]:
        """Language codes with their probabilities."""

    def hear_batch(self, pieces: Sequence[Samples], language: str, prompt: str) -> list[Utterance]:
        """One utterance a piece, fast: one attempt each."""

    def hear_carefully(self, piece: Samples, language: str, prompt: str) -> Utterance:
        """Slower, with Whisper's fallback to higher temperatures, for a piece that the fast way failed on."""


class WhisperEngine(ABC):
    """A SpeechEngine on Whisper: one file each brings the `name` and how its model is loaded."""

    name: str

    def __init__(self, model: str, weights_folder: Path) -> None:
        self.model = model
        self.weights_folder = weights_folder

    @abstractmethod
    def load(self) -> WhisperModel:
        """The model with its weights in memory. Raises MediaError when they cannot be had."""

    @cached_property
    def _loaded(self) -> WhisperModel:
        return self.load()

    def hear(
        self,
        samples: Samples,
        *,
        language: str | None = None,
        prompt: str = "",
        on_progress: OnProgress | None = None,
    ) -> Heard:
        """See SpeechEngine."""
        return hear_with(self._loaded, samples, language=language, prompt=prompt, on_progress=on_progress)


def hear_with(
    model: WhisperModel,
    samples: Samples,
    *,
    language: str | None = None,
    prompt: str = "",
    on_progress: OnProgress | None = None,
) -> Heard:
    """What SpeechEngine.hear promises, with the model given."""
    samples = check_samples(samples)
    duration = len(samples) / SAMPLE_RATE
    pieces = [Piece(span, samples[span.start : span.end]) for span in find_windows(samples)]
    words: list[Word] = []
    code, probability = language or "", 1.0
    if pieces and not language:
        code, probability = _vote_language(model, pieces)
    for batch in _batches(pieces, model.batch):
        words += _hear(model, batch, code, prompt)
        if on_progress and batch[-1] is not pieces[-1]:
            on_progress(batch[-1].span.end / len(samples))
    if on_progress:
        on_progress(1.0)
    return Heard(code, probability, duration, tuple(words)) if words else Heard("", 0.0, duration)


def check_samples(samples: Samples) -> Samples:
    """The samples, when they are what an engine takes. NaN and infinity, which broken float sound holds, become 0."""
    if samples.ndim != 1 or samples.dtype != np.float32:
        raise ValueError(f"samples must be mono float32, not {samples.dtype} of shape {samples.shape}")
    # one sum tells whether there is anything to mend, without a second array of the same size
    with np.errstate(over="ignore", invalid="ignore"):
        clean = bool(np.isfinite(samples.sum(dtype=np.float64)))
    return samples if clean else np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def _vote_language(model: WhisperModel, pieces: Sequence[Piece]) -> tuple[str, float]:
    """The language most probable over pieces spread evenly, and its mean probability, weighed by their length."""
    chosen = pieces if len(pieces) <= LANGUAGE_WINDOWS else _spread(pieces)
    votes: dict[str, float] = defaultdict(float)
    # the first piece last: an engine that remembers what it encoded hears that piece next
    for piece in reversed(chosen):
        for code, probability in model.tell_language(piece.samples).items():
            votes[code] += probability * piece.span.seconds
    best = max(votes, key=lambda code: votes[code])
    return best, votes[best] / sum(piece.span.seconds for piece in chosen)


def _spread(pieces: Sequence[Piece]) -> list[Piece]:
    last = len(pieces) - 1
    return [pieces[round(index * last / (LANGUAGE_WINDOWS - 1))] for index in range(LANGUAGE_WINDOWS)]


def _batches(pieces: Sequence[Piece], size: int) -> Iterator[Sequence[Piece]]:
    """Pieces in batches: 1, 2, 4, … up to SIZE, so that the first words come soon and the rest fast."""
    start, wanted = 0, 1
    while start < len(pieces):
        yield pieces[start : start + wanted]
        start, wanted = start + wanted, min(2 * wanted, size)


def _hear(model: WhisperModel, pieces: Sequence[Piece], language: str, prompt: str) -> Iterator[Word]:
    utterances = model.hear_batch([piece.samples for piece in pieces], language, prompt)
    for piece, heard in zip(pieces, utterances, strict=True):
        believed = model.hear_carefully(piece.samples, language, prompt) if is_doubtful(heard) else heard
        if not is_invented(believed):
            yield from _place(believed.words, piece.span, glue_first=language in UNSPACED)


def _place(words: Sequence[Word], window: Span, *, glue_first: bool) -> Iterator[Word]:
    """The words at their times in the recording, held within their window."""
    clock, end = window.start / SAMPLE_RATE, window.end / SAMPLE_RATE
    offset = clock
    for index, word in enumerate(words):
        start = min(max(word.start + offset, clock), end)
        clock = max(start, min(word.end + offset, end))
        yield Word(round(start, 3), round(clock, 3), word.text, word.glued if index else glue_first)


def max_tokens(piece: Samples) -> int:
    """How many tokens a piece of this length can hold."""
    return min(MAX_TOKENS, TOKENS + int(TOKENS_A_SECOND * len(piece) / SAMPLE_RATE))


def word_of(text: str, start: float, end: float) -> Word:
    """A Word of what Whisper gives, where the space before a word is part of it: " hello", but "-lag" and "好"."""
    return Word(float(start), float(end), text.strip(), glued=not text.startswith(" "))
