"""How every Whisper engine hears a recording: find speech, tell its language, take it window by window, doubt it.

An engine only brings the two things that differ, as a WhisperModel. A recording is heard in stretches that grow: the
first words come soon, memory stays flat however long it is, and each stretch ends in a silence.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from typing import Protocol

import numpy as np

from transcode.speech.base import SAMPLE_RATE, Heard, OnCues, OnProgress, Samples, Sound
from transcode.speech.cues import Cue, cut_cues
from transcode.speech.invented import Utterance, is_doubtful, is_invented
from transcode.speech.languages import SURE, Languages, Probabilities
from transcode.speech.voice import Span, Window, find_speech, pack, whole_spans
from transcode.speech.words import Word

# Stretches, in seconds: little enough for words within ten seconds, then ever more, so that what is done for each
# (storing, indexing) stays cheap; VAD takes ten times the last one's 8 MB of samples.
STRETCHES = (24, 48, 96, 120)
# A recording up to this length is one stretch: it takes no longer than the ten seconds.
ONE_STRETCH = 60
# Above this length the languages of the first stretch are told from itself: the rest is not there to be asked yet.
LONG = 600
# Four windows spread over the recording: one encoding each, and a foreign greeting does not decide for the rest.
LANGUAGE_WINDOWS = 4
LANGUAGE_SECONDS = 24
# Languages that Whisper splits without spaces (whisper/tokenizer.py); elsewhere a window begins with a new word.
UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
# Whisper's fallback has six steps; half of them find nearly as much, and a laugh may not cost minutes.
TEMPERATURES = (0.0, 0.4, 0.8)
# No one says more tokens than this: a loop over a second of laughter ends soon instead of at Whisper's 224. The cap
# leaves room for the longest prompt (223 tokens) in Whisper's 448.
TOKENS, TOKENS_A_SECOND, MAX_TOKENS = 24, 12, 220


@dataclass(frozen=True)
class Piece:
    """A window of a stretch, its samples, and the language it is to be heard in."""

    window: Window
    samples: Samples
    language: str


class WhisperModel(Protocol):
    """A loaded model. `pieces` and `piece` are samples of at most 30 s; word times count from a piece's start."""

    batch: int  # how many pieces one call should get

    def tell_languages(self, pieces: Sequence[Samples]) -> list[dict[str, float]]:
        """For each piece, language codes with their probabilities."""

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
        sound: Samples | Sound,
        *,
        language: str | None = None,
        prompt: str = "",
        on_progress: OnProgress | None = None,
        on_cues: OnCues | None = None,
    ) -> Heard:
        """See SpeechEngine."""
        return hear_with(
            self._loaded, sound, language=language, prompt=prompt, on_progress=on_progress, on_cues=on_cues
        )


def hear_with(
    model: WhisperModel,
    sound: Samples | Sound,
    *,
    language: str | None = None,
    prompt: str = "",
    on_progress: OnProgress | None = None,
    on_cues: OnCues | None = None,
) -> Heard:
    """What SpeechEngine.hear promises, with the model given."""
    sound = SoundInMemory(sound) if isinstance(sound, np.ndarray) else sound
    hearing = _Hearing(model, sound, language or "", prompt)
    words: list[Word] = []
    cues: list[Cue] = []
    for stretch in hearing.stretches():
        words += stretch.words
        cues += stretch.cues
        if on_cues and stretch.cues:
            on_cues(stretch.cues, hearing.language)
        if on_progress:
            on_progress(stretch.done)
    duration = sound.length() / SAMPLE_RATE
    if not words:
        return Heard("", 0.0, duration)
    return Heard(hearing.language, 1.0 if language else hearing.languages.share, duration, tuple(words), cues)


class SoundInMemory:
    """Samples that are all there, as a Sound."""

    def __init__(self, samples: Samples) -> None:
        check_shape(samples)
        self._samples = samples
        self.seconds = len(samples) / SAMPLE_RATE

    def head(self, count: int) -> Samples:
        return self._samples[:count]

    def length(self) -> int:
        return len(self._samples)

    def read(self, start: int, stop: int) -> Samples:
        return self._samples[start:stop]


@dataclass(frozen=True)
class Stretch:
    """What was heard between two silences; `done` is the share of the recording that lies behind, 0 to 1."""

    words: list[Word]
    cues: list[Cue]
    done: float


