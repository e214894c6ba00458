"""What goes into search and what comes out. Search knows documents, not clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Field = Literal["title", "tags", "description", "screen", "speech"]

# By words, by what sentences mean, or by both. Meaning needs weights (meaning.py); without, words are all there is.
Engine = Literal["lexical", "semantic", "fused"]


@dataclass(frozen=True)
class Line:
    """A piece of text and the second it belongs to (0 for a title)."""

    text: str
    start: float = 0.0


@dataclass(frozen=True)
class SearchDocument:
    """All that can be found of one thing: its lines, by field, in the order of time."""

    doc_id: int
    lines: dict[Field, Sequence[Line]]


@dataclass(frozen=True)
class Query:
    """What somebody typed, and how many documents they want to see. Any text is a query; none is an error."""

    text: str
    limit: int = 20
    offset: int = 0
    as_typed: bool = False  # the last word may be the beginning of one
    engine: Engine = "fused"


@dataclass(frozen=True)
class Snippet:
    """A readable piece of text, its matches marked: parts in order, each with whether it matched."""

    parts: Sequence[tuple[str, bool]]

    @property
    def text(self) -> str:
        """The piece without its marks."""
        return "".join(part for part, _ in self.parts)


@dataclass(frozen=True)
class Moment:
    """A second worth jumping to, and why."""

    at_seconds: float
    snippet: Snippet
    field: Field


@dataclass(frozen=True)
class Hit:
    """One document that was found, the higher the score the better, with its best moments first."""

    doc_id: int
    score: float
    moments: Sequence[Moment] = field(default_factory=tuple)


@dataclass(frozen=True)
class Hits:
    """A page of hits and how many there are in all; where `is_cut` at least so many, which were not counted further."""

    hits: Sequence[Hit]
    total: int
    is_cut: bool = False
    # What was typed though nobody says it, and what was looked for instead.
    respelled: Mapping[str, str] = field(default_factory=dict)
