"""What sentences mean is worked out later, and never lost: the table itself says what is still to do."""

import numpy as np
import pytest
from django.db import transaction

from tests.contracts.search_material import document
from videolib.search import actions
from videolib.search.backends import get_backend
from videolib.search.meaning import WIDTH
from videolib.search.models import Meant, Searched

pytestmark = pytest.mark.django_db


class Reader:
    """Reads a sentence as its length; remembers all it read, and may die over one."""

    def __init__(self, name="reader", dies_of=""):
        self.name, self.dies_of, self.read = name, dies_of, []

    def of_sentences(self, texts):
        self.read += texts
        if self.dies_of and self.dies_of in texts:
            raise MemoryError
        return np.array([[len(text) % 100] * WIDTH for text in texts], np.int8)


@pytest.fixture
def reader(monkeypatch):
    reader = Reader()
    monkeypatch.setattr(actions, "get_meaning", lambda: reader)
    return reader


@pytest.fixture
def sent(monkeypatch):
    sent = []
    monkeypatch.setattr(actions, "send_on_commit", lambda task, *args, queue: sent.append((task, *args, queue)))
    return sent


def put(*documents):
    get_backend().put(*documents)


def waiting():
    return actions.waiting_for_meaning("reader", 99)


def test_a_document_that_is_written_asks_for_its_vectors(sent):
    put(document(7, title="one"), document(8))
    assert sent == [("search.make_meanings", [7], "light")]


def test_who_is_rolled_back_asks_for_nothing(monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr("videolib.lib.queue.nudge.send", lambda task, *args, queue: sent.append((task, *args, queue)))
    with django_capture_on_commit_callbacks(execute=True):
        with pytest.raises(RuntimeError, match="cut"), transaction.atomic():
            put(document(7, title="one"))
            raise RuntimeError("cut")
        put(document(8, title="one"))
        assert sent == [], "not before it is committed"
    assert sent == [("search.make_meanings", [8], "light")]


def test_a_rebuild_nudges_nobody(sent, reader):
    put(*(document(number, title="one") for number in range(1, 30)))
    assert sent == []
    assert waiting() == list(range(29, 0, -1))


def test_vectors_are_made_of_the_title_and_of_each_sentence(reader):
    put(document(7, title="one", tags=["x"], speech=["we open", "it.", "Then this."]))
    assert actions.make_meanings([7, 8]) == 1
    assert reader.read == ["one", "we open it.", "Then this."]
    vectors = np.frombuffer(Meant.objects.get().vectors, np.int8).reshape(-1, WIDTH)
    assert vectors[:, 0].tolist() == [3, 11, 10]
    assert waiting() == []


def test_who_dies_in_the_middle_leaves_the_others_waiting(monkeypatch):
    put(*(document(number, title=f"title {number}") for number in (1, 2, 3)))
    monkeypatch.setattr(actions, "get_meaning", lambda: Reader(dies_of="title 2"))
    with pytest.raises(MemoryError):
        actions.make_missing_meanings(seconds=9)
    assert waiting() == [2, 1]
    monkeypatch.setattr(actions, "get_meaning", Reader)
    assert actions.make_missing_meanings(seconds=9) == 2
    assert waiting() == []


def test_another_tag_makes_nothing_anew_and_another_word_does(reader):
    put(document(7, title="one", speech=["two"]))
    actions.make_meanings([7])
    put(document(7, title="one", tags=["new"], description=["new"], speech=["two"]))
    assert (waiting(), actions.make_meanings([7])) == ([], 0)
    put(document(7, title="one", speech=["three"]))
    assert (waiting(), actions.make_meanings([7]), Meant.objects.count()) == ([7], 1, 1)
    assert Meant.objects.get().said == Searched.objects.get().said


def test_vectors_of_other_weights_are_made_anew(reader):
    put(document(7, title="one"))
    actions.make_meanings([7])
    reader.name = "other"
    assert actions.waiting_for_meaning("other", 9) == [7]
    assert actions.make_missing_meanings(seconds=9) == 1
    assert [each.weights for each in Meant.objects.all()] == ["other"]


def test_two_that_make_the_same_at_once_leave_one_row(reader):
    put(document(7, title="one"))
    first = reader.of_sentences

    def as_the_other_one_ends(texts):
        reader.of_sentences = first
        actions.make_meanings([7])
        return first(texts)

    reader.of_sentences = as_the_other_one_ends
    actions.make_meanings([7])
    assert Meant.objects.count() == 1
    assert waiting() == []


@pytest.fixture
def meanwhile(reader, monkeypatch):
    """Something else happens, once, while sentences are read."""

    def happens(deed):
        read = reader.of_sentences

        def as_it_happens(texts):
            monkeypatch.setattr(reader, "of_sentences", read)
            deed()
            return read(texts)

        monkeypatch.setattr(reader, "of_sentences", as_it_happens)

    return happens


def test_of_a_document_that_is_removed_meanwhile_nothing_stays(meanwhile):
    put(document(7, title="one"), document(8, title="two"))
    meanwhile(lambda: get_backend().remove([7]))
    assert actions.make_meanings([7]) == 0
    assert not Meant.objects.exists()
    assert waiting() == [8]


def test_what_is_written_meanwhile_waits_for_vectors_of_its_own(reader, meanwhile):
    put(document(7, title="one"))
    meanwhile(lambda: put(document(7, title="another")))
    assert actions.make_meanings([7]) == 0
    assert waiting() == [7]
    assert actions.make_missing_meanings(seconds=9) == 1
    assert reader.read == ["one", "another"]
    assert waiting() == []


def test_a_message_that_comes_twice_is_work_done_once(reader):
    put(document(7, title="one"))
    assert [actions.make_meanings([7]) for _ in "12"] == [1, 0]
    assert reader.read == ["one"]


def test_it_stops_when_its_time_is_over(reader, monkeypatch):
    put(*(document(number, title="one") for number in range(1, 30)))
    now = iter(range(1000))
    monkeypatch.setattr(actions.time, "monotonic", lambda: float(next(now)))
    assert actions.make_missing_meanings(seconds=5) == 4
    assert len(waiting()) == 25


def test_without_weights_nothing_is_made(monkeypatch):
    put(document(7, title="one"))
    monkeypatch.setattr(actions, "get_meaning", lambda: None)
    assert actions.make_meanings([7]) == actions.make_missing_meanings(seconds=9) == 0
    assert waiting() == [7]


def test_with_the_document_its_vectors_go(reader):
    put(document(7, title="one"), document(8, title="two"))
    actions.make_meanings([7, 8])
    get_backend().remove([7])
    assert [each.doc_id for each in Meant.objects.all()] == [8]
