"""Words as an index of ours keeps them: folded, stemmed, numbered; and text with the matches marked. Pure.

What SQLite's FTS5 does by itself (`porter unicode61 remove_diacritics 2`), for databases whose own parser would take
`ERR_CONN_RESET`, `config.yaml` and a path for something else: so both backends find the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import local

import Stemmer

from videolib.search.lines import MARK, UNMARK
from videolib.search.words import LONGEST_WORD, Word, other_forms

_PIECE = re.compile(r"[^\W_]+")
SHORTEST_STEMMED = 3  # FTS5 leaves shorter ones alone: "is", "js", "vs"
_of_thread = local()  # a stemmer keeps a buffer and may not be shared


@dataclass(frozen=True)
class Form:
    """Stems to be found side by side; of the last one perhaps only the beginning."""

    stems: tuple[str, ...]
    beginning: bool = False

    def stands_at(self, stems: Sequence[str], at: int) -> bool:
        """Whether these are the words from the one AT on, of a text of these."""
        said = stems[at : at + len(self.stems)]
        if len(said) < len(self.stems):
            return False
        *whole, last = zip(self.stems, said, strict=True)
        fits = last[1].startswith(last[0]) if self.beginning else last[0] == last[1]
        return fits and all(looked_for == stem for looked_for, stem in whole)


@lru_cache(maxsize=100_000)  # the same words come again and again
def stem_of(word: str) -> str:
    """The stem: case, accents and English endings gone."""
    folded = fold(word)[:LONGEST_WORD]
    return folded if len(folded) < SHORTEST_STEMMED else str(_stemmer().stemWord(folded))


def fold(text: str) -> str:
    """Case and accents gone."""
    apart = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _stemmer() -> Stemmer.Stemmer:
    if not hasattr(_of_thread, "stemmer"):
        _of_thread.stemmer = Stemmer.Stemmer("porter")
    stemmer: Stemmer.Stemmer = _of_thread.stemmer
    return stemmer


def stems_of(text: str) -> list[str]:
    """The words of a text in their order."""
    return [stem_of(piece) for piece in _PIECE.findall(text)]


def forms_of(word: Word) -> list[Form]:
    """All that a word looked for may stand there as."""
    return [
        Form(tuple(stem_of(piece) for piece in form.text.split()), form.beginning)
        for form in (word, *other_forms(word))
    ]


class Marker:
    """Puts MARK and UNMARK around every match in a text; matches that overlap are one."""

    def __init__(self, words: Iterable[Word]) -> None:
        forms = {form for word in words for form in forms_of(word)}
        self.beginnings = tuple(form.stems[0] for form in forms if form.beginning and len(form.stems) == 1)
        self.by_first_stem: dict[str, list[Form]] = defaultdict(list)
        for form in forms:
            self.by_first_stem[form.stems[0]].append(form)

    def mark(self, text: str) -> str:
        """The text with its matches marked."""
        parts, at = [], 0
        pieces = list(_PIECE.finditer(text))
        matches = self._matches([stem_of(piece[0]) for piece in pieces])
        for start, end in _joined((pieces[first].start(), pieces[last].end()) for first, last in matches):
            parts += [text[at:start], MARK, text[start:end], UNMARK]
            at = end
        return "".join([*parts, text[at:]])

    def _matches(self, stems: Sequence[str]) -> Iterator[tuple[int, int]]:
        """First and last word of each. A page of hits has ten thousand words, of which few are looked at twice."""
        for at, stem in enumerate(stems):
            longest = 1 if self.beginnings and stem.startswith(self.beginnings) else 0
            for form in self.by_first_stem.get(stem, ()):
                if len(form.stems) > longest and form.stands_at(stems, at):
                    longest = len(form.stems)
            if longest:
                yield at, at + longest - 1


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
