"""A document cut into passages: stretches that overlap, so that words said close together are found together. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from videolib.search.types import Field, Line, SearchDocument
from videolib.search.words import BETWEEN_UNSPACED

# A passage ends with the line that makes it this long (two or three spoken sentences, ten to fifteen seconds). Tried
# on questions about screencasts: the shorter the better down to 180 characters; each line is stored two or three times.
PASSAGE_CHARACTERS = 200
# Very short lines (a tag, "yes") make a passage of many; the jump is still chosen line by line.
MOST_LINES = 12

# Invisible and of no width: it parts the characters of unspaced scripts for the index, and is taken out when shown.
PARTING = "\u200b"
# Around a match in a passage as backends give it back. Control characters are kept out of every passage.
MARK, UNMARK = "\x02", "\x03"
_CONTROL = dict.fromkeys((*range(32), 127, ord(PARTING)), " ")


@dataclass(frozen=True)
class PassageText:
    """A passage as it is stored: one line a timed piece, parted by newlines, and the second each line begins at."""

    field: Field
    text: str
    starts: Sequence[float]


def passages_of(document: SearchDocument) -> Iterator[PassageText]:
    """Every line of the document in at least one passage, in the order of its fields and of time."""
    for field, lines in stored_lines(document).items():
        for stretch in _stretches(lines):
            yield PassageText(field, "\n".join(line.text for line in stretch), [line.start for line in stretch])


def stored_lines(document: SearchDocument) -> dict[Field, list[Line]]:
    """The lines of each field as passages hold them; none that has no text."""
    return {
        field: [Line(text, line.start) for line in lines if (text := _stored(line.text))]
        for field, lines in document.lines.items()
    }


def shown(text: str) -> str:
    """Stored text as people read it."""
    return text.replace(PARTING, "")


def _stored(text: str) -> str:
    text = " ".join(text.encode("utf-8", "replace").decode().translate(_CONTROL).split())
    return text if text.isascii() else BETWEEN_UNSPACED.sub(PARTING, unicodedata.normalize("NFC", text))


def _stretches(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    first, end = 0, 0
    while end < len(lines):
        end = _end_of_stretch(lines, first)
        yield lines[first:end]
        first += max(1, (end - first) // 2)


def _end_of_stretch(lines: Sequence[Line], first: int) -> int:
    length = 0
    for end, line in enumerate(lines[first : first + MOST_LINES], first + 1):
        length += len(line.text)
        # Two lines at least: what begins in one and goes on in the next is found, however long they are.
        if length >= PASSAGE_CHARACTERS and end - first > 1:
            return end
    return min(len(lines), first + MOST_LINES)
