"""Search on PostgreSQL: a tsvector that we fill with the very stems FTS5 would make, under a GIN index."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from videolib.lib.rows import copy_rows
from videolib.search.backends.ranked import Kept, RankedBackend, SearchedRow
from videolib.search.finding import Documents, Found
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
MOST_EVERY, MOST_HEADED = 300, 100
# Of those that have a rare word so many are read to see which common ones they have besides.
LIKELY = 150
# Where at least this part of the library has all of some words, the newest that do are found soonest one by one.
MANY = 0.2

# First it is asked in how many documents each word is; in which, too, where it is not common. To see that a word is
# common takes a walk through all its documents in the index, which is spared where PostgreSQL's own statistics know it
# (but not those of a part of the library). Of a common one it is guessed, by those or by how far into the table the
# first documents reach.
_SPREAD = """
WITH {mine}asked(word, query, stems, beginning) AS (VALUES {asked}),
library(size) AS MATERIALIZED (
    SELECT greatest(reltuples, (SELECT count(*) FROM (SELECT FROM videolib_searched LIMIT {most} * 2) AS few))
    FROM pg_class WHERE oid = 'videolib_searched'::regclass
),
often AS MATERIALIZED (
    SELECT stem, part
    FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS often(stem, part)
    WHERE schemaname = current_schema() AND tablename = 'videolib_searched' AND attname = 'words'
),
known AS MATERIALIZED (
    SELECT word, max(part) * size AS documents FROM library, (
        SELECT word, part FROM (SELECT word, unnest(stems) AS stem FROM asked) AS whole JOIN often USING (stem)
        UNION ALL
        SELECT word, part FROM asked JOIN often ON starts_with(stem, beginning)
    ) AS said GROUP BY word, size HAVING max(part) * size > {most} * 2
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
_ASKED_HOW_OFTEN = "(%s, %s::tsquery, %s::text[], %s::text)"

# Then which of those that are looked at (_Look) may be seen: only here it is asked. What they say is read, as their
# stems, of those only that are likely to come first: to take a document out of its storage costs more than all else.
_DOCUMENTS = """
WITH {mine}every AS MATERIALIZED (
    SELECT doc_id AS doc FROM videolib_searched WHERE {every} LIMIT {most_every}
),
headed AS MATERIALIZED (
    SELECT doc_id AS doc FROM videolib_searched WHERE heading @@ (SELECT %s::tsquery) {within} LIMIT {most_headed}
),
more AS MATERIALIZED (
    SELECT doc FROM (SELECT doc_id AS doc FROM videolib_searched WHERE {more} LIMIT {most}) AS first
    WHERE (SELECT count(*) FROM every) < {most_every}
),
likely(doc) AS MATERIALIZED (
    SELECT unnest(%s::bigint[]) UNION TABLE headed UNION (TABLE more LIMIT {most_headed})
),
candidates(doc) AS MATERIALIZED (
    SELECT unnest(%s::bigint[]) UNION TABLE every UNION TABLE headed UNION TABLE more
)
SELECT doc_id, doc_id IN (TABLE every), CASE WHEN doc_id IN (TABLE likely) THEN stems || ' ' END,
    CASE WHEN doc_id IN (TABLE likely) OR doc_id IN (TABLE every) THEN heading::text ELSE '' END,
    (SELECT count(*) FROM more) = {most} OR {all_are_every} AND (SELECT count(*) FROM every) = {most_every}
FROM candidates JOIN videolib_searched ON doc_id = doc WHERE {allowed} {without} {required}
"""
# One by one, the newest first (the planner sees in the query how many have it); or by the index of words, which has to
# collect all of them before it gives the first.
_ONE_BY_ONE = "words @@ %s::tsquery {within} ORDER BY doc_id DESC"
_BY_INDEX = "words @@ (SELECT %s::tsquery) {within}"
# Row by row: to join all that somebody may see would take longer than all else.
_ALLOWED = "EXISTS (SELECT FROM ({among}) AS among(doc) WHERE among.doc = doc_id OFFSET 0)"
_ALLOWED_OF_A_PAGE = "doc_id = ANY (ARRAY({among}))"
_WITHOUT = "AND NOT words @@ %s::tsquery"
_REQUIRED = "AND (doc_id IN (TABLE every) OR doc_id IN (TABLE more) OR words @@ %s::tsquery)"
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
        looked_at = _read(among, spread, look)
        documents = _weighed(words, spread, looked_at, most=most)
        if not documents.found:
            return Documents(), look.is_partial
        was_cut = looked_at[0].is_cut
        is_cut = was_cut or look.lacks_some or documents.total > MOST
        return replace(documents, total=min(documents.total, MOST), is_cut=is_cut), was_cut and len(
            documents.found
        ) < most

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
    rare: Mapping[Word, Set[int]]

    def likely(self, doc_ids: Iterable[int]) -> list[int]:
        """Of these documents, those that have most of the rare words."""
        often = Counter(chain.from_iterable(self.rare.values()))
        return nlargest(LIKELY, doc_ids, key=lambda doc_id: (often[doc_id], doc_id))

    def many_have(self, words: Sequence[Word]) -> bool:
        """Whether, as far as can be guessed, many documents have all of these words."""
        return bool(words) and math.prod(min(1.0, self.common.get(word, 0.0) / self.size) for word in words) >= MANY


@dataclass(frozen=True)
class _Look:
    """Which documents are looked at: these, the first with every word of `every`, and where it is few of `more`."""

    doc_ids: Set[int] = frozenset()
    every: Sequence[Word] = ()
    more: Sequence[Word] = ()
    required: Sequence[Word] = ()
    lacks_some: bool = False  # more answer, and are not looked at

    @property
    def is_partial(self) -> bool:
        """Whether a document that answers may be none of these."""
        return bool(self.more or self.lacks_some or (self.every and not self.doc_ids))


def _spread(words: Sequence[Word], among: _Among) -> _Spread:
    asked: list[Any] = list(among.parameters) if among.mine else []
    for number, word in enumerate(words):
        known = (None, None) if among.mine else _in_statistics(word)
        asked += [number, _expression(word), *known]
    values = ", ".join([_ASKED_HOW_OFTEN] * len(words))
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD.format(mine=among.mine, within=among.within, asked=values, most=MOST), asked)
        rows = cursor.fetchall()
    common = {words[number]: documents for number, documents, doc_ids, _ in rows if doc_ids is None}
    rare = {words[number]: frozenset(doc_ids) for number, _, doc_ids, _ in rows if doc_ids is not None}
    return _Spread(max([0.0, *(size for *_, size in rows), *common.values()]), common, rare)


