"""What every speech engine takes and gives, and the one place that chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from transcode.speech.cues import Cue
from transcode.speech.words import Word

Samples = NDArray[np.float32]
EngineName = Literal["faster_whisper", "openai_whisper"]
OnProgress = Callable[[float], None]
# Gets the next cues, never none, and the language that most was spoken in so far.
OnCues = Callable[[list[Cue], str], None]

SAMPLE_RATE = 16_000  # Hz; the only rate Whisper was trained on


@dataclass(frozen=True)
class Heard:
    """What an engine heard: `words` in spoken order, none when nobody speaks, and the same as captions, `cues`.

    `language` is a Whisper code ("en", "yue"), the one most is spoken in, "" when nobody speaks;
    `language_probability` is its share of the evidence, 0 to 1, and 1 for a language that the caller gave.
    `duration` is that of the samples, in seconds.
    """

    language: str
    language_probability: float
    duration: float
    words: tuple[Word, ...] = ()
    cues: list[Cue] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The words as running text."""
        return "".join(word.text if word.glued else f" {word.text}" for word in self.words).strip()


class Sound(Protocol):
    """Samples that need not all be there yet, nor ever be in memory together."""

    seconds: float  # about how long it is, known beforehand

    def head(self, count: int) -> Samples:
        """The first COUNT samples, fewer where there are no more, without waiting for the rest."""

    def length(self) -> int:
        """How many samples there are; waits for the last."""

    def read(self, start: int, stop: int) -> Samples:
        """The samples from START up to STOP."""


class SpeechEngine(Protocol):
    """Turns sound into words. The weights are loaded by the first `hear` and kept for the next."""

    name: str
    model: str

    def hear(
        self,
        sound: Samples | Sound,
        *,
        language: str | None = None,
        prompt: str = "",
        on_progress: OnProgress | None = None,
        on_cues: OnCues | None = None,
    ) -> Heard:
        """The words in SOUND: float32, mono, 16 kHz, in -1 to 1, any length, also none.

        `language` None: found by listening, window by window. `prompt`: words likely to be spoken, such as product
        names. `on_progress` is called with rising shares of the work, the last one 1.0; `on_cues` with the cues of
        each stretch as soon as it was heard. Raises MediaError when the weights cannot be had.
        """


# Two, so that a worker whose setting changed between two calls does not thrash; each may hold gigabytes.
@lru_cache(maxsize=2)
def get_engine(name: EngineName, model: str, weights_folder: Path) -> SpeechEngine:
    """The engine of that name, the same object for the same arguments: a worker keeps its model warm.

    `model` is a name ("base", "small") or a folder. This imports the engine's library, which takes seconds; the
    weights are loaded by the first `hear`. Call it where the work is done, never before a fork.
    """
    if name == "faster_whisper":
        from transcode.speech.faster_whisper import FasterWhisper  # noqa: PLC0415  (CTranslate2)

        return FasterWhisper(model, weights_folder)
    if name == "openai_whisper":
        from transcode.speech.openai_whisper import OpenAIWhisper  # noqa: PLC0415  (torch: seconds)

        return OpenAIWhisper(model, weights_folder)
    raise ValueError(f"{name!r} is no speech engine: faster_whisper or openai_whisper")
