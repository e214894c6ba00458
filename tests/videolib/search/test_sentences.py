"""A document taken apart: sentences, and words as numbers, that are counted as words are."""

import random

import numpy as np
import pytest

from videolib.search.lines import FIELDS, kept_lines
from videolib.search.sentences import (
    MOST_STEMS,
    WORDS_OF_A_SENTENCE,
    Pool,
    digest_of,
    sentences_of,
    take_apart,
    texts_with_meaning,
)
from videolib.search.stems import forms_of, stems_of
from videolib.search.types import Line, SearchDocument
from videolib.search.words import Word


def lines_of(*, title="", tags=(), description=(), screen=(), speech=()):
    texts = {"title": [title], "tags": tags, "description": description, "screen": screen, "speech": speech}
    return kept_lines(
        SearchDocument(
            1, {field: [Line(text, 5.0 * at) for at, text in enumerate(some)] for field, some in texts.items()}
        )
    )


def pool_of(*documents):
    return Pool.of([(number, *take_apart(lines)) for number, lines in enumerate(documents)])


def times(pool, text, **word):
    return pool.times(Word(text, **word)).tolist()


def test_lines_are_joined_until_a_sentence_ends_or_is_long():
    spoken = ["we open the", "menu.", "And then", "we", *["some more words"] * 4, "the end"]
    sentences = [
        " ".join(line.text for line in some) for some in sentences_of("speech", lines_of(speech=spoken)["speech"])
    ]
    assert sentences[0] == "we open the menu."
    assert len(sentences[1].split()) >= WORDS_OF_A_SENTENCE
    assert " ".join(sentences).split() == " ".join(spoken).split()


def test_where_nothing_is_spoken_a_line_is_a_sentence():
    lines = lines_of(tags=["one", "two"], screen=["git push", "git pull"])
    for field in ("tags", "screen"):
        assert [[line.text for line in some] for some in sentences_of(field, lines[field])] == [
            [line.text] for line in lines[field]
        ]


@pytest.mark.parametrize("seed", range(20))
def test_words_are_counted_as_by_looking_at_each(seed):
    rng = random.Random(seed)
    words = [
        "layer",
        "mask",
        "layers",
        "maskings",
        "free",
        "transform",
        "deploy",
        "deployment",
        "東京",
        "café",
        "err_conn",
    ]
    some = lambda most: [" ".join(rng.choices(words, k=rng.randint(1, 7))) for _ in range(rng.randint(0, most))]  # noqa: E731 (a name for it)
    documents = [
        lines_of(title=rng.choice(words), tags=some(3), description=some(3), screen=some(4), speech=some(12))
        for _ in range(rng.randint(1, 6))
    ]
    pool = pool_of(*documents)
    stretches = [(lines, field) for lines in documents for field in FIELDS]
    for word in [
        Word("layer"),
        Word("mask"),
        Word("deploy"),
        Word("cafe"),
        Word("free transform"),
        Word("lay", beginning=True),
        Word("conn"),
    ]:
        expected = []
        for lines, field in stretches:
            stems = [stem for line in lines[field] for stem in stems_of(line.text)]
            begins = [any(form.stands_at(stems, at) for form in forms_of(word)) for at in range(len(stems))]
            at = 0
            for sentence in sentences_of(field, lines[field]):
                length = sum(len(stems_of(line.text)) for line in sentence)
                expected.append(sum(begins[at : at + length]))
                at += length
        assert times(pool, word.text, beginning=word.beginning) == expected, word


def test_a_phrase_goes_over_the_end_of_a_line_but_of_no_field_and_no_document():
    pool = pool_of(
        lines_of(title="free", tags=["transform"], speech=["it is free.", "Transform it."]), lines_of(title="transform")
    )
    assert times(pool, "free transform") == [0, 0, 1, 0, 0]


def test_pairs_stand_near_each_other_in_one_sentence():
    pool = pool_of(lines_of(speech=["layer of the mask.", "layer and then some other mask.", "a layer.", "Mask it."]))
    assert pool.pair(Word("layer"), Word("mask")).tolist() == [1, 0, 0, 0]


def test_a_document_may_say_more_different_words_than_there_are_numbers():
    many = [f"w{number}" for number in range(MOST_STEMS + 50)]
    pool = pool_of(lines_of(title="before"), lines_of(speech=[" ".join(many)]), lines_of(title="after"))
    assert times(pool, "w7") == [0, 1, 0]
    assert times(pool, many[-1]) == [0, 0, 0]
    assert times(pool, "after") == [0, 0, 1]


def test_the_first_line_of_each_sentence_is_known():
    pool = pool_of(
        lines_of(title="one", speech=["a b.", "c", "d.", "e."]), lines_of(tags=["x", "y"], speech=["f.", "g."])
    )
    assert [FIELDS[field] for field in pool.fields] == ["title", *["speech"] * 3, "tags", "tags", "speech", "speech"]
    assert pool.first_lines.tolist() == [0, 0, 1, 3, 0, 1, 0, 1]


def test_no_documents_are_no_error():
    pool = Pool.of([])
    assert times(pool, "layer") == times(pool, "free transform") == pool.pair(Word("a"), Word("b")).tolist() == []
    assert np.array_equal(pool.offsets, [0])


def test_the_digest_is_of_title_and_speech_alone():
    said = {"title": "One", "speech": ["we push.", "we pull."]}
    same = [lines_of(**said), lines_of(**said, tags=["git"], description=["what it is"], screen=["$ git"])]
    assert len({digest_of(lines) for lines in same}) == 1
    others = [lines_of(title="Two", speech=said["speech"]), lines_of(title="One", speech=["we push.", "we pulled."])]
    assert len({digest_of(lines) for lines in (*same, *others)}) == 3


def test_what_vectors_are_made_of_is_the_title_and_each_spoken_sentence():
    lines = lines_of(title="使用Docker", tags=["x"], speech=["we open", "it.", "Then"])
    assert texts_with_meaning(lines) == ["使用Docker", "we open it.", "Then"]