@dataclass
class _Hearing:
    """One recording on its way through a model."""

    model: WhisperModel
    sound: Sound
    given: str  # the language, when somebody named it
    prompt: str
    languages: Languages = field(default_factory=Languages)
    surveyed: bool = False
    before: str = ""  # what the last window was heard in
    in_head: bool = True  # of a long recording's rest nothing may be asked yet

    @property
    def language(self) -> str:
        return self.given or self.languages.main

    def stretches(self) -> Iterator[Stretch]:
        """The recording from its first sample to its last."""
        at, index = 0, 0
        last = False
        while not last:
            samples, last = self._read(at, index)
            spans = find_speech(samples)
            spans, listened = (spans, len(samples)) if last else whole_spans(spans, len(samples))
            words = [_moved(word, at / SAMPLE_RATE) for word in self._hear(samples, pack(spans))]
            at, index, self.in_head = at + listened, index + 1, False
            done = 1.0 if last else at / max(at + 1, self.sound.seconds * SAMPLE_RATE)
            yield Stretch(words, cut_cues(words, until=at / SAMPLE_RATE), done)

    def _read(self, at: int, index: int) -> tuple[Samples, bool]:
        """The samples of the next stretch, and whether they are the last."""
        seconds = STRETCHES[min(index, len(STRETCHES) - 1)] if self.sound.seconds > ONE_STRETCH else 2 * ONE_STRETCH
        wanted = seconds * SAMPLE_RATE
        if index == 0:
            samples = check_samples(self.sound.head(wanted))
            return samples, len(samples) < wanted
        samples = check_samples(self.sound.read(at, at + wanted))
        return samples, at + len(samples) >= self.sound.length()

    def _hear(self, samples: Samples, windows: list[Window]) -> Iterator[Word]:
        for start in range(0, len(windows), self.model.batch):
            pieces = self._with_languages(samples, windows[start : start + self.model.batch])
            for language, same in groupby(pieces, key=lambda piece: piece.language):
                yield from _hear(self.model, list(same), language, self.prompt)

    def _with_languages(self, samples: Samples, windows: list[Window]) -> list[Piece]:
        if not windows or self.given:
            return [Piece(window, _cut(samples, window), self.given) for window in windows]
        self._survey()
        told = self._tell(samples, windows)
        self.languages.learn(told, [window.seconds for window in windows])
        chosen = [self.languages.choose(probabilities) for probabilities in told]
        mixed = self._may_be_mixed(told, chosen)
        self.before = chosen[-1]
        return self._parted(samples, windows, chosen, mixed)

    def _may_be_mixed(self, told: Sequence[Probabilities], chosen: Sequence[str]) -> set[int]:
        """Which windows may hold two languages: those beside a change, and, once there are two, the doubtful ones."""
        known = [self.before or chosen[0], *chosen]
        mixed = {index + side - 1 for index, (a, b) in enumerate(pairwise(known)) if a != b for side in (0, 1)} - {-1}
        if len(self.languages.sure) > 1:
            mixed |= {index for index, probabilities in enumerate(told) if max(probabilities.values()) < SURE}
        return mixed

    def _parted(self, samples: Samples, windows: list[Window], chosen: list[str], mixed: set[int]) -> list[Piece]:
        """The windows as pieces; of those that may be mixed, each span is asked for its language."""
        parts = [Window((span,)) for index, window in enumerate(windows) if index in mixed for span in window.spans]
        told = {part: self.languages.choose(each) for part, each in zip(parts, self._tell(samples, parts), strict=True)}
        pieces = []
        for index, (window, language) in enumerate(zip(windows, chosen, strict=True)):
            runs = _runs([(span, told[Window((span,))]) for span in window.spans]) if index in mixed else []
            pieces += runs or [(window, language)]
        return [Piece(window, _cut(samples, window), language) for window, language in pieces]

    def _survey(self) -> None:
        """Learn the languages from windows spread over the recording, once all of it is there to be asked."""
        if self.surveyed or self.sound.seconds <= ONE_STRETCH:
            return
        if self.sound.seconds > LONG and self.in_head:
            return
        self.surveyed = True
        step = max(0, self.sound.length() - LANGUAGE_SECONDS * SAMPLE_RATE) // (LANGUAGE_WINDOWS - 1)
        for index in range(LANGUAGE_WINDOWS):
            start = index * step
            samples = check_samples(self.sound.read(start, start + LANGUAGE_SECONDS * SAMPLE_RATE))
            windows = pack(find_speech(samples))[:1]
            self.languages.learn(self._tell(samples, windows), [window.seconds for window in windows])

    def _tell(self, samples: Samples, windows: Sequence[Window]) -> list[Probabilities]:
        told: list[Probabilities] = []
        for start in range(0, len(windows), self.model.batch):
            batch = windows[start : start + self.model.batch]
            told += self.model.tell_languages([_cut(samples, window) for window in batch])
        return told


def _runs(spans: Sequence[tuple[Span, str]]) -> list[tuple[Window, str]]:
    """Neighbouring spans of one language, put together again."""
    return [
        (Window(tuple(span for span, _ in run)), language) for language, run in groupby(spans, key=lambda each: each[1])
    ]


def _cut(samples: Samples, window: Window) -> Samples:
    return samples[window.start : window.end]


def _moved(word: Word, seconds: float) -> Word:
    return Word(round(word.start + seconds, 3), round(word.end + seconds, 3), word.text, word.glued)


def check_shape(samples: Samples) -> None:
    """Raises ValueError for what is no mono float32 sound."""
    if samples.ndim != 1 or samples.dtype != np.float32:
        raise ValueError(f"samples must be mono float32, not {samples.dtype} of shape {samples.shape}")


def check_samples(samples: Samples) -> Samples:
    """The samples, when they are what an engine takes. NaN and infinity, which broken float sound holds, become 0."""
    check_shape(samples)
    # one sum tells whether there is anything to mend, without a second array of the same size
    with np.errstate(over="ignore", invalid="ignore"):
        clean = bool(np.isfinite(samples.sum(dtype=np.float64)))
    return samples if clean else np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)


def _hear(model: WhisperModel, pieces: Sequence[Piece], language: str, prompt: str) -> Iterator[Word]:
    utterances = model.hear_batch([piece.samples for piece in pieces], language, prompt)
    for piece, heard in zip(pieces, utterances, strict=True):
        believed = model.hear_carefully(piece.samples, language, prompt) if is_doubtful(heard) else heard
        if not is_invented(believed):
            yield from _place(believed.words, piece.window, glue_first=language in UNSPACED)


def _place(words: Sequence[Word], window: Window, *, glue_first: bool) -> Iterator[Word]:
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
