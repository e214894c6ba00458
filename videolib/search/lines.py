"""The lines of a document as they are kept: no control characters, nothing that could be taken for a mark. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from videolib.search.types import Field, Line, SearchDocument
from videolib.search.words import BETWEEN_UNSPACED

# Invisible and of no width: it parts the characters of unspaced scripts for the index, and is taken out when shown.
PARTING = "\u200b"
# Around a match in a line when it is shown. Control characters are kept out of every line.
MARK, UNMARK = "\x02", "\x03"
_CONTROL = dict.fromkeys((*range(32), 127, ord(PARTING)), " ")

FIELDS: tuple[Field, ...] = ("title", "tags", "description", "screen", "speech")
# Lines of these have a second of their own.
TIMED: tuple[Field, ...] = ("screen", "speech")


def kept_lines(document: SearchDocument) -> Mapping[Field, Sequence[Line]]:
    """The lines of each field as they are kept, in the order of FIELDS; none that has no text."""
    return {
        field: [Line(text, line.start) for line in document.lines.get(field, ()) if (text := _kept(line.text))]
        for field in FIELDS
    }


def shown(text: str) -> str:
    """Kept text as people read it."""
    return text.replace(PARTING, "")


def _kept(text: str) -> str:
    text = " ".join(text.encode("utf-8", "replace").decode().translate(_CONTROL).split())
    return text if text.isascii() else BETWEEN_UNSPACED.sub(PARTING, unicodedata.normalize("NFC", text))
