"""What every search backend promises of its answers: which documents, how many, and the same whoever asked before.

Of very many documents a backend may look at some; here that is tried with few and with many.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from tests.contracts.search_material import AnyLibrary, document
from videolib.search.backends import get_backend
from videolib.search.backends.base import SearchBackend
from videolib.search.models import Searched
from videolib.search.types import Hit, Hits, Query, SearchDocument


@pytest.mark.django_db
class SearchAnswersContract:
    """One half of SearchBackendContract, and how a backend is asked in both."""

    vendor: str
    counts_to_the_end: bool

    @pytest.fixture
    def backend(self) -> SearchBackend:
        if connection.vendor != self.vendor:
            pytest.skip(f"the tests run on {connection.vendor}, this is about {self.vendor}")
        return get_backend.__wrapped__()  # one that nobody has asked anything yet

    @pytest.fixture
    def few_is_many(self) -> None:
        """Of a backend that looks at some of very many documents: as if a handful were very many."""

    @pytest.fixture(autouse=True)
    def _remember(self, backend: SearchBackend) -> None:
        self.backend = backend

    def put(self, *documents: SearchDocument) -> None:
        for each in documents:
            self.backend.put(each)

    def everything(self) -> QuerySet[Any]:
        return Searched.objects.values("doc_id")

    def only(self, *doc_ids: int) -> QuerySet[Any]:
        return Searched.objects.filter(doc_id__in=doc_ids).values("doc_id")

    def find(self, text: str, among: QuerySet[Any] | None = None, **query: Any) -> Hits:
        return self.backend.find(Query(text, **query), among=self.everything() if among is None else among)

    def ids(self, text: str, among: QuerySet[Any] | None = None, **query: Any) -> list[int]:
        return [hit.doc_id for hit in self.find(text, among, **query).hits]

    def hit(self, text: str, **query: Any) -> Hit:
        (hit,) = self.find(text, **query).hits
        return hit

    def queries(self, text: str, **query: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            self.find(text, **query)
        return len(queries)

    def marked(self, text: str, **query: Any) -> list[str]:
        return [part for part, matched in self.hit(text, **query).moments[0].snippet.parts if matched]

    def test_a_total_is_exact_or_said_to_be_cut(self) -> None:
        """Exact wherever a word that has to be there is rare."""
        self.backend.put(*(document(n, speech=["alpha beta" if n <= 20 else "alpha"]) for n in range(1, 701)))
        for text in ("beta", "beta omicron", '"beta" alpha', '"alpha" "beta"'):
            assert (self.find(text).total, self.find(text).is_cut) == (20, False), text
        for text in ("alpha", "alpha beta", "alpha omicron", '"alpha" beta'):
            found = self.find(text)
            assert found.is_cut is not self.counts_to_the_end, text
            assert 20 <= found.total < 700 if found.is_cut else found.total == 700, text

    def test_of_two_words_that_many_say_the_few_with_both_come_first_and_others_follow(self) -> None:
        self.backend.put(*(document(n, speech=["alpha" if n % 2 else "beta"]) for n in range(1, 1201)))
        both = [5, 300, 600, 900, 1199]
        self.backend.put(*(document(n, speech=["alpha beta"]) for n in both))
        first, second = self.find("alpha beta"), self.find("alpha beta")
        assert sorted(hit.doc_id for hit in first.hits[:5]) == both
        assert len(first.hits) == 20
        assert first == second, "an answer does not depend on what was asked before"

    def test_a_phrase_that_very_many_say_is_found_beside_a_word_that_few_or_none_of_them_say(self) -> None:
        self.backend.put(*(document(n, speech=["alpha one"]) for n in range(1, 606)))
        self.put(
            document(700, speech=["zebra"]), document(701, speech=["quokka"]), document(702, speech=["alpha quokka"])
        )
        for text in ('"alpha" zebra', '"alpha one" zebra', '"alpha" nowhere'):
            found = self.find(text)
            assert len(found.hits) == 20, text
            assert found.total in (605, 606) or (found.is_cut and found.total >= 300), text
        assert self.ids('"alpha" quokka')[0] == 702
        assert self.ids('"alpha" "quokka"') == [702]

    @pytest.mark.usefixtures("few_is_many")
    @pytest.mark.parametrize("seed", range(8))
    def test_an_answer_is_that_of_all_documents_looked_at_one_by_one(self, seed: int) -> None:
        library = AnyLibrary(random.Random(seed))
        self.backend.put(*library.documents())
        for _ in range(25):
            self.answers_as(library)

    def answers_as(self, library: AnyLibrary) -> None:
        """Ask anything: what answers is found or said to be cut, and a backend that nobody asked finds the same."""
        asked, allowed = library.question(), library.some_or_all()
        found = self.find(asked.text, self.only(*allowed), limit=100)
        ids, answers, best = [hit.doc_id for hit in found.hits], *library.answers(asked, allowed)
        why = (asked.text, sorted(allowed), found.total, found.is_cut)
        assert set(ids) <= answers, why
        assert found.total == len(ids) == len(set(ids)), why
        assert bool(ids) == bool(answers), why
        assert found.is_cut or set(ids) == answers, why
        assert not (found.is_cut and self.counts_to_the_end), why
        assert not best or ids[0] in best, why
        fresh = get_backend.__wrapped__()
        for backend in (self.backend, fresh, fresh):
            assert backend.find(Query(asked.text, limit=100), among=self.only(*allowed)) == found, why

    def test_of_a_word_that_all_say_the_few_are_found_that_may_be_seen(self) -> None:
        """However far back they lie: a backend that looks at some of very many looks among those allowed."""
        count = 1500
        self.backend.put(*(document(number, title="alpha", speech=["beta"]) for number in range(1, count + 1)))
        self.put(document(7, title="alpha omicron", speech=["beta"]))
        few = self.only(count - 9, count)
        for text in ("alpha", "alpha beta", "alpha omicron", '"alpha" beta'):
            found = self.find(text, few)
            assert sorted(hit.doc_id for hit in found.hits) == [count - 9, count], text
            assert (found.total, found.is_cut) == (2, False)
        assert sorted(self.ids("alph", few, as_typed=True)) == [count - 9, count]
        assert self.ids("omicron", few) == []
