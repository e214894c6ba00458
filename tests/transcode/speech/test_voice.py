"""Where somebody speaks: Silero on synthetic sound, packing on made-up spans. Real speech is in the contract."""

from __future__ import annotations

import numpy as np
import pytest

from transcode.speech import voice
from transcode.speech.voice import SAMPLE_RATE, WINDOW, Span, find_speech, pack


def span(start: float, end: float) -> Span:
    return Span(int(start * SAMPLE_RATE), int(end * SAMPLE_RATE))


@pytest.mark.parametrize("length", [0, 1, 100, 511, 512, 800])
def test_next_to_no_sound_holds_no_speech(length: int) -> None:
    assert find_speech(np.full(length, 0.1, np.float32)) == []


def test_spans_with_short_silences_share_a_window() -> None:
    assert pack([span(1, 5), span(7, 9)]) == [span(1, 9)]


def test_a_long_silence_starts_a_new_window() -> None:
    assert pack([span(1, 5), span(10, 12)]) == [span(1, 5), span(10, 12)]


def test_no_window_is_longer_than_whisper_hears_at_once() -> None:
    windows = pack([span(start, start + 4.5) for start in range(0, 100, 5)])

    assert all(window.seconds <= WINDOW for window in windows)
    assert (windows[0].start, windows[-1].end) == (0, 99.5 * SAMPLE_RATE)


def test_speech_across_the_border_of_two_pieces_stays_one_span(monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([[span(8, 10)], [span(0, 2), span(5, 6)]])
    monkeypatch.setattr(voice, "PIECE", 10 * SAMPLE_RATE)
    monkeypatch.setattr(voice, "_speech_of", lambda piece: next(found))

    assert find_speech(np.zeros(20 * SAMPLE_RATE, np.float32)) == [span(8, 12), span(15, 16)]
