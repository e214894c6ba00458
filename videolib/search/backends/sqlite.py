"""Search on SQLite's FTS5: words are stemmed (porter), case and accents do not matter.

Finding takes three queries, however many documents there are:
1. which documents have which words, counted exactly among those allowed, and the best POOL of them by that alone;
2. how well each passage of those does (bm25), which orders the pool;
3. the best passages of the documents on the asked-for page, matches marked.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet

from videolib.search import ranking
from videolib.search.models import Passage
from videolib.search.moments import MarkedPassage, best_moments
from videolib.search.passages import MARK, UNMARK, passages_of
from videolib.search.types import Field, Hit, Hits, Query, SearchDocument
from videolib.search.words import Word, other_forms, words_of

# So many documents are ordered by their passages; those after them stay in the order of the words they cover.
POOL = 200
# Passages of one document that are looked through for its moments.
PASSAGES_LOOKED_THROUGH = 6

# A passage's id says whose it is: document, number within it, field. So the index alone tells which documents match,
# without a look into the table for each passage.
_DOCUMENT_BITS, _FIELD_BITS = 24, 4
_FIELDS: tuple[Field, ...] = ("title", "tags", "description", "speech")
_FIELD_OF_ID = f"(rowid & {(1 << _FIELD_BITS) - 1})"

# What one word says of a document: the weight of the best field it stands in.
_WEIGHT_OF_FIELD = " ".join(f"WHEN {code} THEN {ranking.FIELD_WEIGHTS[name]}" for code, name in enumerate(_FIELDS))
_SAID = f"""
    SELECT %s AS word, rowid >> {_DOCUMENT_BITS} AS doc, max(CASE {_FIELD_OF_ID} {_WEIGHT_OF_FIELD} END) AS field
    FROM videolib_passage_fts WHERE videolib_passage_fts MATCH %s GROUP BY doc
"""

# `weight` is how rare a word is among the documents allowed (never below zero). A word none of them says, misheard or
# mistyped, is in no row of `rarity`, so it keeps nothing from having "every word".
_DOCUMENTS = """
WITH allowed(doc) AS MATERIALIZED (SELECT DISTINCT * FROM ({among})),
said AS MATERIALIZED (SELECT * FROM ({said}) WHERE doc IN allowed),
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
    SELECT rowid >> {_DOCUMENT_BITS} FROM videolib_passage_fts WHERE videolib_passage_fts MATCH (
        SELECT coalesce(group_concat(value, ' AND '), '""') FROM json_each(%s) JOIN rarity ON word = key
    )
)
"""

_PASSAGES = f"""
SELECT rowid, -bm25(videolib_passage_fts) FROM videolib_passage_fts
WHERE videolib_passage_fts MATCH %s AND rowid >> {_DOCUMENT_BITS} IN (SELECT value FROM json_each(%s))
"""

# The + keeps SQLite from asking the index once for every id, which takes seconds when a word is half typed.
_MARKED = """
SELECT passage.id, highlight(videolib_passage_fts, 0, %s, %s), passage.starts
FROM videolib_passage_fts JOIN videolib_passage AS passage ON passage.id = videolib_passage_fts.rowid
WHERE videolib_passage_fts MATCH %s AND +videolib_passage_fts.rowid IN (SELECT value FROM json_each(%s))
"""


@dataclass(frozen=True)
class _Found:
    """A document that has some of the words."""

    doc_id: int
    every_word: bool
    covered: float


@dataclass(frozen=True)
class _Documents:
    """The first documents that were found, how many there are in all, and how rare each word is."""

    found: Sequence[_Found] = ()
    total: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)


class SqliteBackend:
    """The search backend of a library on SQLite."""

    name = "sqlite"

    @transaction.atomic
    def put(self, document: SearchDocument) -> None:
        """Make `document` findable as it stands now, in the caller's transaction; what it said before is gone."""
        self.remove([document.doc_id])
        Passage.objects.bulk_create(
            Passage(
                pk=_id_of(document.doc_id, number, passage.field),
                doc_id=document.doc_id,
                field=passage.field,
                text=passage.text,
                starts=list(passage.starts),
            )
            for number, passage in enumerate(passages_of(document))
        )

    def remove(self, doc_ids: Iterable[int]) -> None:
        """Make these documents unfindable."""
        ids = list(doc_ids)
        with transaction.atomic():
            for at in range(0, len(ids), 500):
                Passage.objects.filter(doc_id__in=ids[at : at + 500]).delete()

    def known_ids(self) -> set[int]:
        """The ids of all documents that are findable."""
        return set(Passage.objects.values_list("doc_id", flat=True).distinct())

    def find(self, query: Query, *, among: QuerySet[Any]) -> Hits:
        """The documents that answer `query`, best first, only of those whose ids `among` selects (one column).

        The total is exact. Never an error, whatever the text; an empty or unanswerable one finds nothing.
        """
        words = words_of(query.text, as_typed=query.as_typed)
        first, last = query.offset, query.offset + query.limit
        documents = _documents(words, among, most=max(POOL, last)) if words else _Documents()
        shown = documents.found[POOL:][max(0, first - POOL) : max(0, last - POOL)]
        passages = _passages(words, [*documents.found[:POOL], *shown])
        ranked = [*_ranked(documents.found[:POOL], passages), *_ranked(documents.found[POOL:], {})]
        return Hits(_with_moments(ranked[first:last], passages, words, documents.weights), documents.total)


