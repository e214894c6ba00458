"""Finds where somebody speaks, so that Whisper is never asked about silence, which makes it invent words.

Silero VAD (the model that faster-whisper bundles) judges, for both engines alike; what it finds is packed into
windows that Whisper can take in one go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

SAMPLE_RATE = 16_000

# Below this peak (-60 dBFS) nothing is speech: digital silence, a muted microphone. Saves running the model.
SILENT_PEAK = 1e-3
# Silero is run over pieces, or two hours of sound would take gigabytes; speech across a border is joined again.
PIECE = 300 * SAMPLE_RATE
THRESHOLD = 0.5
MIN_SPEECH = 0.2  # seconds; a click is shorter, a spoken "yes" is not
MIN_SILENCE = 0.5  # seconds
PADDING = 0.3  # seconds kept around speech: soft first and last sounds score low
# Whisper hears 30 s at a time; a little less leaves room for rounding to its frames.
WINDOW = 29.0
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


def find_windows(samples: NDArray[np.float32]) -> list[Span]:
    """Stretches with speech, each at most WINDOW seconds, in order, without overlap; none when nobody speaks."""
    return pack(find_speech(samples))


def find_speech(samples: NDArray[np.float32]) -> list[Span]:
    """Where somebody speaks, a little padding included; no span longer than WINDOW seconds."""
    found: list[Span] = []
    for start in range(0, len(samples), PIECE):
        for span in _speech_of(samples[start : start + PIECE]):
            span = Span(start + span.start, start + span.end)
            joined = found and span.start <= found[-1].end and Span(found[-1].start, span.end).seconds <= WINDOW
            if joined:
                span = Span(found.pop().start, span.end)
            found.append(span)
    return found


def _speech_of(piece: NDArray[np.float32]) -> Iterator[Span]:
    if not len(piece) or np.abs(piece).max() < SILENT_PEAK:
        return
    options = VadOptions(
        threshold=THRESHOLD,
        min_speech_duration_ms=int(1000 * MIN_SPEECH),
        max_speech_duration_s=WINDOW,
        min_silence_duration_ms=int(1000 * MIN_SILENCE),
        speech_pad_ms=int(1000 * PADDING),
    )
    for found in get_speech_timestamps(piece, options):
        yield Span(int(found["start"]), int(found["end"]))


def pack(spans: Sequence[Span]) -> list[Span]:
    """Spans put together, with the short silences between them, into as few windows as will do."""
    windows: list[Span] = []
    for span in spans:
        last = windows[-1] if windows else None
        if last and _fits(last, span):
            windows[-1] = Span(last.start, span.end)
        else:
            windows.append(span)
    return windows


def _fits(window: Span, span: Span) -> bool:
    short_silence = span.start - window.end <= LONG_SILENCE * SAMPLE_RATE
    return short_silence and Span(window.start, span.end).seconds <= WINDOW
