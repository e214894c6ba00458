"""What the clock, and documents that were just written, ask of search."""

from __future__ import annotations

from celery import shared_task

from videolib.search import actions

# The clock asks every minute: two never work side by side.
SECONDS_A_MINUTE = 45.0


@shared_task(name="search.make_meanings")
def make_meanings(doc_ids: list[int]) -> int:
    """Work out what the sentences of these documents mean. Returns of how many."""
    return actions.make_meanings(doc_ids)


@shared_task(name="search.make_missing_meanings")
def make_missing_meanings() -> int:
    """The same of those that were forgotten, or are too many for a message. Returns of how many."""
    return actions.make_missing_meanings(seconds=SECONDS_A_MINUTE)