def _documents(words: Sequence[Word], among: QuerySet[Any], *, most: int) -> _Documents:
    asked = among.query.chain()
    asked.clear_ordering(force=False)
    try:
        allowed, parameters = asked.sql_with_params()
    except EmptyResultSet:
        return _Documents()
    anywhere = ranking.may_stand_anywhere(words)
    every_word, together = (_ANYWHERE, []) if anywhere else (_TOGETHER, [json.dumps([*map(_expression, words)])])
    sql = _DOCUMENTS.format(among=allowed, said=" UNION ALL ".join([_SAID] * len(words)), every_word=every_word)
    said = [value for number, word in enumerate(words) for value in (number, _expression(word))]
    required = sum(word.required for word in words)
    with connection.cursor() as cursor:
        rows = cursor.execute(sql, [*parameters, *said, *together, required, required, most]).fetchall()
    if not rows:
        return _Documents()
    weights = {words[int(number)].text: weight for number, weight in json.loads(rows[0][4]).items()}
    return _Documents([_Found(doc, bool(every), covered) for doc, every, covered, *_ in rows], rows[0][3], weights)


def _passages(words: Sequence[Word], among: Sequence[_Found]) -> dict[int, list[tuple[int, float]]]:
    """By document, the ids of its passages that match, and how well."""
    scores = defaultdict(list)
    if among:
        with connection.cursor() as cursor:
            cursor.execute(_PASSAGES, [_any_of(words), json.dumps([document.doc_id for document in among])])
            for passage_id, score in cursor:
                scores[passage_id >> _DOCUMENT_BITS].append((passage_id, score))
    return scores


def _ranked(found: Sequence[_Found], passages: Mapping[int, Sequence[tuple[int, float]]]) -> list[Hit]:
    hits = []
    for document in found:
        scores = [score for _, score in passages.get(document.doc_id, ())]
        hits.append(Hit(document.doc_id, ranking.score_of(document.every_word, document.covered, scores)))
    return sorted(hits, key=lambda hit: (-hit.score, -hit.doc_id))


def _with_moments(
    hits: Sequence[Hit],
    passages: Mapping[int, Sequence[tuple[int, float]]],
    words: Sequence[Word],
    weights: Mapping[str, float],
) -> list[Hit]:
    scores = {passage_id: score for hit in hits for passage_id, score in _looked_through(passages[hit.doc_id])}
    marked = defaultdict(list)
    if hits:
        with connection.cursor() as cursor:
            cursor.execute(_MARKED, [MARK, UNMARK, _any_of(words), json.dumps(list(scores))])
            for passage_id, text, starts in cursor:
                passage = MarkedPassage(_field_of(passage_id), text, json.loads(starts), scores[passage_id])
                marked[passage_id >> _DOCUMENT_BITS].append(passage)
    return [replace(hit, moments=best_moments(marked[hit.doc_id], weights)) for hit in hits]


def _looked_through(passages: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """What is spoken first: other fields give a moment only where nothing spoken matched."""
    return nlargest(PASSAGES_LOOKED_THROUGH, passages, key=lambda each: (_field_of(each[0]) == "speech", each[1]))


def _id_of(doc_id: int, number: int, field: Field) -> int:
    return doc_id << _DOCUMENT_BITS | number << _FIELD_BITS | _FIELDS.index(field)


def _field_of(passage_id: int) -> Field:
    return _FIELDS[passage_id % (1 << _FIELD_BITS)]


def _any_of(words: Sequence[Word]) -> str:
    return " OR ".join(_expression(word) for word in words)


def _expression(word: Word) -> str:
    """A word in FTS5's own language; its pieces are letters and digits only, so nothing in it can be an operator."""
    forms = [f'"{form.text}"' + ("*" if form.beginning else "") for form in (word, *other_forms(word))]
    return f"({' OR '.join(forms)})"
