"""Search on PostgreSQL: a tsvector that we fill with the very stems FTS5 would make, under a GIN index."""

from __future__ import annotations

import json
import math
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from videolib.search import ranking
from videolib.search.backends.ranked import Documents, PassageRow, RankedBackend, Score, documents_in, rows_of, selected
from videolib.search.models import Passage
from videolib.search.passages import stored_lines
from videolib.search.ranking import FIELD_WEIGHTS
from videolib.search.stems import Form, Marker, forms_of, stems_of
from videolib.search.types import Field, SearchDocument
from videolib.search.words import Word

# A tsvector's own limits (PostgreSQL 12.11): positions of one word, and the highest position.
MOST_POSITIONS, LAST_POSITION = 255, 16_383
# How a tsvector says where a word stands. What is spoken has no label.
LABELS: dict[Field, str] = {"title": "A", "tags": "B", "description": "C"}
# Words side by side: where the first stands, their stems, their label.
Stretch = tuple[int, Sequence[str], str]

# Documents are looked at one by one only so far: of a word that half the library says, an index has fifty thousand, and
# each costs a look. A word in more than MOST documents is common; no more than MOST are ordered, counted and shown,
# which is further than anybody reads.
MOST = 500
# Of those with all words where all of them are common: so many, and so many that have all in their heading.
MOST_EVERY, MOST_HEADED = 300, 200
# To see that a word is common takes a walk through all its documents, and it stays so for a while.
COMMON_FOR = 3600.0

# `said` is asked of the index alone; how many documents say a common word is guessed from how far into the table the
# first ones reach. What is ordered: every document with a word that is not common, and some with all words; where that
# is little, those with a common one. Only then it is asked who may see them, and each is taken out of its storage once
# (OFFSET keeps that so). There is a row even where nothing is found: it tells whether all were looked at.
_DOCUMENTS = """
WITH {mine}asked(word, query, title, tags, description, known) AS (VALUES {asked}),
said AS MATERIALIZED (
    SELECT word, query, doc_id AS doc, place FROM asked CROSS JOIN LATERAL (
        SELECT doc_id, (ctid::text::point)[0] AS place FROM videolib_searched
        WHERE words @@ query AND known IS NULL {within} LIMIT {most} + 1
    ) AS first
),
frequency AS MATERIALIZED (
    SELECT word, query, count(*) > {most} AS common,
        count(*) * pg_relation_size('videolib_searched') / 8192 / (max(place) + 1) AS guessed
    FROM said GROUP BY word, query
    UNION ALL SELECT word, query, true, known FROM asked WHERE known IS NOT NULL
),
library(size) AS MATERIALIZED (
    SELECT greatest(reltuples, (SELECT count(*) FROM (SELECT FROM videolib_searched LIMIT {most} * 2) AS few), (
        SELECT max(guessed) FROM frequency WHERE common
    )) FROM pg_class WHERE oid = 'videolib_searched'::regclass
),
every AS MATERIALIZED (
    SELECT doc_id AS doc FROM videolib_searched WHERE words @@ {all_of} {within} LIMIT {most_every}
),
headed AS MATERIALIZED (
    SELECT doc_id AS doc FROM videolib_searched WHERE heading @@ {all_of} {within} LIMIT {most_headed}
),
candidates AS MATERIALIZED (
    SELECT doc FROM said JOIN frequency USING (word) WHERE NOT common OR (
        (SELECT bool_and(common) FROM frequency) AND (SELECT count(*) FROM every) < {most_every}
    ) UNION SELECT doc FROM every UNION SELECT doc FROM headed
),
read AS MATERIALIZED (
    SELECT doc, heading, words || '' AS words FROM candidates JOIN videolib_searched ON doc_id = doc
    WHERE {allowed} OFFSET 0
),
has AS MATERIALIZED (
    SELECT word, doc, CASE
        WHEN heading @@ title THEN {title} WHEN heading @@ tags THEN {tags}
        WHEN heading @@ description THEN {description} ELSE {speech}
    END::float8 AS field FROM read JOIN asked ON words @@ query
),
rarity AS MATERIALIZED (
    SELECT word, ln(1 + greatest(0, size - said + 0.5) / (said + 0.5)) AS weight FROM (
        SELECT word, CASE WHEN common THEN guessed ELSE count(*) END AS said
        FROM has JOIN frequency USING (word) GROUP BY word, common, guessed
    ) AS counted, library
)
SELECT doc, every_word, covered, total, (SELECT json_object_agg(word, weight)::text FROM rarity), common, every_is_cut
FROM (
    SELECT json_object_agg(word, guessed) FILTER (WHERE common)::text, (SELECT count(*) FROM every) >= {most_every}
    FROM frequency
) AS looked(common, every_is_cut) LEFT JOIN (
    SELECT doc, count(*) = (SELECT count(*) FROM rarity) {together} AS every_word, sum(weight * field) AS covered,
        count(*) OVER () AS total
    FROM has JOIN rarity USING (word)
    GROUP BY doc HAVING count(*) FILTER (WHERE word < %s) = %s
) AS found ON true
ORDER BY every_word DESC, covered DESC, doc DESC LIMIT %s
"""
# Of words that are all known to be common the query is written out, so that the planner sees how many have them all:
# where those are most, it reads the table from its beginning instead of walking through the index.
_ALL_OF = "(SELECT string_agg('(' || query::text || ')', ' & ')::tsquery FROM frequency)"
_ALL_OF_COMMON = "%s::tsquery"
_ASKED_WORD = "(%s, %s::tsquery, %s::tsquery, %s::tsquery, %s::tsquery, %s::float8)"
_TOGETHER = """
AND EXISTS (SELECT FROM videolib_passage WHERE doc_id = doc AND words @@ (
    SELECT string_agg('(' || query::text || ')', ' & ')::tsquery FROM rarity JOIN asked USING (word)
))
"""
# Row by row: to join all that somebody may see would take longer than all else.
_ALLOWED = "EXISTS (SELECT FROM ({among}) AS among(doc) WHERE among.doc = doc_id OFFSET 0)"
_ALLOWED_OF_A_PAGE = "doc_id = ANY (ARRAY({among}))"
_MINE = "mine(doc) AS MATERIALIZED ({among}), "
_WITHIN_MINE = "AND doc_id IN (SELECT doc FROM mine)"

