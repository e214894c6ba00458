"""What makes one document a better answer than another: plain numbers, the same for every backend. Pure.

Tried on questions about screencasts (benchmarks/search_quality.py): what a document covers of the words, weighed by
how rare each is, plus its best passage, plus a little of the next ones, beats the best passage alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from videolib.search.types import Field
from videolib.search.words import Word

# What a word counts in the field where it counts most. A title is chosen with care; speech says everything once.
FIELD_WEIGHTS: dict[Field, float] = {"title": 2.0, "tags": 1.8, "description": 1.4, "speech": 1.0}

COVERED_COUNTS = 0.7
NEXT_PASSAGES, NEXT_COUNT = 3, 0.3

# Documents that have every word come first, whatever else they say. A longer text is a question in a sentence: nobody
# expects all its words just anywhere, and putting such documents first was measured to bury better answers. So there
# the words have to stand in one passage.
MOST_WORDS_ANYWHERE = 4
# Above anything else a score is made of.
EVERY_WORD_COUNTS = 1000.0


def score_of(every_word: bool, covered: float, passages: Sequence[float]) -> float:
    """The higher the better: `covered` is the weight of the words found, `passages` how well each passage did."""
    best, *others = sorted(passages, reverse=True) or [0.0]
    together = best + NEXT_COUNT * sum(others[:NEXT_PASSAGES])
    return COVERED_COUNTS * covered + together + (EVERY_WORD_COUNTS if every_word else 0.0)


def may_stand_anywhere(words: Sequence[Word]) -> bool:
    """Whether documents that have every word anywhere come before all others, not only those with all side by side."""
    return len(words) <= MOST_WORDS_ANYWHERE
