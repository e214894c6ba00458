"""Search on PostgreSQL: a tsvector that we fill with the very stems FTS5 would make, under a GIN index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from videolib.lib.rows import copy_rows
from videolib.search.backends.ranked import Kept, RankedBackend, SearchedRow, documents_in
from videolib.search.finding import Documents
from videolib.search.ranking import FIELD_WEIGHTS
from videolib.search.selected import selected
from videolib.search.stems import Form, forms_of
from videolib.search.types import Field
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
# Where no more than this part of the library lacks any of some words, the first documents are read off the table.
NEARLY_NONE = 0.1

# First it is asked in how many documents each word is; in which, too, where it is not common. To see that a word is
# common takes a walk through all its documents in the index, which is spared where PostgreSQL's own statistics know it
# (but not those of a part of the library). Of a common one it is guessed, by those or by how far into the table the
# first documents reach.
_SPREAD = """
WITH {mine}asked(word, query, stems) AS (VALUES {asked}),
library(size) AS MATERIALIZED (
    SELECT greatest(reltuples, (SELECT count(*) FROM (SELECT FROM videolib_searched LIMIT {most} * 2) AS few))
    FROM pg_class WHERE oid = 'videolib_searched'::regclass
),
known AS MATERIALIZED (
    SELECT word, max(part) * size AS documents
    FROM library, pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS often(stem, part), asked
    WHERE schemaname = current_schema() AND tablename = 'videolib_searched' AND attname = 'words' AND stem = ANY(stems)
    GROUP BY word, size HAVING max(part) * size > {most} * 2
)
SELECT word, documents, NULL::bigint[], size FROM known, library
UNION ALL
SELECT word, CASE WHEN count(*) > {most}
    THEN count(*) * pg_relation_size('videolib_searched') / 8192 / (max(place) + 1) ELSE count(*) END,
    CASE WHEN count(*) <= {most} THEN array_agg(doc) END, size
FROM library, asked CROSS JOIN LATERAL (
    SELECT doc_id AS doc, (ctid::text::point)[0] AS place FROM videolib_searched WHERE words @@ query {within}
    LIMIT {most} + 1
) AS first
WHERE word NOT IN (SELECT word FROM known) GROUP BY word, size
"""
_ASKED_HOW_OFTEN = "(%s, %s::tsquery, %s::text[])"

# Then which of those that are looked at (_Look) are the best. Only here it is asked who may see them, and each is taken
# out of its storage once (OFFSET keeps that so).
_DOCUMENTS = """
WITH {mine}asked(word, query, title, tags, description, guessed) AS (VALUES {asked}),
every AS MATERIALIZED (
    SELECT doc_id AS doc FROM videolib_searched WHERE words @@ {every} {within} LIMIT {most_every}
),
headed AS MATERIALIZED (
    SELECT doc_id AS doc FROM videolib_searched WHERE heading @@ (SELECT %s::tsquery) {within} LIMIT {most_headed}
),
more AS MATERIALIZED (
    SELECT doc_id AS doc FROM videolib_searched WHERE words @@ {more} {within}
    AND (SELECT count(*) FROM every) < {most_every} LIMIT {most}
),
candidates AS MATERIALIZED (
    SELECT unnest(%s::bigint[]) AS doc UNION TABLE every UNION TABLE headed UNION TABLE more
),
read AS MATERIALIZED (
    SELECT doc, heading, words || '' AS words FROM candidates JOIN videolib_searched ON doc_id = doc
    WHERE {allowed} {without} OFFSET 0
),
has AS MATERIALIZED (
    SELECT word, doc, CASE
        WHEN heading @@ title THEN {title} WHEN heading @@ tags THEN {tags}
        WHEN heading @@ description THEN {description} ELSE {speech}
    END::float8 AS field FROM read JOIN asked ON words @@ query
),
rarity AS MATERIALIZED (
    SELECT word, ln(1 + greatest(0, %s - said + 0.5) / (said + 0.5)) AS weight FROM (
        SELECT word, coalesce(guessed, count(*)) AS said FROM has JOIN asked USING (word) GROUP BY word, guessed
    ) AS counted
)
SELECT doc, count(*) = (SELECT count(*) FROM rarity) AS every_word, sum(weight * field) AS covered,
    count(*) OVER (), (SELECT json_object_agg(word, weight)::text FROM rarity), is_cut
