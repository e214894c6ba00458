"""Words that Whisper makes up, and words that only look like it."""

from __future__ import annotations

import pytest

from transcode.speech.invented import Utterance, is_doubtful, is_invented, is_known_invention, is_repetitive
from transcode.speech.words import Word


def heard(text: str, *, no_speech: float = 0.01, confidence: float = -0.2, words: float = 0.9) -> Utterance:
    return Utterance(tuple(Word(0, 1, part) for part in text.split()), no_speech, confidence, words)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you.",
        "Thanks for watching!",
        "Thank you so much for watching, and I'll see you next time.",
        "Please subscribe to my channel.",
        "Subtitles by the Amara.org community",
        "Untertitel im Auftrag des ZDF, 2020",
        "Sous-titres réalisés par la communauté d'Amara.org",
        "ご視聴ありがとうございました。",
        "字幕by索兰娅",
        "you",
        "Субтитры сделал DimaTorzok",
    ],
)
def test_what_stands_in_subtitles_is_believed_only_when_whisper_is_sure(text: str) -> None:
    assert is_invented(heard(text, no_speech=0.5))
    assert is_invented(heard(text, confidence=-0.8))
    assert not is_invented(heard(text))


@pytest.mark.parametrize(
    "text",
    [
        "Thank you Anna for the introduction, we begin with the menu.",
        "Like I said, open the settings page.",
        "Untertitel kann man hier einschalten.",
        "Legendas em português aparecem aqui.",
        "You can see the terminal.",
    ],
)
def test_people_who_talk_of_such_things_are_believed(text: str) -> None:
    assert not is_known_invention(text)
    assert not is_invented(heard(text, no_speech=0.5, confidence=-0.8))


def test_words_over_what_is_no_speech_are_dropped() -> None:
    assert is_invented(heard("The Lady of the house", no_speech=0.7, confidence=-1.2))
    assert is_invented(heard("That's right.", no_speech=0.5, confidence=-1.2))
    assert not is_invented(heard("That's right.", no_speech=0.1, confidence=-1.2))
    assert not is_invented(heard("The Lady of the house", no_speech=0.7))


def test_words_that_left_no_trace_in_the_sound_are_dropped() -> None:
    assert is_invented(heard("The Lady of the house", words=0.1))


def test_a_loop_is_doubtful_and_then_dropped() -> None:
    loop = heard("and then we go to " * 20)

    assert is_repetitive(loop.text)
    assert is_doubtful(loop)
    assert is_invented(loop)


def test_nothing_is_neither_doubtful_nor_invented() -> None:
    silence = Utterance((), 1.0, 0.0, 0.0)

    assert not is_doubtful(silence)
    assert not is_invented(silence)