def _look(words: Sequence[Word], spread: _Spread) -> _Look | None:
    """None where no document can answer."""
    said = [word for word in words if word in spread.common or word in spread.rare]
    required = [word for word in words if word.required]
    if not said or not set(required) <= set(said):
        return None
    every = said if len(said) > 1 or not spread.rare else []
    if not spread.rare:
        rarest = min(said, key=lambda word: spread.common[word])
        more = [] if required == said else required or [rarest]
        return _Look(every=every, more=more, required=required, lacks_some=not required)
    doc_ids = frozenset(chain.from_iterable(spread.rare.values()))
    if any(word in spread.rare for word in required):
        return _Look(doc_ids, every=every, required=required)
    lacks_some = bool(spread.common) and not required
    return _Look(doc_ids, every=every, more=required, required=required, lacks_some=lacks_some)


class _LookedAt(NamedTuple):
    """A document that may be seen: whether it has all words that any document has; its stems, each between spaces, and
    which words stand where in its heading, as PostgreSQL writes it, where they were read.
    """

    doc_id: int
    has_every: bool
    stems: str | None
    heading: str
    is_cut: bool


@dataclass(frozen=True)
class _Asked:
    """A word, and as what it stands in a document's stems and heading."""

    word: Word
    forms: Sequence[Form]
    rare: Set[int] | None  # which documents have it, where it is rare
    in_stems: Sequence[str]  # a phrase is no stem

    @classmethod
    def of(cls, word: Word, spread: _Spread) -> _Asked:
        """Of a word that any document has."""
        forms = forms_of(word)
        single = [f" {form.stems[0]}{'' if form.beginning else ' '}" for form in forms if len(form.stems) == 1]
        return cls(word, forms, spread.rare.get(word), single)

    def stands_in(self, looked: _LookedAt) -> bool:
        """Of a common word in a document whose stems were not read it is not known."""
        if self.rare is not None:
            return looked.doc_id in self.rare
        if looked.has_every or self.word.required:  # none was read that lacks one that has to be there
            return True
        return looked.stems is not None and any(stem in looked.stems for stem in self.in_stems)

    def counts(self, looked: _LookedAt) -> float:
        """What the word counts there: by the best field of the heading that it stands in."""
        labels = {label for form in self.forms for label in _labels(form, looked.heading)} if looked.heading else ()
        return max([1.0, *(FIELD_WEIGHTS[field] for field, label in LABELS.items() if label in labels)])


