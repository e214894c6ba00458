"""Where somebody speaks: Silero on synthetic sound, packing on made-up spans. Real speech is in the contract."""

from __future__ import annotations

import numpy as np
import pytest

from transcode.speech.voice import SAMPLE_RATE, WINDOW, Span, find_speech, pack, whole_spans


def span(start: float, end: float) -> Span:
    return Span(int(start * SAMPLE_RATE), int(end * SAMPLE_RATE))


@pytest.mark.parametrize("length", [0, 1, 100, 511, 512, 800])
def test_next_to_no_sound_holds_no_speech(length: int) -> None:
    assert find_speech(np.full(length, 0.1, np.float32)) == []


def test_spans_with_short_silences_share_a_window() -> None:
    (window,) = pack([span(1, 5), span(7, 9)])

    assert window.spans == (span(1, 5), span(7, 9))
    assert (window.start, window.end, window.seconds) == (SAMPLE_RATE, 9 * SAMPLE_RATE, 8)


def test_a_long_silence_starts_a_new_window() -> None:
    assert [window.spans for window in pack([span(1, 5), span(10, 12)])] == [(span(1, 5),), (span(10, 12),)]


def test_no_window_is_longer_than_whisper_hears_at_once() -> None:
    windows = pack([span(start, start + 4.5) for start in range(0, 100, 5)])

    assert all(window.seconds <= WINDOW for window in windows)
    assert (windows[0].start, windows[-1].end) == (0, 99.5 * SAMPLE_RATE)


def test_speech_that_reaches_the_border_is_heard_with_what_follows() -> None:
    assert whole_spans([span(1, 5), span(7, 9.8)], 10 * SAMPLE_RATE) == ([span(1, 5)], 7 * SAMPLE_RATE)


def test_speech_that_ends_before_the_border_is_heard_now() -> None:
    assert whole_spans([span(1, 5), span(7, 9)], 10 * SAMPLE_RATE) == ([span(1, 5), span(7, 9)], 10 * SAMPLE_RATE)


def test_speech_without_a_silence_is_heard_up_to_the_border() -> None:
    assert whole_spans([span(0, 10)], 10 * SAMPLE_RATE) == ([span(0, 10)], 10 * SAMPLE_RATE)


def test_silence_is_left_behind() -> None:
    assert whole_spans([], 10 * SAMPLE_RATE) == ([], 10 * SAMPLE_RATE)
