"""Search on SQLite's FTS5: words are stemmed (porter), case and accents do not matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from videolib.lib.rows import insert_rows
from videolib.search import ranking
from videolib.search.backends.ranked import (
    DOCUMENT_BITS,
    FIELD_BITS,
    WEIGHT_OF_FIELD,
    Documents,
    RankedBackend,
    Score,
    documents_in,
    rows_of,
    selected,
)
from videolib.search.models import Passage
from videolib.search.passages import MARK, UNMARK
from videolib.search.types import SearchDocument
from videolib.search.words import Word, other_forms

_FIELD_OF_ID = f"(rowid & {(1 << FIELD_BITS) - 1})"

# What one word says of a document: the weight of the best field it stands in.
_SAID = f"""
    SELECT %s AS word, rowid >> {DOCUMENT_BITS} AS doc, max(CASE {_FIELD_OF_ID} {WEIGHT_OF_FIELD} END) AS field
    FROM videolib_passage_fts WHERE videolib_passage_fts MATCH %s GROUP BY doc
"""

# `weight` is how rare a word is among the documents allowed (never below zero). A word none of them says, misheard or
# mistyped, is in no row of `rarity`, so it keeps nothing from having "every word".
_DOCUMENTS = """
WITH allowed(doc) AS MATERIALIZED (SELECT DISTINCT * FROM ({among})),
said AS MATERIALIZED (SELECT * FROM ({said}) WHERE doc IN allowed {without}),
library(size) AS MATERIALIZED (SELECT count(*) FROM allowed),
rarity AS MATERIALIZED (
    SELECT word, ln(1 + (size - count(*) + 0.5) / (count(*) + 0.5)) AS weight FROM said, library GROUP BY word
)
SELECT doc, {every_word} AS every_word, sum(weight * field) AS covered,
    count(*) OVER (), (SELECT json_group_object(word, weight) FROM rarity)
FROM said JOIN rarity USING (word)
GROUP BY doc HAVING count(*) FILTER (WHERE word < %s) = %s
ORDER BY every_word DESC, covered DESC, doc DESC LIMIT %s
"""

# A few words may stand anywhere in a document; more of them only side by side, see ranking.may_stand_anywhere.
_ANYWHERE = "count(*) = (SELECT count(*) FROM rarity)"
_TOGETHER = f"""
doc IN (
    SELECT rowid >> {DOCUMENT_BITS} FROM videolib_passage_fts WHERE videolib_passage_fts MATCH (
        SELECT coalesce(group_concat(value, ' AND '), '""') FROM json_each(%s) JOIN rarity ON word = key
    )
)
"""

_WITHOUT = f"""
AND doc NOT IN (SELECT rowid >> {DOCUMENT_BITS} FROM videolib_passage_fts WHERE videolib_passage_fts MATCH %s)
"""

_PASSAGES = f"""
SELECT rowid, -bm25(videolib_passage_fts) FROM videolib_passage_fts
WHERE videolib_passage_fts MATCH %s AND rowid >> {DOCUMENT_BITS} IN (SELECT value FROM json_each(%s))
"""

# The + keeps SQLite from asking the index once for every id, which takes seconds when a word is half typed.
_MARKED = """
SELECT passage.id, highlight(videolib_passage_fts, 0, %s, %s), passage.starts
FROM videolib_passage_fts JOIN videolib_passage AS passage ON passage.id = videolib_passage_fts.rowid
WHERE videolib_passage_fts MATCH %s AND +videolib_passage_fts.rowid IN (SELECT value FROM json_each(%s))
"""


class SqliteBackend(RankedBackend):
    """The search backend of a library on SQLite. Triggers keep the index in step with the table."""

    name = "sqlite"

    def documents(
        self, words: Sequence[Word], among: QuerySet[Any], *, unwanted: Sequence[Word], most: int
    ) -> Documents:
        """See RankedBackend."""
        allowed, parameters = selected(among)
        expressions = [_expression(word) for word in words]
        anywhere = ranking.may_stand_anywhere(words)
        every_word, together = (_ANYWHERE, []) if anywhere else (_TOGETHER, [json.dumps(expressions)])
        without, has_unwanted = (_WITHOUT, [_any_of(unwanted)]) if unwanted else ("", [])
        spoken = " UNION ALL ".join([_SAID] * len(words))
        sql = _DOCUMENTS.format(among=allowed, said=spoken, without=without, every_word=every_word)
        said = [value for numbered in enumerate(expressions) for value in numbered]
        required = sum(word.required for word in words)
        with connection.cursor() as cursor:
            cursor.execute(sql, [*parameters, *said, *has_unwanted, *together, required, required, most])
            return documents_in(cursor.fetchall(), words)

    def write(self, documents: Sequence[SearchDocument]) -> None:
        """See RankedBackend."""
        insert_rows(Passage, Passage._meta.concrete_fields, chain.from_iterable(map(rows_of, documents)))

    def score(self, words: Sequence[Word], doc_ids: Sequence[int], weights: Mapping[str, float]) -> Iterable[Score]:
        """See RankedBackend; FTS5 knows itself how rare a word is."""
        del weights
        with connection.cursor() as cursor:
            cursor.execute(_PASSAGES, [_any_of(words), json.dumps(doc_ids)])
            return list(cursor.fetchall())

    def mark(self, words: Sequence[Word], passage_ids: Sequence[int]) -> Iterable[tuple[int, str, Sequence[float]]]:
        """See RankedBackend."""
        with connection.cursor() as cursor:
            cursor.execute(_MARKED, [MARK, UNMARK, _any_of(words), json.dumps(passage_ids)])
            return [(passage_id, text, json.loads(starts)) for passage_id, text, starts in cursor.fetchall()]


def _any_of(words: Sequence[Word]) -> str:
    return " OR ".join(_expression(word) for word in words)


def _expression(word: Word) -> str:
    """In FTS5's language; a word's pieces are letters and digits only, so nothing in it can be an operator."""
    forms = [f'"{form.text}"' + ("*" if form.beginning else "") for form in (word, *other_forms(word))]
    return f"({' OR '.join(forms)})"
