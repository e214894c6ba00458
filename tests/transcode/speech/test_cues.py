"""Captions: limits that hold for any words at all, and cuts a reader would make."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from transcode.speech import Cue, Word, cut_cues
from transcode.speech.cues import LINE_WIDTH, LONG_PAUSE, MAX_SECONDS, MIN_SECONDS
from transcode.speech.words import width

SPEECH = "And so, my fellow Americans, ask not what your country can do for you. Yes! Open the settings page"
ENGLISH = SPEECH.split()
ODD = [
    "https://example.org/" + "very-long/" * 9,
    "é" * 60,
    "数据",
    "、",
    "です。",
    "-lag",
    "\u200b",
    " ",
    "",
    "word " * 30,
]


def say(text: str, *, start: float = 0.0, pace: float = 0.3) -> list[Word]:
    return [Word(start + index * pace, start + (index + 1) * pace, word) for index, word in enumerate(text.split())]


def random_words(chance: random.Random) -> list[Word]:
    """Words as engines give them on a bad day: zero-length, reversed, out of order, missing times, odd texts."""
    words, clock = [], chance.uniform(0, 5)
    for _ in range(chance.randrange(60)):
        clock += chance.choice([0, 0, 0.05, 0.3, 0.3, 0.4, 2.5])
        start = chance.choice([clock] * 12 + [0.0, clock - 3, clock + 500, math.nan, math.inf, -1.0])
        end = start + chance.choice([0.0, 0.2, 0.3, -0.5, 30.0])
        text = chance.choice(ENGLISH if chance.random() < 0.8 else ODD)
        words.append(Word(start, end, text, glued=chance.random() < 0.2))
    return words


def bare(text: str) -> str:
    return "".join(text.split()).replace("\u200b", "")


@pytest.mark.parametrize("seed", range(150))
def test_whatever_an_engine_gives_becomes_readable_cues_that_lose_no_word(seed: int) -> None:
    chance = random.Random(seed)
    words = random_words(chance)
    until = chance.choice([math.inf, 60.0, 5.0])

    cues = cut_cues(words, until=until)

    assert bare("".join(cue.text for cue in cues)) == bare("".join(word.text for word in words))
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert all(0 < width(line) <= LINE_WIDTH and line == line.strip() for line in lines)
        assert 0 <= cue.start < cue.end <= max(until, 0.04 * len(cues)) + 0.001
        assert cue.end - cue.start <= MAX_SECONDS + 0.001
    assert all(before.end <= after.start for before, after in pairwise(cues))


@pytest.mark.parametrize("seed", range(30))
def test_a_cue_stays_long_enough_to_read_where_nothing_follows_at_once(seed: int) -> None:
    cues = cut_cues(random_words(random.Random(seed)))

    for cue, after in pairwise(cues):
        assert cue.end - cue.start >= MIN_SECONDS - 0.001 or cue.end == after.start


def test_no_words_are_no_cues() -> None:
    assert cut_cues([]) == []
    assert cut_cues([Word(0, 1, "  ")]) == []


def test_a_short_sentence_is_one_line() -> None:
    assert cut_cues(say("Open the settings page.")) == [Cue(0.0, 1.353, "Open the settings page.")]


def test_cues_end_where_sentences_end() -> None:
    cues = cut_cues(say("First we open the terminal window. Then we type the name of the branch."))

    assert [cue.text for cue in cues] == [
        "First we open the terminal window.",
        "Then we type the name of the branch.",
    ]


def test_very_short_sentences_share_a_cue() -> None:
    assert [cue.text for cue in cut_cues(say("Okay. Right. Good.", pace=0.25))] == ["Okay. Right. Good."]


def test_an_abbreviation_ends_no_sentence() -> None:
    (cue,) = cut_cues(say("Ask Dr. J. Brown about it."))

    assert cue.text == "Ask Dr. J. Brown about it."


def test_a_long_pause_always_ends_a_cue() -> None:
    words = say("click on save") + say("and wait", start=0.9 + LONG_PAUSE)

    assert [cue.text for cue in cut_cues(words)] == ["click on save", "and wait"]


def test_two_lines_are_balanced_and_prefer_a_comma() -> None:
    (cue,) = cut_cues(say("ask not what your country can do for you, ask what you can do for your country."))

    assert cue.text == "ask not what your country can do for you,\nask what you can do for your country."


def test_a_sentence_longer_than_two_lines_is_cut_at_a_comma() -> None:
    text = (
        "Printing, in the only sense with which we are at present concerned, "
        "differs from most if not from all the arts and crafts represented in the Exhibition"
    )
    first, second = cut_cues(say(text))

    assert first.text.endswith("concerned,")
    assert second.text.startswith("differs")


def test_an_address_longer_than_a_line_is_taken_apart() -> None:
    address = "https://example.org/a/path/" + "x" * 70
    cues = cut_cues([Word(0, 3, address)])

    assert bare("".join(cue.text for cue in cues)) == address


def test_chinese_gets_lines_of_twenty_one_and_no_spaces() -> None:
    text = "数据、模型、测试和终结点等内容组织到自定义语音门户中的项目中。每个项目都是特定于域和国家的。"
    words = [Word(index * 0.2, index * 0.2 + 0.2, letter, glued=True) for index, letter in enumerate(text)]
    cues = cut_cues(words)

    assert cues[0].text.replace("\n", "") == "数据、模型、测试和终结点等内容组织到自定义语音门户中的项目中。"
    assert all(len(line) <= 21 for cue in cues for line in cue.text.split("\n"))
    assert not any(line[0] in "、。" for cue in cues for line in cue.text.split("\n"))


def test_a_hyphenated_word_is_never_broken() -> None:
    words = [Word(0, 0.5, "a" * 38), Word(0.5, 0.8, "jet"), Word(0.8, 1.1, "-lag", glued=True)]

    assert cut_cues(words)[0].text == f"{'a' * 38}\njet-lag"


def test_cues_do_not_outlast_the_recording() -> None:
    (cue,) = cut_cues([Word(4.8, 4.9, "Done.")], until=5.0)

    assert (cue.start, cue.end) == (4.8, 5.0)


def test_words_that_all_carry_one_time_still_follow_each_other() -> None:
    cues = cut_cues([Word(2.0, 2.0, word) for word in ("sentence number one is here. " * 9).split()])

    assert len(cues) > 1
    assert all(before.end <= after.start for before, after in pairwise(cues))


def test_one_stray_time_does_not_move_the_others() -> None:
    words = say("one two three four five six seven eight")
    words[3] = Word(900.0, 901.0, "four")

    assert cut_cues(words)[-1].end < 4
