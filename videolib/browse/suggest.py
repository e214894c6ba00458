"""What somebody may be about to type: searches that found something, tags, and titles of clips they come across."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from videolib.accounts.models import User
from videolib.analytics.actions import fold_words
from videolib.analytics.models import Sought
from videolib.clips.access import ClipQuerySet
from videolib.clips.models import Clip, Tag, Tagging, tidy_term
from videolib.search.selected import selected
from videolib.search.words import STOP_WORDS

MOST = 8
# Of each kind at most, where there are others: who types half a word wants to see both.
MOST_SEARCHES = MOST_TAGS = 3
# Fewer letters stand in nearly every title, and no index finds them (0018_suggestions.py).
LETTERS_OF_A_TITLE = 3
# Of titles that hold what is typed, so many of the newest are looked at for those that begin with it.
NEWEST = 50
LOOKED_AT = 100  # characters
# What one person asked once is nobody else's business.
OFTEN, DAYS = 3, 90
# Of the searches asked most often, so many are held against the library, unless they have more words than that: each
# word costs a look.
CANDIDATES, WORDS_AT_MOST = 4, 4

# By hand: Django would put the clips that are listed together anew for each word, and take longer than the database.
_IN_A_TITLE = (
    "EXISTS (SELECT 1 FROM ({among}) AS listed WHERE UPPER(title) LIKE UPPER(%s) OR UPPER(title) LIKE UPPER(%s))"
)

Kind = Literal["search", "tag", "clip"]


@dataclass(frozen=True)
class Suggestion:
    """What may be meant, and the address it leads to."""

    kind: Kind
    text: str
    address: str

    def as_data(self) -> dict[str, str]:
        """For the API."""
        return asdict(self)


def suggest(user: User, typed: str) -> list[Suggestion]:
    """At most MOST suggestions for what is typed so far, whatever it is. Five queries at most, for any library.

    All of it stands in titles and tags of clips listed for `user`: also each word of a search that others sent.
    """
    typed = tidy_term(typed[:LOOKED_AT])
    folded = fold_words(typed)
    if not any(character.isalnum() for character in folded):
        return []
    listed = Clip.objects.listed_for(user)
    tags, titles = list(_tags(listed, folded)), list(_titles(listed, typed))
    searches = list(_searches(listed, folded, seen=[fold_words(each.text) for each in (*tags, *titles)]))
    chosen = [*searches[:MOST_SEARCHES], *tags[:MOST_TAGS], *titles, *tags[MOST_TAGS:], *searches[MOST_SEARCHES:]]
    once = {(each.kind == "clip", fold_words(each.text)): each for each in reversed(chosen)}
    return [each for each in chosen if each in once.values()][:MOST]


def _titles(listed: ClipQuerySet, typed: str) -> Iterator[Suggestion]:
    """Those that begin so first, then the newest."""
    if len(typed) < LETTERS_OF_A_TITLE:
        return
    rows = listed.filter(title__icontains=typed).newest_first().values_list("title", "code")[:NEWEST]
    for title, code in sorted(rows, key=lambda row: not row[0].casefold().startswith(typed.casefold()))[:MOST]:
        yield Suggestion("clip", title, reverse("watch", args=[code]))


def _tags(listed: ClipQuerySet, folded: str) -> Iterator[Suggestion]:
    """Those that begin so first."""
    tags = _tags_of(listed).filter(folded__contains=folded)
    for tag in tags.annotate(begins=Q(folded__startswith=folded)).order_by("-begins", "folded")[:MOST]:
        yield Suggestion("tag", tag.name, tag.get_absolute_url())


def _tags_of(listed: ClipQuerySet) -> Any:
    return Tag.objects.filter(Exists(Tagging.objects.filter(tag=OuterRef("pk"), clip__in=listed.values("pk"))))


def _searches(listed: ClipQuerySet, folded: str, *, seen: Sequence[str]) -> Iterator[Suggestion]:
    """`seen`: titles and tags that the person comes across, folded."""
    since = timezone.localdate() - timedelta(days=DAYS)
    often = Sought.objects.often_found(folded, since=since, often=OFTEN)[:CANDIDATES]
    candidates = {words: telling for words in often if len(telling := _telling(words)) <= WORDS_AT_MOST}
    candidates.pop(folded, None)
    wanted = {word for telling in candidates.values() for word in telling}
    known = {word for word in wanted if _begins_in(word, seen)}
    known |= _known_words(listed, sorted(wanted - known))
    for words, telling in candidates.items():
        if set(telling) <= known:
            yield Suggestion("search", words, f"{reverse('search')}?{urlencode({'q': words})}")


def _telling(words: str) -> list[str]:
    pieces = "".join(character if character.isalnum() else " " for character in words).split()
    return [piece for piece in pieces if piece not in STOP_WORDS]


def _known_words(listed: ClipQuerySet, words: Sequence[str]) -> set[str]:
    """Of these, those with which a word of a title or of a tag begins (two queries)."""
    if not words:
        return set()
    tagged = Q()
    for word in words:
        tagged |= Q(folded__startswith=word) | Q(folded__contains=f" {word}")
    tags = list(_tags_of(listed).filter(tagged).values_list("folded", flat=True))
    return _in_titles(listed, words) | {word for word in words if _begins_in(word, tags)}


def _in_titles(listed: ClipQuerySet, words: Sequence[str]) -> set[str]:
    """Letters and digits only, so that nothing in them is a sign to LIKE."""
    try:
        among, parameters = selected(listed.values("title"))
    except EmptyResultSet:
        return set()
    asked = ", ".join([_IN_A_TITLE.format(among=among)] * len(words))
    patterns = [each for word in words for each in (*parameters, f"{word}%", f"% {word}%")]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}", patterns)
        return {word for word, is_known in zip(words, cursor.fetchone(), strict=True) if is_known}


def _begins_in(word: str, texts: Iterable[str]) -> bool:
    return any(f" {word}" in f" {text}" for text in texts)
