"""Search on PostgreSQL: a tsvector that we fill with the very stems FTS5 would make, under a GIN index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from videolib.search.backends.ranked import FIELDS, RankedBackend, Score
from videolib.search.models import Passage
from videolib.search.ranking import FIELD_WEIGHTS
from videolib.search.stems import Form, forms_of, marked, tokens_of
from videolib.search.words import Word

_WEIGHT_OF_FIELD = " ".join(f"WHEN '{name}' THEN {FIELD_WEIGHTS[name]}" for name in FIELDS)
# A tsvector's own limits (PostgreSQL 12.11): positions of one word, and the highest position.
MOST_POSITIONS, LAST_POSITION = 255, 16_383

# See sqlite.py for what the parts are; here the index is asked by a tsquery.
_SAID = f"""
    SELECT %s::int AS word, doc_id AS doc, max(CASE field {_WEIGHT_OF_FIELD} END)::float8 AS field
    FROM videolib_passage WHERE words @@ %s::tsquery GROUP BY doc_id
"""
_DOCUMENTS = """
WITH allowed(doc) AS MATERIALIZED (SELECT DISTINCT * FROM ({among}) AS among),
said AS MATERIALIZED (SELECT * FROM ({said}) AS every WHERE doc IN (SELECT doc FROM allowed)),
library(size) AS MATERIALIZED (SELECT count(*) FROM allowed),
rarity AS MATERIALIZED (
    SELECT word, ln(1 + (size - count(*) + 0.5)::float8 / (count(*) + 0.5)::float8) AS weight
    FROM said, library GROUP BY word, size
)
SELECT doc, {every_word} AS every_word, sum(weight * field) AS covered,
    count(*) OVER (), (SELECT json_object_agg(word, weight)::text FROM rarity)
FROM said JOIN rarity USING (word)
GROUP BY doc HAVING count(*) FILTER (WHERE word < %s) = %s
ORDER BY every_word DESC, covered DESC, doc DESC LIMIT %s
"""
_TOGETHER = """
doc IN (
    SELECT doc_id FROM videolib_passage WHERE words @@ (
        SELECT string_agg(value, ' & ')::tsquery
        FROM json_array_elements_text(%s::json) WITH ORDINALITY AS asked(value, number) JOIN rarity ON word = number - 1
    )
)
"""

# BM25 with FTS5's own k1 = 1.2 and b = 0.75. How often: positions of the word's own stems; a phrase counts once.
_PASSAGES = """
WITH asked(query, stems, weight) AS (VALUES {asked}),
matches AS (
    SELECT passage.id, passage.length, asked.weight, greatest(1, (
        SELECT sum(cardinality(positions)) FROM unnest(passage.words) WHERE lexeme = ANY(asked.stems)
    )) AS times
    FROM videolib_passage AS passage JOIN asked ON passage.words @@ asked.query
    WHERE passage.doc_id = ANY(%s)
)
SELECT id, sum(weight * times * 2.2 / (times + 0.3 + 0.9 * length / (SELECT avg(length) FROM matches)))::float8
FROM matches GROUP BY id
"""
_ASKED = "(%s::tsquery, %s::text[], %s::float8)"

_INSERT = """
INSERT INTO videolib_passage (id, doc_id, field, text, starts, words, length)
VALUES (%s, %s, %s, %s, %s, %s::tsvector, %s)
"""


class PostgresBackend(RankedBackend):
    """The search backend of a library on PostgreSQL."""

    name = "postgres"
    documents, said, together = _DOCUMENTS, _SAID, _TOGETHER

    def expression(self, word: Word) -> str:
        """As a tsquery; stems are letters and digits only, so nothing in them can be an operator."""
        return f"({' | '.join(_side_by_side(form) for form in forms_of(word))})"

    def write(self, passages: Sequence[Passage]) -> None:
        """See RankedBackend. Whoever writes the same document at the same time waits for us."""
        starts = Passage._meta.get_field("starts")
        rows = []
        for passage in passages:
            vector, length = _vector_of(passage.text)
            value = starts.get_db_prep_save(passage.starts, connection)
            rows.append([passage.pk, passage.doc_id, passage.field, passage.text, value, vector, length])
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, rows)

    def remove(self, doc_ids: Iterable[int]) -> None:
        """See SearchBackend."""
        ids = sorted(doc_ids)
        if len(ids) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", ids)
        super().remove(ids)

    def score(self, words: Sequence[Word], doc_ids: Sequence[int], weights: Mapping[str, float]) -> Iterable[Score]:
        """See RankedBackend."""
        sql = _PASSAGES.format(asked=", ".join([_ASKED] * len(words)))
        values: list[Any] = []
        for word in words:
            values += [self.expression(word), _stems_of(word), weights.get(word.text, 0.0)]
        with connection.cursor() as cursor:
            cursor.execute(sql, [*values, list(doc_ids)])
            return list(cursor.fetchall())

    def mark(self, words: Sequence[Word], passage_ids: Sequence[int]) -> Iterable[tuple[int, str, Sequence[float]]]:
        """See RankedBackend."""
        passages = Passage.objects.filter(pk__in=passage_ids).values_list("pk", "text", "starts")
        return [(passage_id, marked(text, words), starts) for passage_id, text, starts in passages]


def _side_by_side(form: Form) -> str:
    *whole, last = (f"'{stem}'" for stem in form.stems)
    return " <-> ".join([*whole, last + (":*" if form.beginning else "")])


def _stems_of(word: Word) -> list[str]:
    return [form.stems[0] for form in forms_of(word) if len(form.stems) == 1]


def _vector_of(text: str) -> tuple[str, int]:
    """The text as a tsvector is written, and how many words it has."""
    positions: dict[str, list[int]] = defaultdict(list)
    tokens = tokens_of(text)
    for at, token in enumerate(tokens, 1):
        positions[token.stem].append(min(at, LAST_POSITION))
    written = (f"'{stem}':{','.join(map(str, sorted(set(at))[:MOST_POSITIONS]))}" for stem, at in positions.items())
    return " ".join(written), len(tokens)
