"""What search backends are tried with."""

from __future__ import annotations

from collections.abc import Sequence

from videolib.search.types import Line, SearchDocument

ODD_TEXTS = [
    "",
    " \t\n",
    '"',
    '"""',
    "'",
    "*",
    "git*",
    "* OR *",
    "NEAR(",
    "NEAR(git push, 5)",
    "git NEAR push",
    "AND",
    "OR",
    "NOT",
    "git AND",
    "NOT git",
    "git AND NOT push",
    "(((",
    "title:git",
    "text : git",
    "{text} : git",
    "- git",
    "^git",
    "git + push",
    "git\x00push",
    "\x00",
    "\ud800",
    "git \udfff push",
    "\x02git\x03",
    "🚀",
    "🚀 git 🎉",
    "%s %d %",
    "{} {0} {said}",
    "'; DROP TABLE videolib_passage; --",
    "\\",
    "git\\",
    "<script>alert(1)</script>",
    "git " * 2500,
    "g" * 10_000,
    '"' + "git push " * 1000 + '"',
    " ".join(f"word{number}" for number in range(2000)),
    "東京" * 3000,
    "١٢٣ ½ ⅷ ² ﬁ ß İ",
    "\u200b\u202e\ufeff",
    "e\u0301" * 500,
]
NOTHING_TO_LOOK_FOR = ["", "   ", "?!", "...", '""', '"?!"', "🚀", "*", "()", "\x00\x00", "\ud800", "—", "+-*/"]


def document(
    doc_id: int,
    *,
    title: str = "",
    tags: Sequence[str] = (),
    description: Sequence[str] = (),
    speech: Sequence[str | tuple[float, str]] = (),
) -> SearchDocument:
    """A document; spoken lines without a time of their own follow each other every five seconds."""
    spoken = [(5.0 * at, said) if isinstance(said, str) else said for at, said in enumerate(speech)]
    return SearchDocument(
        doc_id,
        {
            "title": [Line(title)],
            "tags": [Line(tag) for tag in tags],
            "description": [Line(line) for line in description],
            "speech": [Line(text, start) for start, text in spoken],
        },
    )