# BM25 with FTS5's own k1 = 1.2 and b = 0.75. How often a word is there is read off ts_rank, which for one word is
# 6 / pi² * (1 + 1/4 + 1/9 + …): a look at each word of the vector costs ten times as much. A phrase counts once.
_TIMES = [6 / math.pi**2 * (sum(1 / n**2 for n in range(1, times + 1)) - 1e-3) for times in range(2, 9)]
# A word weighs what it weighs among documents, and more where only few passages of those that have it say it.
_PASSAGES = f"""
WITH asked(word, query, forms, weight) AS (VALUES {{asked}}),
matches AS MATERIALIZED (
    SELECT word, passage.id, passage.doc_id, passage.length, 1 + CASE WHEN forms > 0 THEN
        width_bucket(ts_rank('{{{{1, 1, 1, 1}}}}', words, query)::float8 * forms, ARRAY{_TIMES}) ELSE 0 END AS times
    FROM videolib_passage AS passage JOIN asked ON passage.words @@ asked.query
    WHERE passage.doc_id = ANY(%s)
),
rarity AS MATERIALIZED (
    SELECT word, avg(weight) + ln(greatest(1, (
        SELECT count(*) FROM videolib_passage WHERE doc_id = ANY(%s)
    )::float8 / cardinality(%s) * count(DISTINCT doc_id) / count(*))) AS weight
    FROM matches JOIN asked USING (word) GROUP BY word
)
SELECT id, sum(weight * times * 2.2 / (times + 0.3 + 0.9 * length / (SELECT avg(length) FROM matches)))::float8
FROM matches JOIN rarity USING (word) GROUP BY id
"""
_ASKED = "(%s, %s::tsquery, %s, %s::float8)"

_PASSAGE_COLUMNS = "COPY videolib_passage (id, doc_id, field, text, starts, words, length) FROM STDIN"
_DOCUMENT_COLUMNS = "COPY videolib_searched (doc_id, heading, words) FROM STDIN"
# In both tables: what stands in one alone is found badly, or not at all.
_KNOWN = """
SELECT doc_id FROM videolib_searched AS searched
WHERE EXISTS (SELECT FROM videolib_passage AS passage WHERE passage.doc_id = searched.doc_id)
"""
# In turns, the lowest number first: whoever writes the same documents at the same time waits for us.
_LOCK = "SELECT pg_advisory_xact_lock(doc) FROM unnest(%s::bigint[]) AS doc"


