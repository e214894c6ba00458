"""The nearest in meaning, by codes in memory that are kept up with what is written."""

import numpy as np
import pytest
from django.core.exceptions import EmptyResultSet

from videolib.search import nearest
from videolib.search.meaning import SCALE, WIDTH
from videolib.search.models import Meant, Searched
from videolib.search.nearest import LOOK_BACK, STEP, STRETCH, Codes, Nearest, codes_of


def unit(rng, *shape):
    vectors = rng.standard_normal((*shape, WIDTH)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def small(vectors):
    return np.rint(vectors * SCALE).astype(np.int8)


def code(vector):
    return codes_of(small(vector)[np.newaxis])


def rows(codes):
    return len(codes) * 8 // WIDTH


@pytest.mark.parametrize("spoken", [0, 1, STRETCH, STRETCH + 1, STRETCH + STEP, STRETCH + STEP + 1, 200])
def test_every_sentence_is_in_a_stretch(spoken):
    codes = codes_of(small(unit(np.random.default_rng(1), 1 + spoken)))
    stretches = rows(codes) - 1  # and the title's
    assert stretches == (0 if not spoken else 1 + max(0, -(-(spoken - STRETCH) // STEP)))
    assert not spoken or (stretches - 1) * STEP + STRETCH >= spoken


def test_the_nearest_come_first():
    rng = np.random.default_rng(2)
    vectors, codes = unit(rng, 500), Codes()
    codes.put((number, code(vector)) for number, vector in enumerate(vectors))
    for number in (0, 77, 499):
        question = vectors[number] + unit(rng)
        assert codes.nearest(question.astype(np.float32), 10)[0] == number


def test_the_nearest_are_those_of_comparing_each():
    vectors, codes = unit(np.random.default_rng(14), 1000, 3), Codes()
    kept = [b"".join(code(vector) for vector in some) for some in vectors]
    for at in range(0, 1000, 170):
        codes.put(enumerate(kept[at : at + 170], at))
    for question in (*unit(np.random.default_rng(15), 5), *vectors[::300, 1]):
        apart = bits_apart(kept, question)
        found = codes.nearest(question, 50)
        assert len(set(found)) == 50
        assert [apart[number] for number in found] == sorted(apart)[:50]


def bits_apart(kept, question):
    """Of each document, those of the code that is nearest to the question's."""
    asked = np.packbits(question > 0)
    others = (np.frombuffer(each, np.uint8).reshape(-1, WIDTH // 8) ^ asked for each in kept)
    return [int(np.unpackbits(each, axis=1).sum(axis=1).min()) for each in others]


def test_more_codes_than_the_likely_are_compared_whole(monkeypatch):
    monkeypatch.setattr(nearest, "LIKELY", 20)
    rng = np.random.default_rng(3)
    vectors, codes = unit(rng, 3000), Codes()
    codes.put((number, code(vector)) for number, vector in enumerate(vectors))
    found = sum(codes.nearest(vectors[n] + 0.5 * unit(rng), 1) == [n] for n in range(0, 3000, 100))
    assert found == 30


def test_what_is_put_again_replaces_what_was_there():
    one, other, more = unit(np.random.default_rng(4), 3)
    third = one + more
    codes = Codes()
    codes.put([(7, code(one)), (8, code(third))])
    codes.put([(7, code(other))])
    assert codes.nearest(other, 1) == [7]
    assert codes.nearest(one, 9) == [8, 7]
    assert codes.nearest(one, 0) == []


def test_a_document_is_named_once_however_many_stretches_it_has():
    vectors, codes = unit(np.random.default_rng(5), 101), Codes()
    codes.put([(7, codes_of(small(vectors)))])
    assert codes.nearest(vectors[50], 10) == [7]


def test_the_oldest_are_forgotten_where_there_are_too_many(monkeypatch):
    monkeypatch.setattr(nearest, "MOST_CODES", 50)
    vectors, codes = unit(np.random.default_rng(6), 120), Codes()
    for number, vector in enumerate(vectors):
        codes.put([(number, code(vector))])
    assert sorted(codes.nearest(vectors[0], 200)) == list(range(70, 120))
    codes.put((number, code(vector)) for number, vector in enumerate(vectors))
    assert sorted(codes.nearest(vectors[0], 200)) == list(range(70, 120))


def test_there_is_room_for_any_number_at_once():
    vectors, codes = unit(np.random.default_rng(16), 3000), Codes()
    codes.put([(7, b"".join(map(code, vectors[:2500])))])
    codes.put([(8, b"".join(map(code, vectors[2500:])))])
    assert codes.nearest(vectors[2999], 9) == [8, 7]
    assert codes.nearest(vectors[1500], 9) == [7, 8]


def test_without_codes_nothing_is_near():
    codes = Codes()
    assert codes.nearest(unit(np.random.default_rng(7)), 5) == []
    codes.put([])
    codes.put([(7, b"")])
    assert codes.nearest(unit(np.random.default_rng(7)), 5) == []


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(nearest.time, "monotonic", lambda: now[0])
    return now


def write(doc_id, vector, weights="w", **columns):
    empty = {"starts": {}, "numbers": b"", "sentences": b"", **dict.fromkeys(("title", "tags", "stems"), "")}
    Searched.objects.get_or_create(doc_id=doc_id, defaults={**empty, "said": "same"})
    Meant.objects.filter(doc_id=doc_id).delete()
    made = {"vectors": small(vector).tobytes(), "codes": code(vector)}
    return Meant.objects.create(doc_id=doc_id, said="same", weights=weights, **made, **columns)


@pytest.mark.django_db
class TestKeptUp:
    """With what is written."""

    def test_what_was_written_since_is_seen_once_a_second(self, clock, django_assert_num_queries):
        one, other = unit(np.random.default_rng(8), 2)
        write(1, one)
        kept = Nearest("w")
        everything = Searched.objects.values("doc_id")
        assert kept.among(one, everything) == [1]
        write(2, other)
        with django_assert_num_queries(1):  # who may be seen, and no look for what is new
            assert kept.among(other, everything) == [1]
        clock[0] += 1
        assert kept.among(other, everything) == [2, 1]

    def test_what_was_made_anew_replaces_what_was_there(self, clock):
        one, other, third = unit(np.random.default_rng(9), 3)
        write(1, one), write(2, third)
        kept = Nearest("w")
        kept.among(one, Searched.objects.values("doc_id"))
        write(1, other)
        clock[0] += 1
        assert kept.among(other, Searched.objects.values("doc_id"))[0] == 1

    def test_a_row_that_was_committed_late_is_seen(self, clock):
        vectors = unit(np.random.default_rng(10), 3)
        late = write(1, vectors[1]).pk
        Meant.objects.filter(pk=late).delete()
        write(2, vectors[2])
        kept = Nearest("w")
        kept.among(vectors[1], Searched.objects.values("doc_id"))
        write(1, vectors[1], id=late)
        clock[0] += 1
        assert kept.among(vectors[1], Searched.objects.values("doc_id"))[0] == 1

    def test_little_is_remembered_of_what_was_seen_and_nothing_is_read_again(self, clock):
        (one,) = unit(np.random.default_rng(17), 1)
        for number in (1, 2, 3 * LOOK_BACK):
            write(number, one, id=number)
        kept, everything = Nearest("w"), Searched.objects.values("doc_id")
        for _ in range(3):
            assert sorted(kept.among(one, everything)) == [1, 2, 3 * LOOK_BACK]
            clock[0] += 2
        assert (kept.seen, kept.codes.count) == ({3 * LOOK_BACK}, 3)

    def test_among_nothing_there_is_nothing_to_ask(self, clock):
        (one,) = unit(np.random.default_rng(18), 1)
        write(1, one)
        with pytest.raises(EmptyResultSet):
            Nearest("w").among(one, Searched.objects.none())
        assert Nearest("w").among(one, Searched.objects.filter(doc_id=2).values("doc_id")) == []

    def test_only_what_may_be_seen_is_near(self, clock):
        vectors = unit(np.random.default_rng(11), 30)
        for number, vector in enumerate(vectors):
            write(number, vector)
        allowed = Searched.objects.filter(doc_id__in=[3, 4]).values("doc_id")
        assert sorted(Nearest("w").among(vectors[9], allowed)) == [3, 4]
        assert len(Nearest("w").among(vectors[9], Searched.objects.values("doc_id"))) == nearest.COMPARED

    def test_vectors_of_other_weights_are_not_compared(self, clock):
        one, other = unit(np.random.default_rng(12), 2)
        write(1, one, weights="old"), write(2, other)
        assert Nearest("w").among(one, Searched.objects.values("doc_id")) == [2]

    def test_what_was_removed_is_not_near(self, clock):
        one, other = unit(np.random.default_rng(13), 2)
        write(1, one), write(2, other)
        kept = Nearest("w")
        kept.among(one, Searched.objects.values("doc_id"))
        Searched.objects.filter(doc_id=1).delete()
        assert kept.among(one, Searched.objects.values("doc_id")) == [2]
