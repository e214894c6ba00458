"""A document taken apart: sentences, and words as numbers, that are counted as words are."""

import random

import numpy as np
import pytest

from videolib.search.lines import FIELDS, kept_lines
from videolib.search.sentences import (
    MOST_STEMS,
    NEAR,
    SENTENCE,
    WORDS_OF_A_SENTENCE,
    Pool,
    digest_of,
    sentences_of,
    take_apart,
    texts_with_meaning,
)
from videolib.search.stems import forms_of, stem_of, stems_of
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


def test_of_more_different_words_than_there_are_numbers_the_first_are_counted_and_no_other_is_taken_for_one():
    many = [f"w{number}x" for number in range(MOST_STEMS + 50)]
    pool = pool_of(lines_of(title="layer"), lines_of(speech=[" ".join(many), "layer mask"]), lines_of(title="mask"))
    for known in (0, 7, MOST_STEMS - 2, MOST_STEMS - 1):
        assert times(pool, many[known]) == [0, 1, 0, 0], known
    for beyond in (MOST_STEMS, MOST_STEMS + 1, MOST_STEMS + 49):
        assert times(pool, many[beyond]) == [0, 0, 0, 0], beyond
    assert times(pool, "layer") == [1, 0, 0, 0]
    assert times(pool, "mask") == [0, 0, 0, 1]
    assert np.diff(pool.begins).tolist() == [1, len(many), 2, 1]


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


# --- Packed ---------------------------------------------------------------------------------------------------------

SAID = ["layer", "Layers", "mask", "use", "effect", "useEffect", "ERR_CONN", "東京都", "京都", "v2", "Café", "🎉", "."]


def some_document(rng):
    some = lambda: [" ".join(rng.choices(SAID, k=rng.randint(1, 9))) for _ in range(rng.randint(0, 7))]  # noqa: E731 (a name for it)
    return lines_of(title=rng.choice(SAID), tags=some(), description=some(), screen=some(), speech=some())


@pytest.mark.parametrize("seed", range(20))
def test_packing_and_unpacking_loses_nothing(seed):
    rng = random.Random(seed)
    documents = [some_document(rng) for _ in range(rng.randint(1, 6))]
    pool = pool_of(*documents)
    known = pool.stems.decode().split()
    said = [known[number] for number in pool.numbers]
    unpacked = [
        (pool.document_of[at], FIELDS[pool.fields[at]], pool.lines[at], said[pool.begins[at] : pool.begins[at + 1]])
        for at in range(len(pool.fields))
    ]
    assert unpacked == [
        (number, field, len(sentence), [stem for line in sentence for stem in stems_of(line.text)])
        for number, lines in enumerate(documents)
        for field in FIELDS
        for sentence in sentences_of(field, lines[field])
    ]
    assert np.diff(pool.offsets).tolist() == np.bincount(pool.document_of, minlength=len(documents)).tolist()


def test_a_word_is_kept_once_however_often_it_is_said():
    taken = take_apart(lines_of(speech=["layers layer LAYER"]))
    assert taken.stems == " layer"
    assert np.frombuffer(taken.numbers, "<u2").tolist() == [0, 0, 0]
    assert np.frombuffer(taken.sentences, SENTENCE).tolist() == [(FIELDS.index("speech"), 1, 3)]


def test_stems_may_be_handed_in_by_who_has_them():
    lines = lines_of(title="Layers", speech=["masks and layers"])
    known = {line.text: stems_of(line.text) for some in lines.values() for line in some}
    assert take_apart(lines, known.__getitem__) == take_apart(lines)


def test_a_sentence_without_a_word_is_kept_with_its_lines():
    pool = pool_of(lines_of(title="🎉", speech=["...", "a mask"]), lines_of(title="🎉"))
    assert times(pool, "mask") == [0, 0, 1, 0]
    assert pool.lines.tolist() == [1, 1, 1, 1]


# --- Counted --------------------------------------------------------------------------------------------------------


def test_a_phrase_is_not_looked_for_behind_the_end():
    assert times(pool_of(lines_of(speech=["now free"])), "free transform") == [0]
    assert times(pool_of(lines_of(title="free")), "free transform tool please") == [0]


def test_text_without_spaces_is_counted_by_pairs_of_neighbours():
    pool = pool_of(lines_of(speech=["我们在东京都开会。", "京都"]), lines_of(speech=["东北"]))
    assert times(pool, "东 京") == [1, 0, 0]
    assert times(pool, "京 都") == [1, 1, 0]
    assert times(pool, "东") == [1, 0, 1]


def test_the_beginning_of_a_word_counts_all_that_begin_so():
    pool = pool_of(lines_of(title="Kubernetes, kubectl", speech=["a cube"]), lines_of(title="kube kubelet"))
    assert times(pool, "kube", beginning=True) == [2, 0, 2]
    assert times(pool, "kube") == [0, 0, 1]
    assert times(pool, "ubectl", beginning=True) == [0, 0, 0]


def test_a_stem_is_no_part_of_a_longer_one():
    assert times(pool_of(lines_of(title="masking unmask mas maskx")), "mask") == [1]


def test_every_form_of_a_word_counts_and_none_twice():
    pool = pool_of(lines_of(speech=["use effect useEffect", "an effect in use"]))
    assert times(pool, "useeffect", spelled=("use effect",)) == [2]
    assert times(pool_of(lines_of(title="deploy deployment deploys")), "deploy") == [3]


@pytest.mark.parametrize("seed", range(20))
def test_pairs_are_counted_as_by_looking_at_each(seed):
    rng = random.Random(seed)
    documents = [some_document(rng) for _ in range(rng.randint(1, 6))]
    pool = pool_of(*documents)
    for first, second in (("layer", "mask"), ("mask", "layer"), ("use", "effect"), ("v2", "v2")):
        expected = []
        for lines in documents:
            for sentence in (each for field in FIELDS for each in sentences_of(field, lines[field])):
                stems = [stem for line in sentence for stem in stems_of(line.text)]
                here = [at for at, stem in enumerate(stems) if stem == stem_of(first)]
                expected.append(sum(stem_of(second) in stems[at + 1 : at + 1 + NEAR] for at in here))
        assert pool.pair(Word(first), Word(second)).tolist() == expected, (first, second)


def test_a_document_among_others_is_counted_as_alone():
    documents = [some_document(random.Random(seed)) for seed in range(9)]
    for word in ("layer", "layer mask", "useeffect", "京 都", "nowhere"):
        alone = [count for lines in documents for count in times(pool_of(lines), word)]
        assert times(pool_of(*documents), word) == alone, word
