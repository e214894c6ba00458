"""The seconds worth jumping to, chosen apart from the passage they stand in."""

from videolib.search.moments import MOST_MOMENTS, SECONDS_APART, SNIPPET_CHARACTERS, MarkedPassage, best_moments

WEIGHTS = {"layer": 1.0, "mask": 1.5, "feather": 4.0}


def passage(*lines, start=0.0, field="speech", score=1.0, apart=5.0):
    text = "\n".join(lines).replace("[", "\x02").replace("]", "\x03")
    return MarkedPassage(field, text, [start + apart * at for at in range(len(lines))], score)


def times(*passages, weights=WEIGHTS):
    return [moment.at_seconds for moment in best_moments(passages, weights)]


def snippet(*lines, field="speech"):
    return best_moments([passage(*lines, field=field)], WEIGHTS)[0].snippet


def test_where_nothing_is_marked_there_is_no_moment():
    assert best_moments([], WEIGHTS) == best_moments([passage("nothing")], WEIGHTS) == ()


def test_the_line_with_the_rarest_word_wins():
    assert times(passage("a [layer]", "a [mask]", "[feathered]", "[layer]", apart=20))[0] == 40.0


def test_a_word_in_the_line_before_counts_too():
    crowd = passage("a [mask]", "a [layer]", "so", "so", "so", "a [layer]", apart=20)
    assert times(crowd, weights={"layer": 1.0, "mask": 1.0}) == [0.0, 20.0]


def test_the_same_word_twice_counts_once():
    assert times(passage("[layer] [layers] [layer]", "so", "so", "so", "[mask]", apart=20))[0] == 80.0


def test_of_equal_lines_the_one_in_the_better_passage_wins_then_the_earlier():
    assert times(passage("[mask]", start=5), passage("[mask]", start=90, score=3)) == [90.0, 5.0]
    assert times(passage("[mask]", start=90), passage("[mask]", start=5)) == [5.0, 90.0]


def test_moments_are_apart_and_few_though_passages_overlap():
    overlapping = [passage(*["a [mask]"] * 6, start=5.0 * at) for at in range(20)]
    chosen = times(*overlapping)
    assert len(chosen) == MOST_MOMENTS
    assert all(abs(a - b) >= SECONDS_APART for i, a in enumerate(chosen) for b in chosen[:i])


def test_what_is_written_gives_one_moment_and_only_where_nothing_spoken_matched():
    written = [passage("[Layers]", field="title"), passage("[layer]", "[mask]", field="description", apart=0)]
    (only,) = best_moments(written, WEIGHTS)
    assert (only.at_seconds, only.field) == (0.0, "description")
    assert [moment.field for moment in best_moments([*written, passage("[layer]")], WEIGHTS)] == ["speech"]


def test_accents_and_unspaced_text_are_known_again():
    spoken = passage("ein [Über]trag", "so", "so", "so", "wir [東\u200b京\u200b都]", apart=20)
    assert times(spoken, weights={"über": 5.0, "東 京": 1.0, "京 都": 1.0})[0] == 0.0
    assert times(spoken, weights={"über": 1.0, "東 京": 1.0, "京 都": 1.0})[0] == 80.0


def test_a_snippet_is_the_line_with_its_neighbours():
    assert snippet("before", "a [mask] here", "after").parts == [
        ("before a ", False),
        ("mask", True),
        (" here after", False),
    ]
    assert snippet("one", "[mask]", field="tags").text == "one, mask"


def test_neighbours_that_do_not_fit_are_left_out():
    long = "x" * SNIPPET_CHARACTERS
    assert snippet(long, "a [mask] here", long).text == "a mask here"
    assert snippet(long, "a [mask] here", "after").text == "a mask here after"


def test_a_mark_over_the_end_of_a_line_is_closed_and_opened_again():
    parts = snippet("the [free", "transform] tool").parts
    assert "".join(text for text, _ in parts) == "the free transform tool"
    assert [text for text, matched in parts if matched] == ["free", "transform"]


def test_a_long_line_is_cut_around_its_first_match():
    text = snippet("start " + "lorem " * 300 + "[mask] " + "ipsum " * 300 + "end").text
    assert text.startswith("… lorem")
    assert text.endswith("ipsum …")
    assert "mask" in text
    assert len(text) <= SNIPPET_CHARACTERS + 10


def test_a_long_line_without_spaces_is_cut_too():
    assert len(snippet("東" * 500 + "[京]" + "東" * 500).text) <= SNIPPET_CHARACTERS + 10
