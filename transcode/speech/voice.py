"""Finds where somebody speaks, so that Whisper is never asked about silence, which makes it invent words.

Silero VAD (the model that faster-whisper bundles) judges, for both engines alike; what it finds is packed into
windows that Whisper can take in one go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

SAMPLE_RATE = 16_000

# Below this peak (-60 dBFS) nothing is speech: digital silence, a muted microphone. Saves running the model.
SILENT_PEAK = 1e-3
THRESHOLD = 0.5
MIN_SPEECH = 0.2  # seconds; a click is shorter, a spoken "yes" is not
MIN_SILENCE = 0.5  # seconds
PADDING = 0.3  # seconds kept around speech: soft first and last sounds score low
# Whisper hears 30 s at a time. Given that much without timestamp tokens it leaves out clauses (docs/decisions.md).
WINDOW = 20.0
# A silence this long inside a window invites invention and costs word times; a new window costs one encoding.
LONG_SILENCE = 4.0


@dataclass(frozen=True)
class Span:
    """Samples from `start` up to `end`."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / SAMPLE_RATE


@dataclass(frozen=True)
class Window:
    """Speech that Whisper takes in one go: spans in order, with the short silences between them."""

    spans: tuple[Span, ...]

    @property
    def start(self) -> int:
        return self.spans[0].start

    @property
    def end(self) -> int:
        return self.spans[-1].end

    @property
    def seconds(self) -> float:
        return Span(self.start, self.end).seconds


def find_speech(samples: NDArray[np.float32]) -> list[Span]:
    """Where somebody speaks, a little padding included; no span longer than WINDOW seconds.

    Costs ten times the samples in memory: give it minutes, not hours.
    """
    if not len(samples) or np.abs(samples).max() < SILENT_PEAK:
        return []
    options = VadOptions(
        threshold=THRESHOLD,
        min_speech_duration_ms=int(1000 * MIN_SPEECH),
        max_speech_duration_s=WINDOW,
        min_silence_duration_ms=int(1000 * MIN_SILENCE),
        speech_pad_ms=int(1000 * PADDING),
    )
    return [Span(int(found["start"]), int(found["end"])) for found in get_speech_timestamps(samples, options)]


def whole_spans(spans: Sequence[Span], length: int) -> tuple[list[Span], int]:
    """The spans that end before samples of this LENGTH do, and from where to listen again.

    Speech that reaches the border goes on behind it: it is heard with what follows, unless it is all there is.
    """
    reaches = bool(spans) and spans[-1].end > length - int(MIN_SILENCE * SAMPLE_RATE)
    if reaches and len(spans) > 1:
        return list(spans[:-1]), spans[-1].start
    return list(spans), spans[-1].end if reaches else length


def pack(spans: Sequence[Span]) -> list[Window]:
    """Spans put together, with the short silences between them, into as few windows as will do."""
    windows: list[Window] = []
    for span in spans:
        last = windows[-1] if windows else None
        if last and _fits(last, span):
            windows[-1] = Window((*last.spans, span))
        else:
            windows.append(Window((span,)))
    return windows


def _fits(window: Window, span: Span) -> bool:
    short_silence = span.start - window.end <= LONG_SILENCE * SAMPLE_RATE
    return short_silence and Span(window.start, span.end).seconds <= WINDOW
