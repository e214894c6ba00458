"""Stems and marks of our own, against those of SQLite's FTS5, which they stand in for on PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from videolib.search.lines import MARK, UNMARK
from videolib.search.stems import Marker, stem_of, stems_of
from videolib.search.words import words_of

DOCS = Path(__file__).resolve().parents[3] / "docs"
# Porter corrected himself: FTS5 makes "possibl" of "possibly" and "topolog" of "topology", the stemmer
# "possibli" and "topologi"; each is true to itself.
CORRECTED = ("bly", "olog")


@pytest.fixture(scope="module")
def fts5() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE said USING fts5(text, tokenize='porter unicode61 remove_diacritics 2')"
        )
        connection.execute("CREATE VIRTUAL TABLE stems USING fts5vocab(said, row)")
        yield connection


def stems_by_fts5(fts5: sqlite3.Connection, text: str) -> set[str]:
    fts5.execute("DELETE FROM said")
    fts5.execute("INSERT INTO said VALUES (?)", (text,))
    return {stem for (stem,) in fts5.execute("SELECT term FROM stems")}


def by_us(text: str) -> set[str]:
    return set(stems_of(text))


def test_our_own_pages_have_the_same_stems_in_both(fts5: sqlite3.Connection) -> None:
    for page in DOCS.glob("*.md"):
        text = " ".join(
            word for word in page.read_text().split() if not any(part in word.lower() for part in CORRECTED)
        )
        assert by_us(text) == stems_by_fts5(fts5, text), page.name


@pytest.mark.parametrize(
    "text",
    [
        "ERR_CONN_RESET",
        "config.yaml src/app.py",
        "Über café naïve",
        "v2 00942 1e5",
        "is js vs",
        "İstanbul",
        "東\u200b京",
    ],
)
def test_names_numbers_and_accents_are_parted_and_folded_alike(fts5: sqlite3.Connection, text: str) -> None:
    assert by_us(text) == stems_by_fts5(fts5, text)


def test_a_word_longer_than_any_is_cut() -> None:
    assert len(stem_of("g" * 10_000)) == 64


def shown(text: str, typed: str, *, as_typed: bool = False) -> str:
    found = Marker(words_of(typed, as_typed=as_typed)).mark(text)
    return found.replace(MARK, "[").replace(UNMARK, "]")


def test_every_form_of_a_word_is_marked() -> None:
    assert shown("Deploy it; the deployment deploys.", "deploy") == "[Deploy] it; the [deployment] [deploys]."


def test_a_phrase_is_marked_as_one_and_only_where_it_stands_side_by_side() -> None:
    assert shown("pull request, request a pull", '"pull request"') == "[pull request], request a pull"


def test_marks_that_overlap_are_one() -> None:
    assert shown("see ERR_CONN_RESET here", "ERR_CONN_RESET") == "see [ERR_CONN_RESET] here"


def test_the_beginning_of_a_word_is_marked_while_it_is_typed() -> None:
    assert shown("keyboard and kube", "keyb", as_typed=True) == "[keyboard] and kube"


def test_text_without_a_match_stays_as_it_is() -> None:
    assert shown("nothing here", "else") == "nothing here"
