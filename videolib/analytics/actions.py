"""What people look for is counted, by words and by day, so that curators learn what the library lacks."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from videolib.accounts.actions import write_audit
from videolib.accounts.models import User
from videolib.analytics.models import MOST_CHARACTERS, Sought

log = logging.getLogger(__name__)

KEPT = timedelta(days=365)
# Of a pasted page; MOST_CHARACTERS of it are kept.
LOOKED_AT = 300
# Whoever searches does not wait for somebody who writes for a long time: then that search is not counted.
MOST_MILLISECONDS = 50

# What may tell who somebody is, or open something to whoever reads it.
_PRIVATE = (
    re.compile(r"\S@\S"),  # an e-mail address
    re.compile(r"(?=\S*[^\W\d_])(?=\S*\d)[\w+/=~-]{20,}"),  # a token, a key, a hash
    re.compile(r"(?:pass\w*|pwd|secret|token|key)\s*[:=]\s*\S", re.IGNORECASE),  # password=…
    re.compile(r"\d(?:[\s().-]?\d){8,}"),  # a number of a telephone or a card
)
# One statement, so that many may ask the same at once.
_COUNT = """
INSERT INTO videolib_sought AS sought (words, day, found, in_vain, done) VALUES (%s, %s, %s, %s, 0)
ON CONFLICT (words, day)
DO UPDATE SET found = sought.found + excluded.found, in_vain = sought.in_vain + excluded.in_vain
"""


def record_search(words: str, *, found: bool) -> None:
    """Count that somebody looked for WORDS and found something, or nothing. Who it was is not asked.

    Left out are texts that look like a secret, an e-mail address or a telephone number. Never fails: where the
    database cannot be written, or not at once, this search is not counted.
    """
    words = words[:LOOKED_AT]
    folded = fold_words(words)
    if not any(character.isalnum() for character in folded) or looks_private(words):
        return
    today = timezone.localdate().isoformat()
    try:
        with _without_waiting(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, [folded, today, int(found), int(not found)])
    except DatabaseError as error:
        # PostgreSQL says below its first line what was to be written.
        log.warning("a search was not counted: %s", str(error).partition("\n")[0])


def set_aside(words: str, *, by: User) -> None:
    """A curator is done with WORDS that were looked for in vain: they are off the list until somebody asks again."""
    Sought.objects.filter(words=fold_words(words)).update(done=F("in_vain"))
    write_audit("set aside a search", "searched in vain", by=by)


def bring_back(words: str, *, by: User) -> None:
    """Undo `set_aside`."""
    Sought.objects.filter(words=fold_words(words)).update(done=0)
    write_audit("bring back a search", "searched in vain", by=by)


def forget_old_searches() -> int:
    """Remove what was looked for more than a year ago. Returns how many rows went."""
    return Sought.objects.filter(day__lt=timezone.localdate() - KEPT).delete()[0]


def fold_words(text: str) -> str:
    """What all ways to type the same share: case, spaces and how accents are typed do not matter."""
    visible = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return " ".join(unicodedata.normalize("NFKC", visible).casefold().split())[:MOST_CHARACTERS].strip()


def looks_private(text: str) -> bool:
    """Whether it may be a secret, or tell who somebody is."""
    return any(pattern.search(text) for pattern in _PRIVATE)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """SQLite has one who writes at a time; on PostgreSQL nobody holds these rows for longer than a statement."""
    if connection.vendor != "sqlite":
        yield
        return
    usual = 1000 * connection.settings_dict["OPTIONS"]["timeout"]
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {MOST_MILLISECONDS}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")
