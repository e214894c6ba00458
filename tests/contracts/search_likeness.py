"""What every search backend promises of documents like another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext
from numpy.typing import NDArray

from tests.contracts.search_answers import SearchAnswersContract
from tests.contracts.search_material import document
from videolib.search import likeness
from videolib.search.meaning import WIDTH
from videolib.search.models import Meant, Searched
from videolib.search.nearest import codes_of

Direction = NDArray[np.float64]


class SearchLikenessContract(SearchAnswersContract):
    """Another part of SearchBackendContract. Vectors are made up: what they stand for is no backend's business."""

    @pytest.fixture
    def weights(self, monkeypatch: pytest.MonkeyPatch) -> str:
        """Named anew each time: a process keeps the codes of the vectors it has seen."""
        name = f"made-up-{uuid4().hex[:8]}"
        monkeypatch.setattr(likeness, "get_meaning", lambda: SimpleNamespace(name=name))
        return name

    def put_meant(self, weights: str, directions: Mapping[int, Sequence[float]]) -> None:
        """Documents whose title and sentences mean `directions`: cosines with the first two axes."""
        self.put(*(document(doc_id, title=f"title {doc_id}", speech=["words"]) for doc_id in directions))
        for doc_id, near in directions.items():
            self.mean(doc_id, weights, near)

    def mean(self, doc_id: int, weights: str, near: Sequence[float]) -> None:
        """Half of the axes are those of one topic, half of another; signs vary, as codes of one bit need it."""
        signs = np.where(np.random.default_rng(1).random(WIDTH) < 0.5, -1, 1)
        of_topic = np.where(np.arange(WIDTH) < WIDTH // 2, near[0], near[1]) * signs
        unit = of_topic / np.linalg.norm(of_topic)
        vectors = np.rint(np.array([unit, unit, unit]) * 127).astype(np.int8)
        said = Searched.objects.get(pk=doc_id).said
        row = {"said": said, "weights": weights, "vectors": vectors.tobytes(), "codes": codes_of(vectors)}
        Meant.objects.update_or_create(doc_id=doc_id, defaults=row)

    def like(self, doc_id: int, *among: int, most: int = 6) -> list[int]:
        return self.backend.like(doc_id, among=self.only(*among) if among else self.everything(), most=most)

    def test_the_nearest_in_meaning_come_first_and_what_is_far_does_not_come(self, weights: str) -> None:
        self.put_meant(weights, {1: (1, 0.01), 2: (1, 0.5), 3: (1, 0.1), 4: (0.01, 1), 5: (-1, 0.01)})
        assert self.like(1) == [3, 2]
        assert self.like(1, most=1) == [3]
        assert self.like(5) == []

    def test_only_those_one_may_see_are_like_it(self, weights: str) -> None:
        self.put_meant(weights, {number: (1, number / 1000) for number in range(1, 40)})
        assert self.like(1, 1, 7, 30) == [7, 30]
        assert self.like(1, 1) == []
        assert self.backend.like(1, among=self.everything().none(), most=6) == []

    def test_the_document_itself_need_not_be_among_them(self, weights: str) -> None:
        self.put_meant(weights, {1: (1, 0.01), 2: (1, 0.1)})
        assert self.like(1, 2) == [2]

    def test_vectors_of_what_it_said_before_count_for_nothing(self, weights: str) -> None:
        self.put_meant(weights, {1: (1, 0.01), 2: (1, 0.1), 3: (0.01, 1)})
        self.put(document(1, title="about the zebra"), document(3, title="a zebra", speech=["words"]))
        assert self.like(1) == [3], "by the words of its title, until its vectors are made"

    def test_without_meaning_the_words_of_the_title_decide(self) -> None:
        self.put(
            document(1, title='Pivot -tables "in" Excel', speech=["zebra"]),
            document(2, title="Tables in Excel, and pivot ones"),
            document(3, speech=["this is excel"]),
            document(4, title="zebra"),
        )
        assert self.like(1) == [2, 3]
        assert self.like(1, 1, 3, 4) == [3]
        assert self.like(1, most=1) == [2]
        assert self.backend.like(1, among=self.everything().none(), most=6) == []

    @pytest.mark.parametrize("title", ["", "🚀", "the of and", "\x00", '"'])
    def test_a_title_without_words_is_like_nothing(self, title: str) -> None:
        self.put(document(1, title=title, speech=["alpha"]), document(2, title="alpha"))
        assert self.like(1) == []

    def test_what_is_not_there_is_like_nothing(self, weights: str) -> None:
        self.put_meant(weights, {1: (1, 0.01)})
        assert self.like(99) == []

    def test_the_query_set_may_hold_an_id_twice(self, weights: str) -> None:
        self.put_meant(weights, {1: (1, 0.01), 2: (1, 0.1)})
        twice = Searched.objects.annotate(two=Value(2)).values("two")
        assert self.backend.like(1, among=twice, most=6) == [2]

    def test_the_number_of_queries_does_not_grow(self, weights: str) -> None:
        counts = []
        for last in (4, 30):
            self.put_meant(weights, {number: (1, number / 1000) for number in range(1, last)})
            self.like(1)
            with CaptureQueriesContext(connection) as queries:
                self.like(1)
            counts.append(len(queries))
        assert counts == [3, 3]
