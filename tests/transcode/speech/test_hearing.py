"""The way through a recording, with a model that says what it is told to: order, doubts, progress, language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from transcode.speech import hearing
from transcode.speech.base import SAMPLE_RATE, Samples
from transcode.speech.hearing import hear_with
from transcode.speech.invented import Utterance
from transcode.speech.voice import Span, Window
from transcode.speech.words import Word

SOUND = np.zeros(100 * SAMPLE_RATE, np.float32)


class FakeModel:
    """Says "one. two." in every piece; the first sample of a piece may ask for something else."""

    batch = 4

    def __init__(self, *, confidence: float = -0.1, careful: str = "careful.") -> None:
        self.confidence, self.careful = confidence, careful
        self.batches: list[int] = []
        self.languages: list[str] = []

    def tell_languages(self, pieces: Sequence[Samples]) -> list[dict[str, float]]:
        return [{"de": 0.9, "en": 0.1} if piece[0] else {"en": 0.85, "de": 0.15} for piece in pieces]

    def hear_batch(self, pieces: Sequence[Samples], language: str, prompt: str) -> list[Utterance]:
        self.batches.append(len(pieces))
        self.languages.append(language)
        words = (Word(0.5, 1.0, "one.", glued=True), Word(1.0, 99.0, "two."))
        return [Utterance(words, 0.0, self.confidence, 0.9) for _ in pieces]

    def hear_carefully(self, piece: Samples, language: str, prompt: str) -> Utterance:
        return Utterance((Word(0, 1, self.careful),), 0.9, -0.7, 0.9)


@pytest.fixture
def ten_windows(monkeypatch: pytest.MonkeyPatch) -> list[Window]:
    """100 s in one stretch: somebody speaks for the first eight seconds of every ten."""
    windows = [Window((Span(index * 10 * SAMPLE_RATE, (index * 10 + 8) * SAMPLE_RATE),)) for index in range(10)]
    monkeypatch.setattr(hearing, "find_speech", lambda samples: [window.spans[0] for window in windows])
    monkeypatch.setattr(hearing, "pack", lambda spans: [Window((span,)) for span in spans])
    monkeypatch.setattr(hearing, "ONE_STRETCH", 100)
    return windows


@pytest.fixture
def always_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody speaks for the first eight of every ten seconds from wherever one begins to listen."""

    def find(samples: Samples) -> list[Span]:
        starts = range(0, len(samples), 10 * SAMPLE_RATE)
        return [Span(start, min(start + 8 * SAMPLE_RATE, len(samples))) for start in starts]

    monkeypatch.setattr(hearing, "find_speech", find)
    monkeypatch.setattr(hearing, "pack", lambda spans: [Window((span,)) for span in spans])


class LongSound:
    """A long recording that writes down what was asked of it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[str] = []

    def head(self, count: int) -> Samples:
        self.asked.append("head")
        return np.zeros(min(count, self.length_()), np.float32)

    def length_(self) -> int:
        return int(self.seconds * SAMPLE_RATE)

    def length(self) -> int:
        self.asked.append("length")
        return self.length_()

    def read(self, start: int, stop: int) -> Samples:
        self.asked.append("read")
        return np.zeros(max(0, min(stop, self.length_()) - start), np.float32)


def test_stretches_grow_and_each_gives_its_cues_and_the_progress(always_speech: None) -> None:
    sound, progress, batches = LongSound(700), list[float](), list[int]()
    heard = hear_with(
        FakeModel(), sound, on_progress=progress.append, on_cues=lambda cues, _: batches.append(len(cues))
    )

    assert len(progress) == len(batches) == 8
    assert progress == sorted(progress)
    assert progress[0] < 0.04
    assert progress[-1] == 1.0
    assert batches[0] < batches[1] < batches[2] < batches[3]
    assert sum(batches) == len(heard.cues)
    assert [cue.start for cue in heard.cues] == sorted(cue.start for cue in heard.cues)


def test_the_first_words_of_a_long_recording_wait_for_its_head_only(always_speech: None) -> None:
    sound, asked = LongSound(7200), list[list[str]]()
    hear_with(FakeModel(), sound, on_cues=lambda cues, language: asked.append(list(sound.asked)))

    assert asked[0] == ["head"]


def test_no_stretch_is_too_long_for_memory(always_speech: None) -> None:
    sound = LongSound(3000)
    longest = 0

    def read(start: int, stop: int) -> Samples:
        nonlocal longest
        longest = max(longest, stop - start)
        return LongSound.read(sound, start, stop)

    sound.read = read  # type: ignore[method-assign]
    hear_with(FakeModel(), sound)
    assert longest == hearing.STRETCHES[-1] * SAMPLE_RATE


def test_windows_come_in_batches_of_what_the_model_takes(ten_windows: list[Window]) -> None:
    model = FakeModel()
    hear_with(model, SOUND)

    assert model.batches == [4, 4, 2]


def test_words_get_the_time_of_their_window_and_stay_in_it(ten_windows: list[Window]) -> None:
    words = hear_with(FakeModel(), SOUND).words

    assert words[2:4] == (Word(10.5, 11.0, "one."), Word(11.0, 18.0, "two."))
    assert len(words) == 20


def test_windows_of_a_language_without_spaces_are_glued(ten_windows: list[Window]) -> None:
    assert hear_with(FakeModel(), SOUND, language="ja").words[2].glued


def test_a_second_language_is_heard_as_itself(ten_windows: list[Window]) -> None:
    sound = SOUND.copy()
    for window in ten_windows[6:]:
        sound[window.start] = 0.5
    model = FakeModel()
    heard = hear_with(model, sound)

    assert heard.language == "en"
    assert model.languages == ["en", "en", "de", "de"]
    assert model.batches == [4, 2, 2, 2]
    assert 0.5 < heard.language_probability < 0.7


def test_a_given_language_is_not_asked_for(ten_windows: list[Window]) -> None:
    heard = hear_with(FakeModel(), SOUND, language="fr")

    assert (heard.language, heard.language_probability) == ("fr", 1.0)


def test_a_doubtful_window_is_heard_again(ten_windows: list[Window]) -> None:
    assert hear_with(FakeModel(confidence=-1.5), SOUND).text == " ".join(["careful."] * 10)


def test_when_everything_was_invented_nobody_spoke(ten_windows: list[Window]) -> None:
    heard = hear_with(FakeModel(confidence=-1.5, careful="Thank you."), SOUND)

    assert (heard.words, heard.cues, heard.language) == ((), [], "")


def test_silence_never_reaches_the_model() -> None:
    model, seen = FakeModel(), list[float]()
    heard = hear_with(model, SOUND, on_progress=seen.append)

    assert (heard.words, heard.duration, model.batches) == ((), 100.0, [])
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_broken_samples_are_mended_and_wrong_ones_refused() -> None:
    broken = np.array([0.1, np.nan, np.inf, -np.inf], np.float32)

    assert hearing.check_samples(broken).tolist() == pytest.approx([0.1, 0, 0, 0])
    with pytest.raises(ValueError, match="mono float32"):
        hearing.check_samples(np.zeros((2, 5), np.float32))
    with pytest.raises(ValueError, match="int16"):
        hearing.check_samples(np.zeros(5, np.int16))  # type: ignore[arg-type]
