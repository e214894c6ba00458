"""Typed text becomes words to look for."""

import pytest

from videolib.search.words import MOST_WORDS, Word, other_forms, unwanted_of, words_of


def texts(text, **asked):
    return [word.text for word in words_of(text, **asked)]


def test_stop_words_are_left_out():
    assert texts("How do I merge two branches?") == ["merge", "two", "branches"]
    assert texts("What's the difference, and don't we'll isn't") == ["difference"]


def test_stop_words_stay_where_there_is_nothing_else():
    assert texts("to be or not to be") == ["to", "be", "or", "not"]


def test_each_word_is_looked_for_once():
    assert texts("Git git GIT push") == ["git", "push"]


def test_phrases_come_first_and_are_required():
    assert words_of('tool "Free Transform" “mask”') == [
        Word("free transform", required=True),
        Word("mask", required=True),
        Word("tool"),
    ]


def test_a_word_that_is_also_a_phrase_stays_required():
    assert words_of('git "git"') == [Word("git", required=True)]


@pytest.mark.parametrize("text", ['"free transform', 'free transform"', '""" free transform'])
def test_a_quote_left_open_is_no_phrase(text):
    assert texts(text) == ["free", "transform"]


def test_names_are_looked_for_whole_and_in_pieces():
    assert texts("ERR_CONN_RESET") == ["err conn reset", "err", "conn", "reset"]
    assert texts("src/main.py:12") == ["src main py 12", "src", "main", "py", "12"]


def test_text_without_spaces_becomes_pairs_of_neighbours():
    assert texts("東京都") == ["東 京", "京 都"]
    assert texts("漢") == ["漢"]
    assert texts("用Docker部署") == ["docker", "用", "部 署"]
    assert texts('"東京都"') == ["東 京 都"]


def test_as_typed_only_the_word_at_the_very_end_may_go_on():
    assert words_of("git pu", as_typed=True) == [Word("git"), Word("pu", beginning=True)]
    for over in ("git pu ", "git pu?", 'git "pu"'):
        assert not any(word.beginning for word in words_of(over, as_typed=True))
    assert not any(word.beginning for word in words_of("git pu"))


def test_as_typed_one_letter_is_a_word_and_a_stop_word_may_go_on():
    assert words_of("git c", as_typed=True) == [Word("git"), Word("c")]
    assert words_of("git do", as_typed=True) == [Word("git"), Word("do", beginning=True)]


def test_a_long_text_is_cut_to_its_first_words():
    assert texts(" ".join(f"word{number}" for number in range(500))) == [f"word{n}" for n in range(MOST_WORDS)]


@pytest.mark.parametrize("text", ["", " ", "?!", "🚀", "\x00", "\ud800", '""', "_", "'", "...---..."])
def test_where_nothing_can_be_looked_for_there_are_no_words(text):
    assert words_of(text) == words_of(text, as_typed=True) == []


def test_words_are_letters_and_digits_only():
    for word in words_of('a"b* NEAR(x) c:d -e ^f {g} %s h\x00i \ud800j \'k\' "l" m\\n'):
        assert word.text.replace(" ", "").isalnum()


def test_stems_that_differ_are_bridged():
    assert Word("deployment") in other_forms(Word("deploy"))
    assert other_forms(Word("deployments")) == [Word("deploy")]
    assert other_forms(Word("moment")) == other_forms(Word("layer")) == other_forms(Word("free transform")) == []
    assert Word("configuring") in other_forms(Word("configuri", beginning=True))
    assert Word("keyb", beginning=True) in other_forms(Word("key", beginning=True))


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("git -push", ["git"], ["push"]),
        ('git -"pull Request" -MERGE -merge', ["git"], ["pull request", "merge"]),
        ("git -ERR_CONN_RESET", ["git"], ["err conn reset"]),
        ("ls -la --force -5 -x", ["ls", "la", "force", "5", "x"], []),
        ("well-known x - push", ["well known", "well", "known", "x", "push"], []),
        ("-push", ["push"], []),
        ("the -push", ["the"], ["push"]),
    ],
)
def test_a_minus_says_what_no_answer_has(text, wanted, unwanted):
    assert texts(text) == wanted
    assert [word.text for word in unwanted_of(text)] == unwanted
