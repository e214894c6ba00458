"""The way through a recording, with a model that says what it is told to: order, doubts, progress, language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from transcode.speech import hearing
from transcode.speech.base import SAMPLE_RATE, Samples
from transcode.speech.hearing import hear_with
from transcode.speech.invented import Utterance
from transcode.speech.voice import Span
from transcode.speech.words import Word

SOUND = np.zeros(100 * SAMPLE_RATE, np.float32)


class FakeModel:
    """Says "one. two." in every piece; the first sample of a piece may ask for something else."""

    batch = 4

    def __init__(self, *, confidence: float = -0.1, careful: str = "careful.") -> None:
        self.confidence, self.careful = confidence, careful
        self.batches: list[int] = []
        self.language = ""

    def tell_language(self, piece: Samples) -> dict[str, float]:
        return {"de": 0.9, "en": 0.1} if piece[0] else {"en": 0.8, "de": 0.2}

    def hear_batch(self, pieces: Sequence[Samples], language: str, prompt: str) -> list[Utterance]:
        self.batches.append(len(pieces))
        self.language = language
        words = (Word(0.5, 1.0, "one.", glued=True), Word(1.0, 99.0, "two."))
        return [Utterance(words, 0.0, self.confidence, 0.9) for _ in pieces]

    def hear_carefully(self, piece: Samples, language: str, prompt: str) -> Utterance:
        return Utterance((Word(0, 1, self.careful),), 0.9, -0.7, 0.9)


@pytest.fixture
def ten_windows(monkeypatch: pytest.MonkeyPatch) -> list[Span]:
    windows = [Span(index * 10 * SAMPLE_RATE, (index * 10 + 8) * SAMPLE_RATE) for index in range(10)]
    monkeypatch.setattr(hearing, "find_windows", lambda samples: windows)
    return windows


def test_the_first_batch_is_small_and_progress_rises_to_one(ten_windows: list[Span]) -> None:
    model, seen = FakeModel(), list[float]()
    hear_with(model, SOUND, on_progress=seen.append)

    assert model.batches == [1, 2, 4, 3]
    assert seen == [0.08, 0.28, 0.68, 1.0]


def test_words_get_the_time_of_their_window_and_stay_in_it(ten_windows: list[Span]) -> None:
    words = hear_with(FakeModel(), SOUND).words

    assert words[2:4] == (Word(10.5, 11.0, "one."), Word(11.0, 18.0, "two."))
    assert len(words) == 20


def test_windows_of_a_language_without_spaces_are_glued(ten_windows: list[Span]) -> None:
    assert hear_with(FakeModel(), SOUND, language="ja").words[2].glued


def test_a_greeting_in_another_language_does_not_decide(ten_windows: list[Span]) -> None:
    sound = SOUND.copy()
    sound[0] = 0.5
    model = FakeModel()
    heard = hear_with(model, sound)

    assert (heard.language, model.language) == ("en", "en")
    assert heard.language_probability == pytest.approx((3 * 0.8 + 0.1) / 4)


def test_a_given_language_is_not_asked_for(ten_windows: list[Span]) -> None:
    heard = hear_with(FakeModel(), SOUND, language="fr")

    assert (heard.language, heard.language_probability) == ("fr", 1.0)


def test_a_doubtful_window_is_heard_again(ten_windows: list[Span]) -> None:
    assert hear_with(FakeModel(confidence=-1.5), SOUND).text == " ".join(["careful."] * 10)


def test_when_everything_was_invented_nobody_spoke(ten_windows: list[Span]) -> None:
    heard = hear_with(FakeModel(confidence=-1.5, careful="Thank you."), SOUND)

    assert (heard.words, heard.cues, heard.language) == ((), [], "")


def test_silence_never_reaches_the_model() -> None:
    model, seen = FakeModel(), list[float]()
    heard = hear_with(model, SOUND, on_progress=seen.append)

    assert (heard.words, heard.duration, model.batches, seen) == ((), 100.0, [], [1.0])


def test_broken_samples_are_mended_and_wrong_ones_refused() -> None:
    broken = np.array([0.1, np.nan, np.inf, -np.inf], np.float32)

    assert hearing.check_samples(broken).tolist() == pytest.approx([0.1, 0, 0, 0])
    with pytest.raises(ValueError, match="mono float32"):
        hearing.check_samples(np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match="int16"):
        hearing.check_samples(np.zeros(5, np.int16))  # type: ignore[arg-type]
