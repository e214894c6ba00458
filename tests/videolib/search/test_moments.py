"""The seconds worth jumping to, chosen from the sentences that answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from videolib.search.moments import MOST_MOMENTS, SECONDS_APART, SNIPPET_CHARACTERS, Sentence, best_moments
from videolib.search.stems import Marker
from videolib.search.types import Field, Moment, Snippet
from videolib.search.words import words_of

WEIGHTS = {"layer": 1.0, "mask": 1.5, "feather": 4.0}
Weights = Mapping[str, float]


def moments(
    *sentences: Sequence[str],
    typed: str = "",
    weights: Weights = WEIGHTS,
    field: Field = "speech",
    apart: float = 5.0,
    best_first: Sequence[int] | None = None,
) -> tuple[Moment, ...]:
    """Of spoken lines, one every `apart` seconds, joined to sentences that all answer, the first best."""
    lines, parts = [line for sentence in sentences for line in sentence], list[Sentence]()
    for sentence in sentences:
        first = parts[-1].last if parts else 0
        parts.append(Sentence(field, first, first + len(sentence)))
    starts = {"screen": [], "speech": [apart * at for at in range(len(lines))]}
    ordered = parts if best_first is None else [parts[at] for at in best_first]
    return best_moments(ordered, {field: lines}, starts, Marker(words_of(typed or " ".join(weights))), weights)


def times(*sentences: Sequence[str], **how: object) -> list[float]:
    return [moment.at_seconds for moment in moments(*sentences, **how)]  # type: ignore[arg-type]


def snippet(*lines: str, at: int = 0, typed: str = "", field: Field = "speech") -> Snippet:
    """Of line AT, a sentence of its own, as the others are."""
    return moments(*([line] for line in lines), typed=typed, field=field, best_first=[at])[0].snippet


def test_where_nothing_answers_there_is_no_moment() -> None:
    assert moments() == ()


def test_a_sentence_that_answers_without_a_word_is_jumped_to_at_its_beginning() -> None:
    (moment,) = moments(["so here", "we hide", "a part"])
    assert (moment.at_seconds, moment.snippet.text) == (0.0, "so here we hide a part")
    assert not any(matched for _, matched in moment.snippet.parts)


def test_the_line_with_the_rarest_word_wins() -> None:
    assert times(["a layer", "a mask", "feathered", "layer"], apart=20) == [40.0]


def test_of_two_words_in_one_line_both_count() -> None:
    assert times(["a mask", "so", "a layer and a mask", "layer"], apart=20) == [40.0]


def test_the_same_word_twice_counts_once() -> None:
    assert times(["layer layers layer", "so", "so", "so", "mask"], apart=20) == [80.0]


def test_of_equal_lines_the_first_wins() -> None:
    assert times(["so", "a mask", "the masks"]) == [5.0]


def test_the_better_sentence_comes_first_whenever_it_is_said() -> None:
    said = [["mask"], ["so"], ["so"], ["mask"]]
    assert times(*said, best_first=[3, 0]) == [15.0, 0.0]
    assert times(*said, best_first=[0, 3]) == [0.0, 15.0]


def test_moments_are_apart_and_few_though_many_sentences_answer() -> None:
    chosen = times(*[["a mask"]] * 20)
    assert len(chosen) == MOST_MOMENTS
    assert all(abs(a - b) >= SECONDS_APART for i, a in enumerate(chosen) for b in chosen[:i])


@pytest.mark.parametrize("field", ["title", "tags", "description"])
def test_what_is_written_has_no_second_of_its_own(field: Field) -> None:
    (only,) = moments(["so"], ["layer"], ["mask"], field=field, best_first=[2, 1])
    assert (only.at_seconds, only.field) == (0.0, field)


def test_accents_and_unspaced_text_are_known_again() -> None:
    said = ["ein Übertrag", "so", "so", "so", "wir 東\u200b京\u200b都"]
    rare = {"übertrag": 5.0, "東 京": 1.0, "京 都": 1.0}
    assert times(said, typed="übertrag 東京都", weights=rare, apart=20) == [0.0]
    assert times(said, typed="übertrag 東京都", weights={**rare, "übertrag": 1.0}, apart=20) == [80.0]


def test_a_snippet_is_the_line_with_its_neighbours() -> None:
    assert snippet("before", "a mask here", "after", at=1).parts == [
        ("before a ", False),
        ("mask", True),
        (" here after", False),
    ]
    assert snippet("one", "mask", at=1, field="tags").text == "one, mask"


def test_neighbours_that_do_not_fit_are_left_out() -> None:
    long = "x" * SNIPPET_CHARACTERS
    assert snippet(long, "a mask here", long, at=1).text == "a mask here"
    assert snippet(long, "a mask here", "after", at=1).text == "a mask here after"


def test_where_both_neighbours_do_not_fit_the_sentence_is_shown() -> None:
    long = "y" * (SNIPPET_CHARACTERS - 10)
    (moment,) = moments([long], ["a mask", "is used"], ["so"], best_first=[1])
    assert moment.snippet.text == "a mask is used"


def test_a_phrase_over_the_end_of_a_line_is_jumped_to_where_it_begins_and_marked_whole() -> None:
    said = ["so", "the free", "transform tool"]
    (moment,) = moments(said, typed='"free transform"', weights={"free transform": 1.0})
    assert moment.at_seconds == 5.0
    assert moment.snippet.text == "so the free transform tool"
    assert [text for text, matched in moment.snippet.parts if matched] == ["free transform"]


def test_a_long_line_is_cut_around_its_first_match() -> None:
    text = snippet("start " + "lorem " * 300 + "mask " + "ipsum " * 300 + "end").text
    assert text.startswith("… lorem")
    assert text.endswith("ipsum …")
    assert "mask" in text
    assert len(text) <= SNIPPET_CHARACTERS + 10


def test_a_long_line_without_spaces_is_cut_too() -> None:
    line = "\u200b".join("東" * 500 + "京" + "東" * 500)
    found = snippet(line, typed="京")
    assert len(found.text) <= SNIPPET_CHARACTERS + 10
    assert [text for text, matched in found.parts if matched] == ["京"]
