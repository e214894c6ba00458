"""Every search backend is held to the same promises. A new one subclasses the contract and names itself."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from tests.contracts.search_contract import SearchBackendContract
from tests.contracts.search_material import AnyLibrary, document
from tests.contracts.search_meaning import SearchMeaningContract
from tests.contracts.search_spelling import SearchSpellingContract
from videolib.search.backends import postgres
from videolib.search.models import Searched


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


class TestSqlite(SearchBackendContract, SearchMeaningContract, SearchSpellingContract):
    """FTS5."""

    vendor = "sqlite"
    counts_to_the_end = True

    def test_the_index_follows_the_table_whoever_writes_it(self) -> None:
        self.put(document(1, title="alpha"), document(2, title="alpha"))
        Searched.objects.filter(doc_id=1).delete()
        Searched.objects.filter(doc_id=2).update(title="beta")
        assert self.ids("alpha") == []
        assert self.ids("beta") == [2]

    def test_the_index_is_sound_after_much_coming_and_going(self) -> None:
        rng = random.Random(1)
        for _ in range(60):
            self.put(document(rng.randint(1, 9), title="alpha", speech=["beta gamma"] * rng.randint(0, 20)))
            self.backend.remove([rng.randint(1, 9)])
        with connection.cursor() as cursor:
            # Fails where the index and the table disagree.
            cursor.execute("INSERT INTO videolib_searched_fts (videolib_searched_fts) VALUES ('integrity-check')")


class TestPostgres(SearchBackendContract, SearchMeaningContract, SearchSpellingContract):
    """A tsvector filled with our own stems."""

    vendor = "postgresql"
    counts_to_the_end = False

    @pytest.fixture
    def two_kinds(self) -> int:
        """Alpha is common, and beta is not though hundreds say it. The number of the last document, which says both."""
        said = [*["alpha"] * 520, "omicron", *["beta"] * 350, "alpha beta"]
        self.backend.put(*(document(number, speech=[text]) for number, text in enumerate(said)))
        return len(said) - 1

    @pytest.fixture
    def few_is_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, most in (("MOST", 6), ("MOST_EVERY", 4), ("MOST_HEADED", 2)):
            monkeypatch.setattr(postgres, name, most)

    @pytest.fixture
    def analyse(self) -> Iterator[Callable[[], None]]:
        """Has PostgreSQL make its statistics, as it does now and then; what outlives a transaction is put back."""
        yield lambda: _execute("ANALYZE videolib_searched")
        _execute("DELETE FROM videolib_searched")
        _execute("ANALYZE videolib_searched")

    # Where each word is, which documents are best, what they say, and their lines: a query each. One more where a word
    # of four letters or more is said nowhere, outside of quotes: what may have been meant by it.

    @pytest.mark.parametrize(
        ("text", "queries"),
        [
            ("gnu", 1),
            ("gnu okapi", 2),
            ('"gnu" alpha', 1),
            ('"gnu gnu" alpha beta', 1),
            ("omicron", 3),
            ('"omicron" alpha', 2),
        ],
    )
    def test_what_is_nowhere_or_of_others_only_is_not_asked_for_again(
        self, two_kinds: int, text: str, queries: int
    ) -> None:
        assert self.found_and_queries(text, self.only(3, 600, two_kinds)) == ([], queries)

    def test_where_all_were_looked_at_a_few_of_many_are_found_at_once(self, two_kinds: int) -> None:
        assert self.found_and_queries("beta", self.only(600, two_kinds)) == ([600, two_kinds], 4)

    @pytest.mark.parametrize(
        ("text", "queries"), [("alpha", 6), ("alpha gnu", 6), ("alpha omicron", 7), ('"alpha" omicron', 6)]
    )
    def test_what_may_lie_behind_those_of_others_is_asked_for_again(
        self, two_kinds: int, text: str, queries: int
    ) -> None:
        assert self.found_and_queries(text, self.only(two_kinds)) == ([two_kinds], queries)

    @pytest.mark.usefixtures("few_is_many")
    @pytest.mark.parametrize("seed", range(4))
    def test_an_answer_is_no_other_where_statistics_say_what_is_common(
        self, analyse: Callable[[], None], seed: int
    ) -> None:
        library = AnyLibrary(random.Random(seed))
        self.backend.put(*library.documents())
        analyse()
        for _ in range(25):
            self.answers_as(library)

    @pytest.mark.usefixtures("few_is_many")
    def test_statistics_of_long_ago_hide_nothing(self, analyse: Callable[[], None]) -> None:
        self.put(*(document(number, speech=["alpha", "beta", "gamma"]) for number in range(1, 41)))
        analyse()
        self.backend.remove(range(3, 41))
        self.put(document(2, speech=["alpha"]), document(50, speech=["omicron"]))
        assert self.find("alpha").is_cut, "it is thought to be common"
        assert self.ids("alpha") == self.ids('"alpha" omicron') == [2, 1]
        assert self.ids("alpha beta") == self.ids('"alpha" beta') == [1, 2]
        self.put(document(1, speech=["alpha"]))
        assert self.ids("alpha gamma") == self.ids("beta gamma alpha") == [2, 1]
        assert self.ids('"gamma"') == self.ids("gamma") == []

    def found_and_queries(self, text: str, among: QuerySet[Any]) -> tuple[list[int], int]:
        with CaptureQueriesContext(connection) as queries:
            found = self.ids(text, among)
        return sorted(found), len(queries)

    @pytest.mark.django_db(transaction=True)
    def test_two_workers_that_write_one_document_take_turns(self) -> None:
        first_has_written, second_begins = threading.Event(), threading.Event()

        def write_second() -> None:
            first_has_written.wait(10)
            second_begins.set()
            self.put(document(7, title="second"))
            connection.close()

        with ThreadPoolExecutor() as pool:
            second = pool.submit(write_second)
            with transaction.atomic():
                self.put(document(7, title="first"))
                first_has_written.set()
                assert second_begins.wait(10)
                time.sleep(0.3)  # it would fail on our row now if it did not wait
            second.result(10)
        assert self.ids("second") == [7]
        assert self.ids("first") == []

    def test_a_word_said_more_often_than_a_tsvector_counts_is_found(self) -> None:
        self.put(document(7, speech=["git " * 20_000 + "push"]))
        assert self.ids("git") == [7]
        assert self.ids("push") == [7]
