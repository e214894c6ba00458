"""What sentences mean, worked out after they became findable by their words.

The outbox is the table itself: a document without vectors of what it says now waits. So nothing is lost with a worker
or a message, and to do one twice does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence

from django.db import connection, transaction

from videolib.lib.queue import send_on_commit
from videolib.search.lines import FIELDS
from videolib.search.meaning import Meaning, get_meaning
from videolib.search.models import Meant, Searched
from videolib.search.nearest import codes_of
from videolib.search.sentences import texts_with_meaning
from videolib.search.types import Field, Line

# Documents written by one deed are named to a worker at once. Those of a rebuild, or an import, are many hours of work,
# which the clock hands out by the minute: nobody waits behind them.
NUDGED_AT_ONCE = 5
# Documents read at a time.
PIECE = 20

_WAITING = """
SELECT searched.doc_id FROM videolib_searched AS searched
LEFT JOIN videolib_meant AS meant ON meant.doc_id = searched.doc_id AND meant.said = searched.said AND weights = %s
WHERE meant.doc_id IS NULL ORDER BY searched.doc_id DESC LIMIT %s
"""


def ask_for_meanings(doc_ids: Collection[int]) -> None:
    """These documents were written: once that is committed, have their sentences read."""
    if 0 < len(doc_ids) <= NUDGED_AT_ONCE:
        send_on_commit("search.make_meanings", list(doc_ids), queue="light")


def make_meanings(doc_ids: Collection[int]) -> int:
    """Make the vectors of these documents as far as they lack them. Returns of how many."""
    meaning = get_meaning()
    return sum(_make(meaning, searched) for searched in _read(doc_ids)) if meaning else 0


def make_missing_meanings(*, seconds: float) -> int:
    """The same of any that lack them, the newest first, until none does or that many seconds are over."""
    meaning, until, done = get_meaning(), time.monotonic() + seconds, 0
    while meaning and (waiting := waiting_for_meaning(meaning.name, PIECE)):
        for searched in _read(waiting):
            if time.monotonic() >= until:
                return done
            done += _make(meaning, searched)
    return done


def waiting_for_meaning(weights: str, most: int) -> list[int]:
    """Documents without vectors of what they say now, made by these weights; the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [weights, most])
        return [doc_id for (doc_id,) in cursor.fetchall()]


def _read(doc_ids: Collection[int]) -> Iterator[Searched]:
    columns = ("doc_id", "said", *FIELDS)
    return iter(Searched.objects.filter(pk__in=doc_ids).only(*columns).order_by("-pk"))


def _make(meaning: Meaning, searched: Searched) -> bool:
    """Slow, so outside any transaction; what was written meanwhile waits for its own vectors."""
    if Meant.objects.filter(doc_id=searched.pk, said=searched.said, weights=meaning.name).exists():
        return False
    vectors = meaning.of_sentences(texts_with_meaning(_lines_of(searched)))
    made = Meant(doc_id=searched.pk, said=searched.said, weights=meaning.name)
    made.vectors, made.codes = vectors.tobytes(), codes_of(vectors)
    with transaction.atomic():
        # Locked, so that nothing is left of a document that goes in this moment.
        if not Searched.objects.select_for_update().filter(pk=searched.pk, said=searched.said).exists():
            return False
        Meant.objects.filter(doc_id=searched.pk).delete()
        # Somebody else may have been as quick, with the same.
        Meant.objects.bulk_create([made], ignore_conflicts=True)
    return True


def _lines_of(searched: Searched) -> Mapping[Field, Sequence[Line]]:
    """As lines.kept_lines has them."""
    texts = {field: [text for text in getattr(searched, field).split("\n") if text] for field in FIELDS}
    return {field: [Line(text) for text in lines] for field, lines in texts.items()}
