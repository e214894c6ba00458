"""Which clips the browse page shows: what somebody chose, and how many there are of everything else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from videolib.accounts.models import User
from videolib.clips.access import ClipQuerySet
from videolib.clips.models import Tag, Tagging

# Counting costs by the row, on every page. Up to so many clips every number is exact; of more, the newest so many are
# counted: a list says "1,000+", and tags and people are those of the clips that anybody may still reach by pages.
MOST_COUNTED = 1000
# So many can be read through in a menu. Whoever else made a clip is chosen by their name on it.
MOST_PEOPLE = 100
# Each tag is one more subquery; nobody files clips under more at once.
MOST_TAGS = 8
# From how many seconds up to below how many.
LENGTHS: dict[str, tuple[str, float, float]] = {
    "under-1": ("Under 1 minute", 0, 60),
    "1-5": ("1 to 5 minutes", 60, 300),
    "5-15": ("5 to 15 minutes", 300, 900),
    "over-15": ("Over 15 minutes", 900, float(10**9)),
}
DATES: dict[str, tuple[str, timedelta]] = {
    "week": ("Past week", timedelta(days=7)),
    "month": ("Past month", timedelta(days=31)),
    "year": ("Past year", timedelta(days=366)),
}
SORTS: dict[str, tuple[str, Callable[[ClipQuerySet], ClipQuerySet]]] = {
    "new": ("Newest first", ClipQuerySet.newest_first),
    "rated": ("Best rated first", ClipQuerySet.best_rated),
    "title": ("Title, A to Z", lambda clips: clips.order_by(Lower("title"), "-pk")),
}


@dataclass(frozen=True)
class Filters:
    """What was chosen; empty where nothing was."""

    tags: Sequence[str] = ()  # folded
    person: UUID | None = None
    length: str = ""
    date: str = ""
    sort: str = ""

    def query(self) -> str:
        """As the part of an address that chooses the same, with its question mark."""
        pairs = [("tag", tag) for tag in self.tags]
        pairs += [("person", str(self.person))] if self.person else []
        pairs += [(name, value) for name in ("length", "date", "sort") if (value := getattr(self, name))]
        return "?" + urlencode(pairs)

    def without_tag(self, tag: str) -> Filters:
        """The same, but for one tag."""
        return replace(self, tags=tuple(t for t in self.tags if t != tag))

    def with_tag(self, tag: str) -> Filters:
        """The same, and one more tag."""
        return replace(self, tags=(*self.tags, tag))

    def but_anyone(self) -> Filters:
        """The same, whoever owns the clips."""
        return replace(self, person=None)

    def narrow(self, clips: ClipQuerySet) -> ClipQuerySet:
        """The clips of `clips` that fit, in no order."""
        # By number: so PostgreSQL sees which tag it is, and whether many clips have it or few.
        numbers = dict(Tag.objects.filter(folded__in=self.tags).values_list("folded", "pk")) if self.tags else {}
        for tag in self.tags:
            clips = clips.filter(pk__in=Tagging.objects.filter(tag=numbers.get(tag, 0)).values("clip"))
        if self.person:
            clips = clips.filter(owner__code=self.person)
        if self.length:
            _, least, below = LENGTHS[self.length]
            clips = clips.filter(recording__duration__gte=least, recording__duration__lt=below)
        if self.date:
            clips = clips.filter(published_at__gte=timezone.now() - DATES[self.date][1])
        return clips

    def sorted(self, clips: ClipQuerySet) -> ClipQuerySet:
        """In the chosen order; the newest first where none was."""
        return SORTS[self.sort or "new"][1](clips)


class CountedPages(Paginator):  # type: ignore[type-arg]  # it takes none at run time
    """Pages of at most MOST_COUNTED clips; `is_cut` where there are more."""

    @cached_property
    def count(self) -> int:
        """How many clips are on them."""
        return min(self._looked_at, MOST_COUNTED)

    @property
    def is_cut(self) -> bool:
        """Whether there are clips that no page shows."""
        return self._looked_at > MOST_COUNTED

    @cached_property
    def _looked_at(self) -> int:
        clips: Any = self.object_list
        return int(clips.order_by()[: MOST_COUNTED + 1].count())


@dataclass(frozen=True)
class Chip:
    """One chosen filter, and the address without it."""

    label: str
    kind: str
    without: str


def chips_of(filters: Filters, *, tag_names: dict[str, str], person_name: str) -> list[Chip]:
    """What was chosen, each to be taken off again."""
    chips = [Chip(tag_names.get(tag, tag), "Tag", filters.without_tag(tag).query()) for tag in filters.tags]
    if filters.person:
        chips.append(Chip(person_name or "Somebody", "Person", filters.but_anyone().query()))
    if filters.length:
        chips.append(Chip(LENGTHS[filters.length][0], "Length", replace(filters, length="").query()))
    if filters.date:
        chips.append(Chip(DATES[filters.date][0], "Date", replace(filters, date="").query()))
    return chips


@dataclass(frozen=True)
class TagCount:
    """A tag, on how many clips it is, and the address that chooses it as well."""

    name: str
    folded: str
    clips: int
    query: str


def count_tags(clips: ClipQuerySet, *, most: int, chosen: Filters | None = None) -> list[TagCount]:
    """The tags of `clips` (of the newest MOST_COUNTED), the most used first. One query."""
    chosen = chosen or Filters()
    rows = (
        Tagging.objects.filter(clip__in=_counted(clips))
        .exclude(tag__folded__in=chosen.tags)
        .values(name=F("tag__name"), folded=F("tag__folded"))
        .annotate(clips=Count("pk"))
        .order_by("-clips", "folded")[:most]
    )
    return [TagCount(**row, query=chosen.with_tag(row["folded"]).query()) for row in rows]


def count_people(clips: ClipQuerySet, *, chosen: UUID | None = None) -> list[tuple[User, int]]:
    """The MOST_PEOPLE who own most of `clips` (of the newest MOST_COUNTED), and who is chosen, each with how many, by
    name. Two queries.
    """
    counted = Counter(clips.newest_first().values_list("owner", flat=True)[:MOST_COUNTED])
    offered = Q(pk__in=[owner for owner, _ in counted.most_common(MOST_PEOPLE)])
    people = [(owner, counted[owner.pk]) for owner in User.objects.filter(offered | Q(code=chosen))]
    return sorted(people, key=lambda pair: pair[0].display_name.casefold())


def _counted(clips: ClipQuerySet) -> QuerySet[Any, Any]:
    return clips.newest_first()[:MOST_COUNTED].values("pk")


def tag_names(clips: ClipQuerySet, folded: Sequence[str]) -> dict[str, str]:
    """How chosen tags are written, of those on `clips`; no query where none was chosen."""
    if not folded:
        return {}
    used = Exists(Tagging.objects.filter(tag=OuterRef("pk"), clip__in=clips.order_by().values("pk")))
    return dict(Tag.objects.filter(used, folded__in=folded).values_list("folded", "name"))
