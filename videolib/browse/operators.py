"""What a search says besides words: `tag:git by:ada before:2026-05 longer:5m`, each with a minus for the contrary.

Nothing is an error: what is not understood stays a word to look for, and so does all that stands in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from videolib.accounts.models import User
from videolib.clips.access import Viewer
from videolib.clips.models import Tagging, fold_tag

_WRITTEN = re.compile(r'"[^"]*"|(?<!\S)(-?)(tag|by|before|after|longer|shorter):("[^"]*(?:"|$)|\S+)', re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(s|sec|m|min|h)?|(\d{1,6}):([0-5]\d)", re.IGNORECASE)
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


@dataclass(frozen=True)
class Asked:
    """The words to look for, and what a clip has to fit besides."""

    words: str
    conditions: tuple[Q, ...] = ()

    @property
    def is_all_of_them(self) -> bool:
        """No word is looked for: every clip that fits is an answer."""
        return bool(self.conditions) and not self.words.strip()


def understand(text: str, *, by: Viewer, as_typed: bool = False) -> Asked:
    """What `by` asks for. A tag is one that the clip has; a person is found by a part of their name, or `by:me`.

    `as_typed`: a tag at the very end may be the beginning of one.
    """
    text = text.encode("utf-8", "replace").decode()
    conditions: list[Q] = []

    def take(found: re.Match[str]) -> str:
        may_go_on = as_typed and found.end() == len(text) and text[-1] != '"'
        condition = _condition(found[2].lower(), found[3].strip('" '), by, may_go_on) if found[2] else None
        if condition is None:
            return found[0]
        conditions.append(~condition if found[1] else condition)
        return " "

    words = _WRITTEN.sub(take, text)
    return Asked(words, tuple(conditions))


def _condition(operator: str, said: str, by: Viewer, may_go_on: bool) -> Q | None:
    """None where it is not understood."""
    if operator == "by":
        return _of_person(said, by)
    if operator == "tag":
        return _tagged(said, may_go_on)
    read, lookup = _COMPARED[operator]
    value = read(said)
    return None if value is None else Q(**{lookup: value})


def _of_person(said: str, by: Viewer) -> Q | None:
    """By the name that is shown: of an address no more than what stands before the @."""
    if said.casefold() == "me" and isinstance(by, User):
        return Q(owner=by)
    if not said or "\x00" in said:
        return None
    named = Q(owner__name__icontains=said)
    return named if "@" in said else named | Q(owner__name="", owner__email__istartswith=said)


def _tagged(said: str, may_go_on: bool) -> Q | None:
    folded = fold_tag(said)
    fits = Q(tag__folded__startswith=folded) if may_go_on else Q(tag__folded=folded)
    return Q(pk__in=Tagging.objects.filter(fits).values("clip")) if folded else None


def _first_day(said: str) -> datetime | None:
    """2026, 2026-05 and 2026-05-01: where it begins."""
    found = _DAY.fullmatch(said)
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.groups())
    try:
        return datetime(year, month, day, tzinfo=timezone.get_current_timezone())
    except (ValueError, OverflowError):
        return None


def _seconds(said: str) -> float | None:
    """5, 5m, 90s, 1h and 1:30; minutes, unless something else is said."""
    found = _LENGTH.fullmatch(said)
    if found is None:
        return None
    number, unit, minutes, seconds = found.groups()
    return float(number) * _SECONDS[(unit or "m").lower()] if number else 60.0 * int(minutes) + int(seconds)


# How what is said is read, None where it is not understood, and what a clip has to fit.
_COMPARED: dict[str, tuple[Callable[[str], Any], str]] = {
    "before": (_first_day, "published_at__lt"),
    "after": (_first_day, "published_at__gte"),
    "longer": (_seconds, "recording__duration__gte"),
    "shorter": (_seconds, "recording__duration__lt"),
}
