"""Words nobody wrote as they were typed, and what may have been meant: what search knows within one slip.

The table has every word that any document ever said. All that is one slip away from what was typed is made up and
looked for there: one query whatever the number of words, and no index of parts of words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from django.db import connection

from videolib.search.models import Spelling
from videolib.search.stems import fold
from videolib.search.words import LONGEST_WORD, Word

# Shorter words have too many neighbours that mean something else.
SHORTEST_CORRECTED, SHORTEST_KNOWN = 4, 3
# So many of what may be meant by one word are asked about.
MOST_MEANT = 5
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_PIECE = re.compile(r"[^\W_]+")
# What readers of screens take for each other.
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "2": "z"})

_KNOWN = {
    "postgresql": """
        SELECT word, skeleton FROM videolib_spelling
        WHERE word = ANY(ARRAY(SELECT json_array_elements_text(%s::json)))
        OR skeleton = ANY(ARRAY(SELECT json_array_elements_text(%s::json)))
    """,
    "sqlite": """
        SELECT word, skeleton FROM videolib_spelling
        WHERE word IN (SELECT value FROM json_each(%s)) OR skeleton IN (SELECT value FROM json_each(%s))
    """,
}


def learn(texts: Iterable[str]) -> None:
    """Remember all words of these texts, in the caller's transaction."""
    words = {fold(piece) for text in texts for piece in set(_PIECE.findall(text))}
    known = {word for word, _ in _known(words, ())}
    # In the order of the alphabet: of two that learn the same at once one waits, and never each for the other.
    new = sorted(word for word in words - known if SHORTEST_KNOWN <= len(word) <= LONGEST_WORD)
    spellings = [Spelling(word=word, skeleton=skeleton_of(word)) for word in new]
    Spelling.objects.bulk_create(spellings, ignore_conflicts=True, batch_size=400)


def meant_by(words: Collection[Word]) -> dict[Word, list[str]]:
    """Of each word what may have been meant, the likest first; nothing of one that has to stand as it was typed."""
    typed = {word: fold(word.text) for word in words if _may_be_corrected(word)}
    if not typed:
        return {}
    guesses = {word: [*_slips(text), *(" ".join(halves) for halves in _halves(text))] for word, text in typed.items()}
    looked_for = {piece for some in guesses.values() for guess in some for piece in guess.split()}
    known = dict(_known(looked_for, {skeleton_of(text) for text in typed.values()}))
    return {
        word: _likest_first(text, {*_standing(guesses[word], known), *_alike(text, known)} - {text})[:MOST_MEANT]
        for word, text in typed.items()
    }


def skeleton_of(word: str) -> str:
    """The same for words that look the same on a screen: 0 and O, 1 and l and I, rn and m."""
    return word.translate(_ALIKE).replace("rn", "m").replace("vv", "w")


def _may_be_corrected(word: Word) -> bool:
    plain = not (word.required or word.beginning or " " in word.text)
    return plain and SHORTEST_CORRECTED <= len(word.text) <= LONGEST_WORD


def _standing(guesses: Iterable[str], known: Collection[str]) -> Iterator[str]:
    return (guess for guess in guesses if all(piece in known for piece in guess.split()))


def _alike(text: str, known: dict[str, str]) -> Iterator[str]:
    skeleton = skeleton_of(text)
    return (word for word, its_skeleton in known.items() if its_skeleton == skeleton)


def _likest_first(text: str, words: Iterable[str]) -> list[str]:
    """Few slips are in the first letter, or change one letter for one that stands nowhere near."""
    return sorted(
        words, key=lambda word: (word[0] != text[0], sorted(word) != sorted(text), word[-1] != text[-1], word)
    )


def _slips(text: str) -> Iterator[str]:
    """A letter too few, too many, another, or two changed about. Of numbers none: 00942 does not mean 00943."""
    if any(letter.isdigit() for letter in text):
        return
    letters = _alphabet_of(text)
    for at in range(len(text) + 1):
        before, after = text[:at], text[at:]
        yield from (before + letter + after for letter in letters)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]


def _halves(text: str) -> Iterator[tuple[str, str]]:
    """Two words that were typed as one."""
    return ((text[:at], text[at:]) for at in range(SHORTEST_KNOWN, len(text) - SHORTEST_KNOWN + 1))


def _alphabet_of(text: str) -> Sequence[str]:
    """Latin, and of other letters their neighbours in Unicode: the small ones of Greek or Cyrillic lie side by side."""
    blocks = {ord(letter) // 32 for letter in text if not letter.isascii()}
    others = (chr(number) for block in blocks for number in range(32 * block, 32 * block + 32))
    return [*_LATIN, *(letter for letter in others if letter.isalpha())]


def _known(words: Collection[str], skeletons: Collection[str]) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN[connection.vendor], [json.dumps(list(words)), json.dumps(list(skeletons))])
        return list(cursor.fetchall())
