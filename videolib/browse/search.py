"""Clips found for a person. The one way from typed text to clips: pages, the API and the command all call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings

from videolib.accounts.models import User
from videolib.analytics.actions import record_search
from videolib.browse.filters import CountedPages
from videolib.browse.operators import understand
from videolib.clips.access import ClipQuerySet, Viewer
from videolib.clips.models import Clip
from videolib.clips.pictures import picture_at
from videolib.lib.limits import Limit
from videolib.lib.measures import SEARCH_SECONDS
from videolib.search.backends import get_backend
from videolib.search.types import Engine, Field, Moment, Query

MOST_LIKE = 6
# What people call the fields of search.
FIELD_NAMES: dict[Field, str] = {
    "title": "Title",
    "tags": "Tag",
    "description": "Description",
    "screen": "On screen",
    "speech": "Spoken",
}
SEARCHES = Limit("search", seconds=60, sentence="You searched very often within a minute.")


@dataclass(frozen=True)
class ClipHit:
    """A clip that was found (its owner, recording and tags at hand), with the moments worth jumping to."""

    clip: Clip
    score: float
    moments: Sequence[Moment]


@dataclass(frozen=True)
class ClipHits:
    """A page of hits and how many there are in all; where `is_cut` at least so many."""

    hits: Sequence[ClipHit]
    total: int
    is_cut: bool
    # What was looked for; empty where operators narrowed it, which says more of who asks than of what is missing.
    words: str = ""
    # What was typed though nobody says it, and what was looked for instead.
    respelled: Mapping[str, str] = field(default_factory=dict)

    def as_data(self, *, first_rank: int = 1) -> list[dict[str, Any]]:
        """The hits as plain data, snippets without marks: what the API and the command give out."""
        return [
            {
                "code": str(hit.clip.code),
                "title": hit.clip.title,
                "rank": rank,
                "moments": [_told(hit.clip, moment) for moment in hit.moments],
            }
            for rank, hit in enumerate(self.hits, first_rank)
        ]


def _told(clip: Clip, moment: Moment) -> dict[str, Any]:
    picture = picture_at(clip, moment.at_seconds)
    return {
        "at_seconds": moment.at_seconds,
        "snippet": moment.snippet.text,
        "field": moment.field,
        "where": FIELD_NAMES[moment.field],
        "picture": picture and picture._asdict(),
    }


def search_clips(
    user: Viewer,
    text: str,
    *,
    limit: int = 20,
    offset: int = 0,
    as_typed: bool = False,
    among: ClipQuerySet | None = None,
    engine: Engine = "fused",
) -> ClipHits:
    """Clips that answer `text`, best first, of those listed for `user`, and of `among` where given.

    Who may see what is part of the query: nothing else is found, counted or ranked by. Any text is fine. The number
    of database queries is the same however many clips are found. `as_typed`: the last word may be half a word.
    Operators (operators.py) narrow; where there is nothing else, what fits comes the newest first.
    """
    with SEARCH_SECONDS.labels("typing" if as_typed else "whole").time():
        query = Query(text, limit=limit, offset=offset, as_typed=as_typed, engine=engine)
        return _search(query, user, among)


def clips_like(clip: Clip, listed: ClipQuerySet) -> list[Clip]:
    """At most MOST_LIKE of these clips that are like this one, best first, never itself."""
    doc_ids = get_backend().like(clip.pk, among=listed.values("pk"), most=MOST_LIKE)
    clips = listed.in_bulk(doc_ids)
    return [clips[doc_id] for doc_id in doc_ids if doc_id in clips]


def count_search(user: User) -> None:
    """Every door that people or scripts search by counts; raises TooOften."""
    SEARCHES.count(user.pk, most=settings.SEARCHES_PER_MINUTE)


def remember_search(found: ClipHits) -> None:
    """Count what was looked for, for curators: by the first page of a search that was sent, not while it is typed."""
    record_search(found.words, found=bool(found.total))


def _search(query: Query, user: Viewer, among: ClipQuerySet | None) -> ClipHits:
    asked = understand(query.text, by=user, as_typed=query.as_typed)
    listed = Clip.objects.listed_for(user).filter(*asked.conditions)
    if among is not None:
        listed = listed.filter(pk__in=among.values("pk"))
    if asked.is_all_of_them:
        return _newest(listed, query)
    found = get_backend().find(replace(query, text=asked.words), among=listed.values("pk"))
    clips = listed.with_card().in_bulk([hit.doc_id for hit in found.hits])
    # A clip that was taken away between the two queries is not shown.
    hits = [ClipHit(clips[hit.doc_id], hit.score, hit.moments) for hit in found.hits if hit.doc_id in clips]
    words = "" if asked.conditions else asked.words
    return ClipHits(hits, found.total, found.is_cut, words, found.respelled)


def _newest(listed: ClipQuerySet, query: Query) -> ClipHits:
    pages = CountedPages(listed, query.limit)
    clips = listed.with_card().newest_first()[query.offset : query.offset + query.limit]
    return ClipHits([ClipHit(clip, 0.0, ()) for clip in clips], pages.count, pages.is_cut)
