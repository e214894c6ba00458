"""What writing says about spoken words."""

from __future__ import annotations

import pytest

from transcode.speech.words import Word, ends_clause, ends_sentence, tidy_words, width


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("abc", 3), ("数据", 4), ("カ゚", 2), ("e\u0301", 1), ("ｱ", 1), ("한", 2)]
)
def test_width_counts_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize("text", ["you.", "you?", "you!”", "です。", "wait…", "(done.)", "1455."])
def test_these_end_a_sentence(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["you", "you,", "Mr.", "e.g.", "J.", "", ")", "3.5"])
def test_these_end_no_sentence(text: str) -> None:
    assert not ends_sentence(text)


def test_commas_and_sentence_ends_end_a_clause() -> None:
    assert [ends_clause(text) for text in ("a,", "a；", "a.", "a", "")] == [True, True, True, False, False]


def test_times_rise_and_stay_within_the_recording() -> None:
    words = tidy_words([Word(0.5, 0.2, "a"), Word(0.4, 9.0, "b"), Word(1.0, 1.5, "c")], until=1.2)

    assert [(word.start, word.end) for word in words] == [(0.4, 0.4), (0.7, 1.0), (1.0, 1.2)]


def test_a_word_stretched_over_silence_is_cut_short() -> None:
    (word,) = tidy_words([Word(1.0, 60.0, "well")])

    assert word.end == 4.0


def test_opening_brackets_and_closing_marks_cling_to_their_word() -> None:
    parts = [Word(0, 0.1, "「"), Word(0.1, 0.2, "は", glued=True), Word(0.2, 0.3, "」", glued=True)]

    assert [word.text for word in tidy_words(parts)] == ["「は」"]


def test_a_phrase_given_as_one_word_is_taken_apart() -> None:
    assert [word.text for word in tidy_words([Word(0, 1, "open the page")])] == ["open", "the", "page"]