class PostgresBackend(RankedBackend):
    """The search backend of a library on PostgreSQL."""

    name = "postgres"

    def __init__(self) -> None:
        self.common = _Common()

    def documents(self, words: Sequence[Word], among: QuerySet[Any], *, most: int) -> Documents:
        """See RankedBackend. Neither found nor counted beyond MOST."""
        most = min(most, MOST)
        documents, every_is_cut = self._read(words, among, most=most)
        too_few = not documents.found or (every_is_cut and len(documents.found) < most)
        if documents.is_cut and too_few:
            # Those that were looked at are other people's, and there may be more: rare, and slower.
            documents, _ = self._read(words, among, most=most, within=True)
        return documents

    def _read(
        self, words: Sequence[Word], among: QuerySet[Any], *, most: int, within: bool = False
    ) -> tuple[Documents, bool]:
        """The documents, and whether only some of those with all words were looked at.

        What is known of the whole library says nothing of a part, nor the reverse.
        """
        known = {} if within else {word: self.common.get(word) for word in words}
        allowed, of_allowed = selected(among)
        all_common = bool(known) and all(known.values())
        written = [" & ".join(map(_expression, words))] * 2 if all_common else []
        sql = _DOCUMENTS.format(
            mine=_MINE.format(among=allowed) if within else "",
            within=_WITHIN_MINE if within else "",
            allowed="true" if within else _allowed(among).format(among=allowed),
            all_of=_ALL_OF_COMMON if all_common else _ALL_OF,
            **FIELD_WEIGHTS,
            asked=", ".join([_ASKED_WORD] * len(words)),
            together="" if ranking.may_stand_anywhere(words) else _TOGETHER,
            most=MOST,
            most_every=MOST_EVERY,
            most_headed=MOST_HEADED,
        )
        asked: list[Any] = []
        for number, word in enumerate(words):
            asked += [number, *(_expression(word, label) for label in ("", *LABELS.values())), known.get(word)]
        required = sum(word.required for word in words)
        before, after = (of_allowed, ()) if within else ((), of_allowed)
        with connection.cursor() as cursor:
            cursor.execute(sql, [*before, *asked, *written, *after, required, required, most])
            rows = cursor.fetchall()
        *_, common, every_is_cut = rows[0]
        said_in = {words[int(number)]: guessed for number, guessed in json.loads(common or "{}").items()}
        if not within:
            self.common.learn(said_in)
        documents = documents_in([row for row in rows if row[0] is not None], words)
        is_cut = documents.total > MOST or _lacks_some(words, said_in, every_is_cut=every_is_cut)
        return replace(documents, total=min(documents.total, MOST), is_cut=is_cut), every_is_cut

    def write(self, documents: Sequence[SearchDocument]) -> None:
        """See RankedBackend."""
        spoken = _Spoken()
        passages = chain.from_iterable(map(rows_of, documents))
        _copy(_PASSAGE_COLUMNS, map(spoken.passage_row, passages))
        _copy(_DOCUMENT_COLUMNS, map(spoken.document_row, documents))

    def remove(self, doc_ids: Iterable[int]) -> None:
        """See SearchBackend."""
        ids = sorted(doc_ids)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOCK, [ids])
            for table in ("videolib_passage", "videolib_searched"):
                cursor.execute(f"DELETE FROM {table} WHERE doc_id = ANY(%s)", [ids])

    def known_ids(self) -> set[int]:
        """See SearchBackend."""
        with connection.cursor() as cursor:
            cursor.execute(_KNOWN)
            return {doc_id for (doc_id,) in cursor.fetchall()}

    def score(self, words: Sequence[Word], doc_ids: Sequence[int], weights: Mapping[str, float]) -> Iterable[Score]:
        """See RankedBackend."""
        sql = _PASSAGES.format(asked=", ".join([_ASKED] * len(words)))
        values: list[Any] = []
        for number, word in enumerate(words):
            values += [number, _expression(word), _forms_to_count(word), weights.get(word.text, 0.0)]
        with connection.cursor() as cursor:
            cursor.execute(sql, [*values, *[list(doc_ids)] * 3])
            return list(cursor.fetchall())

    def mark(self, words: Sequence[Word], passage_ids: Sequence[int]) -> Iterable[tuple[int, str, Sequence[float]]]:
        """See RankedBackend."""
        passages, marker = Passage.objects.filter(pk__in=passage_ids).values_list("pk", "text", "starts"), Marker(words)
        return [(passage_id, marker.mark(text), starts) for passage_id, text, starts in passages]


