"""What makes one document a better answer than another."""

from videolib.search.ranking import FIELD_WEIGHTS, MOST_WORDS_ANYWHERE, may_stand_anywhere, score_of
from videolib.search.words import Word


def test_every_word_beats_anything_else():
    assert score_of(True, 0.1, []) > score_of(False, 90.0, [30.0] * 10)


def test_more_of_the_words_and_better_passages_score_higher():
    assert score_of(False, 2.0, [1.0]) > score_of(False, 1.0, [1.0])
    assert score_of(False, 1.0, [2.0]) > score_of(False, 1.0, [1.0])
    assert score_of(False, 1.0, [1.0, 1.0]) > score_of(False, 1.0, [1.0])


def test_very_many_passages_count_no_more_than_a_few():
    assert score_of(False, 1.0, [1.0] * 4) == score_of(False, 1.0, [1.0] * 400)


def test_a_title_says_more_than_tags_than_a_description_than_speech():
    assert list(FIELD_WEIGHTS) == sorted(FIELD_WEIGHTS, key=lambda field: -FIELD_WEIGHTS[field])


def test_a_question_in_a_sentence_need_not_be_covered_whole():
    words = [Word(f"word{number}") for number in range(MOST_WORDS_ANYWHERE + 1)]
    assert may_stand_anywhere(words[:-1])
    assert not may_stand_anywhere(words)
