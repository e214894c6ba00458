"""The protocol of a search backend; tests/contracts/test_search_backends.py holds every backend to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from django.db.models import QuerySet

from videolib.search.types import Hits, Query, SearchDocument


class SearchBackend(Protocol):
    """Documents in, hits out."""

    name: str

    def put(self, *documents: SearchDocument) -> None:
        """Make them findable as they stand now, in the caller's transaction; what they said before is gone.

        Many at once are cheaper than one after the other. An id is given once.
        """

    def remove(self, doc_ids: Iterable[int]) -> None:
        """Make these documents unfindable."""

    def find(self, query: Query, *, among: QuerySet[Any]) -> Hits:
        """The documents that answer `query`, best first, only of those whose ids `among` selects (one column).

        Never an error, whatever the text; an empty or unanswerable one finds nothing.
        """

    def like(self, doc_id: int, *, among: QuerySet[Any], most: int) -> list[int]:
        """Documents that mean nearly the same on the whole, best first, of those `among` selects, and never itself.

        Where that is not known (yet), those that have the words of its title.
        """

    def known_ids(self) -> set[int]:
        """The ids of all documents that are findable."""