def _labels(form: Form, heading: str) -> set[str]:
    """Of the fields where all its stems stand."""
    labels = []
    for stem in form.stems:
        _, found, after = heading.partition(f"'{stem}" if form.beginning else f"'{stem}':")
        labels.append({letter for letter in after.partition(" ")[0] if letter.isupper()} if found else set())
    return set.intersection(*labels)


def _weighed(words: Sequence[Word], spread: _Spread, looked_at: Sequence[_LookedAt], *, most: int) -> Documents:
    """By the words each has: those with every word first, then by what these weigh. None that lacks a word that has to
    be there.
    """
    asked = [_Asked.of(word, spread) for word in words if word in spread.rare or word in spread.common]
    has = {looked: [each for each in asked if each.stands_in(looked)] for looked in looked_at}
    required = sum(word.required for word in words)
    has = {looked: some for looked, some in has.items() if sum(each.word.required for each in some) == required}
    said = Counter(each.word for some in has.values() for each in some)
    weights = {word: _rarity(spread.common.get(word, number), spread.size) for word, number in said.items()}
    found = [
        Found(
            looked.doc_id,
            len(some) == len(weights),
            sum(weights[each.word] * each.counts(looked) for each in some),
        )
        for looked, some in has.items()
    ]
    found.sort(key=lambda each: (not each.every_word, -each.covered, -each.doc_id))
    return Documents(found[:most], total=len(found), weights={word.text: weight for word, weight in weights.items()})


def _rarity(said: float, size: float) -> float:
    return math.log(1 + max(0.0, size - said + 0.5) / (said + 0.5))


def _read(among: _Among, spread: _Spread, look: _Look) -> list[_LookedAt]:
    """Those looked at that may be seen."""
    common = [word for word in look.required if word in spread.common]
    checked = common if look.doc_ids and common else []
    sql = _DOCUMENTS.format(
        mine=among.mine,
        within=among.within,
        allowed=among.allowed,
        without=_WITHOUT if among.unwanted else "",
        required=_REQUIRED if checked else "",
        every=(_ONE_BY_ONE if spread.many_have(look.every) else _BY_INDEX).format(within=among.within),
        more=(_ONE_BY_ONE if spread.many_have(look.more) else _BY_INDEX).format(within=among.within),
        all_are_every="false" if look.doc_ids else "true",
        most=MOST,
        most_every=MOST_EVERY,
        most_headed=MOST_HEADED,
    )
    every = _all_of(look.every, among.unwanted)
    looked_at = [every, every, _all_of(look.more, among.unwanted), spread.likely(look.doc_ids), list(look.doc_ids)]
    before, after = (among.parameters, ()) if among.mine else ((), among.parameters)
    after = [*after, *([among.unwanted] if among.unwanted else []), *([_all_of(checked, "")] if checked else [])]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*before, *looked_at, *after])
        return [_LookedAt._make(row) for row in cursor.fetchall()]


def _expression(word: Word, label: str = "") -> str:
    """As a tsquery, of words with that label; stems are letters and digits only: nothing in them can be an operator."""
    return f"({' | '.join(_side_by_side(form, label) for form in forms_of(word))})"


def _any_of(words: Iterable[Word]) -> str:
    return " | ".join(map(_expression, words))


def _all_of(words: Iterable[Word], unwanted: str) -> str | None:
    every = " & ".join(map(_expression, words))
    return f"{every} & !({unwanted})" if every and unwanted else every or None


def _in_statistics(word: Word) -> tuple[list[str] | None, str | None]:
    """The stems that statistics may know, and what may be the beginning of one; neither of a phrase."""
    forms = [form for form in forms_of(word) if len(form.stems) == 1]
    if " " in word.text:
        return None, None
    whole = [form.stems[0] for form in forms if not form.beginning]
    return whole, next((form.stems[0] for form in forms if form.beginning), None)


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