def _allowed(among: QuerySet[Any]) -> str:
    return _ALLOWED_OF_A_PAGE if among.query.is_sliced else _ALLOWED


def _lacks_some(words: Sequence[Word], common: Container[Word], *, every_is_cut: bool) -> bool:
    """Whether a document that answers may not have been looked at: none of its words, or of the required, is rare."""
    required = [word for word in words if word.required]
    all_looked_at = len(required) == len(words) and not every_is_cut
    return all(word in common for word in required) and any(word in common for word in words) and not all_looked_at


def _copy(columns: str, rows: Iterable[list[Any]]) -> None:
    with connection.cursor() as cursor, cursor.copy(columns) as copy:
        for row in rows:
            copy.write_row(row)


def _expression(word: Word, label: str = "") -> str:
    """As a tsquery, of words with that label; stems are letters and digits only: nothing in them can be an operator."""
    return f"({' | '.join(_side_by_side(form, label) for form in forms_of(word))})"


def _side_by_side(form: Form, label: str) -> str:
    *whole, last = (f"'{stem}'" for stem in form.stems)
    ends = f":{'*' if form.beginning else ''}{label}".rstrip(":")
    between = f":{label}".rstrip(":")
    return " <-> ".join([*(stem + between for stem in whole), last + ends])


def _forms_to_count(word: Word) -> int:
    """Of how many words the query is made, where each is one; none where it has a phrase."""
    forms = forms_of(word)
    return 0 if any(len(form.stems) > 1 for form in forms) else len({form.stems for form in forms})


class _Common:
    """The words that are known to be common, and in how many documents they are."""

    def __init__(self) -> None:
        self.known: dict[Word, tuple[float, float]] = {}

    def get(self, word: Word) -> float | None:
        """In how many documents it is; None where that is not known, or was long ago."""
        documents, until = self.known.get(word, (None, 0.0))
        return documents if time.monotonic() < until else None

    def learn(self, guessed: Mapping[Word, float]) -> None:
        """As a search has just seen it. What is known stays as old as it is."""
        until = time.monotonic() + COMMON_FOR
        self.known |= {word: (documents, until) for word, documents in guessed.items() if self.get(word) is None}


class _Spoken:
    """Texts as vectors. A line stands in two passages and in its document, and is taken apart once."""

    def __init__(self) -> None:
        self.stems = cache(stems_of)

    def passage_row(self, passage: PassageRow) -> list[Any]:
        """As _PASSAGE_COLUMNS has it."""
        stems = [stem for line in passage.text.split("\n") for stem in self.stems(line)]
        return [*passage, _vector_of([(0, stems, "")]), len(stems)]

    def document_row(self, document: SearchDocument) -> list[Any]:
        """As _DOCUMENT_COLUMNS has it: what stands in its heading, and all of it."""
        heading: list[Stretch] = []
        words: list[Stretch] = []
        at = 0
        for name, lines in stored_lines(document).items():
            stems = [stem for line in lines for stem in self.stems(line.text)]
            words.append((at, stems, ""))
            heading += [(at, stems, LABELS[name])] if name in LABELS else []
            at += len(stems) + 1  # no phrase goes over the end of a field
        return [document.doc_id, _vector_of(heading), _vector_of(words)]


def _vector_of(stretches: Iterable[Stretch]) -> str:
    """As a tsvector is written."""
    positions: dict[str, list[str]] = defaultdict(list)
    for at, stems, label in stretches:
        for place, stem in enumerate(stems, at):
            positions[stem].append(f"{place % LAST_POSITION + 1}{label}")
    return " ".join(f"'{stem}':{','.join(at[:MOST_POSITIONS])}" for stem, at in positions.items())
