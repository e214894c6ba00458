"""Every search backend is held to the same promises. A new one subclasses the contract and names itself."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from tests.contracts.search_contract import SearchBackendContract
from tests.contracts.search_material import document
from videolib.search.models import Passage


class TestSqlite(SearchBackendContract):
    """FTS5."""

    vendor = "sqlite"

    def test_the_index_follows_the_table_whoever_writes_it(self) -> None:
        self.put(document(1, title="alpha"), document(2, title="alpha"))
        Passage.objects.filter(doc_id=1).delete()
        Passage.objects.filter(doc_id=2).update(text="beta")
        assert self.ids("alpha") == []
        assert self.ids("beta") == [2]

    def test_the_index_is_sound_after_much_coming_and_going(self) -> None:
        rng = random.Random(1)
        for _ in range(60):
            self.put(document(rng.randint(1, 9), title="alpha", speech=["beta gamma"] * rng.randint(0, 20)))
            self.backend.remove([rng.randint(1, 9)])
        with connection.cursor() as cursor:
            # Fails where the index and the table disagree.
            cursor.execute("INSERT INTO videolib_passage_fts (videolib_passage_fts) VALUES ('integrity-check')")


class TestPostgres(SearchBackendContract):
    """A tsvector filled with our own stems."""

    vendor = "postgresql"

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
                time.sleep(0.3)  # it would fail on our passages now if it did not wait
            second.result(10)
        assert self.ids("second") == [7]
        assert self.ids("first") == []

    def test_a_word_said_more_often_than_a_tsvector_counts_is_found(self) -> None:
        self.put(document(7, speech=["git " * 20_000 + "push"]))
        assert self.ids("git") == [7]
        assert self.ids("push") == [7]
