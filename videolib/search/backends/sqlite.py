"""Search on SQLite's FTS5: words are stemmed (porter), case and accents do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from videolib.lib.rows import insert_rows
from videolib.search.backends.ranked import Kept, RankedBackend, documents_in
from videolib.search.finding import Documents
from videolib.search.models import Searched
from videolib.search.ranking import FIELD_WEIGHTS
from videolib.search.selected import selected
from videolib.search.words import Word, other_forms

# Fields where a word counts more than elsewhere: FTS5 walks through all that have it once more for each.
_HEADING = {field: weight for field, weight in FIELD_WEIGHTS.items() if weight > 1}

# Which documents have a word, and what it counts there at least.
_HAVE = (
    "SELECT %s AS word, rowid AS doc, {weight} AS field FROM videolib_searched_fts WHERE videolib_searched_fts MATCH %s"
)

# `weight` is how rare a word is among the documents allowed (never below zero). A word none of them says, misheard or
# mistyped, is in no row of `rarity`, so it keeps nothing from having "every word".
_DOCUMENTS = """
WITH allowed(doc) AS MATERIALIZED (SELECT DISTINCT * FROM ({among})),
said AS MATERIALIZED (
    SELECT word, doc, max(field) AS field FROM ({have}) WHERE doc IN allowed {without} GROUP BY word, doc
),
library(size) AS MATERIALIZED (SELECT count(*) FROM allowed),
rarity AS MATERIALIZED (
    SELECT word, ln(1 + (size - count(*) + 0.5) / (count(*) + 0.5)) AS weight FROM said, library GROUP BY word
)
SELECT doc, count(*) = (SELECT count(*) FROM rarity) AS every_word, sum(weight * field) AS covered,
    count(*) OVER (), (SELECT json_group_object(word, weight) FROM rarity)
FROM said JOIN rarity USING (word)
GROUP BY doc HAVING count(*) FILTER (WHERE word < %s) = %s
ORDER BY every_word DESC, covered DESC, doc DESC LIMIT %s
"""

_WITHOUT = "AND doc NOT IN (SELECT rowid FROM videolib_searched_fts WHERE videolib_searched_fts MATCH %s)"


class SqliteBackend(RankedBackend):
    """The search backend of a library on SQLite. Triggers keep the index in step with the table."""

    name = "sqlite"

    def documents(
        self, words: Sequence[Word], among: QuerySet[Any], *, unwanted: Sequence[Word], most: int
    ) -> Documents:
        """See RankedBackend."""
        allowed, parameters = selected(among)
        have, said = [], list[Any]()
        for number, word in enumerate(words):
            for weight, columns in ((1.0, ""), *((weight, f"{field} : ") for field, weight in _HEADING.items())):
                have.append(_HAVE.format(weight=weight))
                said += [number, columns + _expression(word)]
        without, has_unwanted = (_WITHOUT, [_any_of(unwanted)]) if unwanted else ("", [])
        sql = _DOCUMENTS.format(among=allowed, have=" UNION ALL ".join(have), without=without)
        required = sum(word.required for word in words)
        with connection.cursor() as cursor:
            cursor.execute(sql, [*parameters, *said, *has_unwanted, required, required, most])
            return documents_in(cursor.fetchall(), words)

    def write(self, documents: Sequence[Kept]) -> None:
        """See RankedBackend."""
        insert_rows(Searched, Searched._meta.concrete_fields, (document.row for document in documents))


def _any_of(words: Sequence[Word]) -> str:
    return " OR ".join(_expression(word) for word in words)


def _expression(word: Word) -> str:
    """In FTS5's language; a word's pieces are letters and digits only, so nothing in it can be an operator."""
    forms = [f'"{form.text}"' + ("*" if form.beginning else "") for form in (word, *other_forms(word))]
    return f"({' OR '.join(forms)})"