FROM has JOIN rarity USING (word), (
    SELECT (SELECT count(*) FROM every) = {most_every} OR (SELECT count(*) FROM more) = {most}
) AS looked(is_cut)
GROUP BY doc, is_cut HAVING count(*) FILTER (WHERE word < %s) = %s
ORDER BY every_word DESC, covered DESC, doc DESC LIMIT %s
"""
_ASKED_WORD = "(%s, %s::tsquery, %s::tsquery, %s::tsquery, %s::tsquery, %s::float8)"
# The planner takes the table itself for what it can see is in nearly all of it, and the index for what it cannot see.
_BY_TABLE, _BY_INDEX = "%s::tsquery", "(SELECT %s::tsquery)"
# Row by row: to join all that somebody may see would take longer than all else.
_ALLOWED = "EXISTS (SELECT FROM ({among}) AS among(doc) WHERE among.doc = doc_id OFFSET 0)"
_ALLOWED_OF_A_PAGE = "doc_id = ANY (ARRAY({among}))"
_WITHOUT = "AND NOT words @@ %s::tsquery"
_MINE = "mine(doc) AS MATERIALIZED ({among}), "
_WITHIN_MINE = "AND doc_id IN (SELECT doc FROM mine)"

_COLUMNS = f"videolib_searched ({', '.join(SearchedRow._fields)}, heading, words)"
# In turns, the lowest number first: whoever writes the same documents at the same time waits for us.
_LOCK = "SELECT pg_advisory_xact_lock(doc) FROM unnest(%s::bigint[]) AS doc"


class PostgresBackend(RankedBackend):
    """The search backend of a library on PostgreSQL."""

    name = "postgres"

    def documents(
        self, words: Sequence[Word], among: QuerySet[Any], *, unwanted: Sequence[Word], most: int
    ) -> Documents:
        """See RankedBackend. Neither found nor counted beyond MOST."""
        most = min(most, MOST)
        documents, may_lack_some = self._best(words, _among(among, unwanted), most=most)
        if may_lack_some:
            # Those that were looked at are other people's, and there may be more: rare, and slower.
            documents, _ = self._best(words, _within(among, unwanted), most=most)
        return documents

    def _best(self, words: Sequence[Word], among: _Among, *, most: int) -> tuple[Documents, bool]:
        """The documents, and whether they are too few though others may answer that were not looked at."""
        spread = _spread(words, among)
        look = _look(words, spread)
        if look is None:
            return Documents(), False
        rows = _read(words, among, spread, look, most=most)
        if not rows:
            return Documents(), look.is_partial
        documents, was_cut = documents_in(rows, words), rows[0][5]
        is_cut = was_cut or look.lacks_some or documents.total > MOST
        return replace(documents, total=min(documents.total, MOST), is_cut=is_cut), was_cut and len(rows) < most

    def write(self, documents: Sequence[Kept]) -> None:
        """See RankedBackend."""
        copy_rows(_COLUMNS, ([*document.row, *_vectors_of(document)] for document in documents))

    def make_room(self, doc_ids: Sequence[int]) -> None:
        """See RankedBackend."""
        ids = sorted(doc_ids)
        with connection.cursor() as cursor:
            cursor.execute(_LOCK, [ids])
            cursor.execute("DELETE FROM videolib_searched WHERE doc_id = ANY(%s)", [ids])


@dataclass(frozen=True)
class _Among:
    """In SQL, what may be found: asked of each document that was looked at, or no others are looked at at all."""

    mine: str = ""
    within: str = ""
    allowed: str = "true"
    parameters: Sequence[Any] = ()  # of `mine`, or of `allowed`
    unwanted: str = ""  # a tsquery


def _among(among: QuerySet[Any], unwanted: Sequence[Word]) -> _Among:
    sql, parameters = selected(among)
    allowed = _ALLOWED_OF_A_PAGE if among.query.is_sliced else _ALLOWED
    return _Among(allowed=allowed.format(among=sql), parameters=parameters, unwanted=_any_of(unwanted))


def _within(among: QuerySet[Any], unwanted: Sequence[Word]) -> _Among:
    sql, parameters = selected(among)
    return _Among(_MINE.format(among=sql), _WITHIN_MINE, parameters=parameters, unwanted=_any_of(unwanted))


@dataclass(frozen=True)
class _Spread:
    """How many documents there are, in how many each common word is (guessed), and in which each other one.

    A word that none has is neither.
    """

    size: float
    common: Mapping[Word, float]
    rare: Mapping[Word, Sequence[int]]

    def nearly_all_have(self, words: Sequence[Word]) -> bool:
        """Whether nearly all documents have all of these common words."""
        return bool(words) and sum(1 - self.common[word] / self.size for word in words) <= NEARLY_NONE


@dataclass(frozen=True)
class _Look:
    """Which documents are looked at: these, the first with every word of `every`, and where it is few of `more`."""

    doc_ids: Set[int] = frozenset()
    every: Sequence[Word] = ()
    more: Sequence[Word] = ()
    lacks_some: bool = False  # more answer, and are not looked at

    @property
    def is_partial(self) -> bool:
        """Whether a document that answers may be none of these."""
        return bool(self.every or self.more or self.lacks_some)


def _spread(words: Sequence[Word], among: _Among) -> _Spread:
    asked: list[Any] = list(among.parameters) if among.mine else []
    for number, word in enumerate(words):
        asked += [number, _expression(word), None if among.mine else _single_stems(word)]
    values = ", ".join([_ASKED_HOW_OFTEN] * len(words))
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD.format(mine=among.mine, within=among.within, asked=values, most=MOST), asked)
        rows = cursor.fetchall()
    common = {words[number]: documents for number, documents, doc_ids, _ in rows if doc_ids is None}
    rare = {words[number]: doc_ids for number, _, doc_ids, _ in rows if doc_ids is not None}
    return _Spread(max([0.0, *(size for *_, size in rows), *common.values()]), common, rare)


def _look(words: Sequence[Word], spread: _Spread) -> _Look | None:
    """None where no document can answer."""
    said = [word for word in words if word in spread.common or word in spread.rare]
    required = [word for word in words if word.required]
    if not said or not set(required) <= set(said):
        return None
    if not spread.rare:
        rarest = min(said, key=lambda word: spread.common[word])
        more = [] if required == said else required or [rarest]
        return _Look(every=said, more=more, lacks_some=not required)
    doc_ids = frozenset(chain.from_iterable(spread.rare.values()))
    if any(word in spread.rare for word in required):
        return _Look(doc_ids)
    return _Look(doc_ids, more=required, lacks_some=bool(spread.common) and not required)


def _read(words: Sequence[Word], among: _Among, spread: _Spread, look: _Look, *, most: int) -> list[Any]:
    """As _DOCUMENTS gives it."""
    sql = _DOCUMENTS.format(
        mine=among.mine,
        within=among.within,
        allowed=among.allowed,
        without=_WITHOUT if among.unwanted else "",
        every=_BY_TABLE if spread.nearly_all_have(look.every) else _BY_INDEX,
        more=_BY_TABLE if spread.nearly_all_have(look.more) else _BY_INDEX,
        **FIELD_WEIGHTS,
        asked=", ".join([_ASKED_WORD] * len(words)),
        most=MOST,
        most_every=MOST_EVERY,
        most_headed=MOST_HEADED,
    )
    asked: list[Any] = []
    for number, word in enumerate(words):
        asked += [number, *(_expression(word, label) for label in ("", *LABELS.values())), spread.common.get(word)]
    every, required = _all_of(look.every, among.unwanted), sum(word.required for word in words)
    before, after = (among.parameters, ()) if among.mine else ((), among.parameters)
    looked_at = [every, every, _all_of(look.more, among.unwanted), list(look.doc_ids)]
    after = [*after, among.unwanted] if among.unwanted else after
    with connection.cursor() as cursor:
        cursor.execute(sql, [*before, *asked, *looked_at, *after, spread.size, required, required, most])
        rows: list[Any] = cursor.fetchall()
    return rows


def _expression(word: Word, label: str = "") -> str:
    """As a tsquery, of words with that label; stems are letters and digits only: nothing in them can be an operator."""
    return f"({' | '.join(_side_by_side(form, label) for form in forms_of(word))})"


def _any_of(words: Iterable[Word]) -> str:
    return " | ".join(map(_expression, words))


def _all_of(words: Iterable[Word], unwanted: str) -> str | None:
    every = " & ".join(map(_expression, words))
    return f"{every} & !({unwanted})" if every and unwanted else every or None


def _single_stems(word: Word) -> list[str] | None:
    """The stems that statistics may know; None where the word is a phrase, or only the beginning of one."""
    forms = forms_of(word)
    return None if any(form.beginning or len(form.stems) > 1 for form in forms) else [form.stems[0] for form in forms]


def _side_by_side(form: Form, label: str) -> str:
    *whole, last = (f"'{stem}'" for stem in form.stems)
    ends = f":{'*' if form.beginning else ''}{label}".rstrip(":")
    between = f":{label}".rstrip(":")
    return " <-> ".join([*(stem + between for stem in whole), last + ends])


def _vectors_of(document: Kept) -> tuple[str, str]:
    """What stands in its heading, and all of it."""
    heading: list[Stretch] = []
    words: list[Stretch] = []
    at = 0
    for name, lines in document.lines.items():
        stems = [stem for line in lines for stem in document.stems(line.text)]
        words.append((at, stems, ""))
        heading += [(at, stems, LABELS[name])] if name in LABELS else []
        at += len(stems) + 1  # no phrase goes over the end of a field
    return _vector_of(heading), _vector_of(words)


def _vector_of(stretches: Iterable[Stretch]) -> str:
    """As a tsvector is written."""
    positions: dict[str, list[str]] = defaultdict(list)
    for at, stems, label in stretches:
        for place, stem in enumerate(stems, at):
            positions[stem].append(f"{place % LAST_POSITION + 1}{label}")
    return " ".join(f"'{stem}':{','.join(at[:MOST_POSITIONS])}" for stem, at in positions.items())
