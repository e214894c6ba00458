"""What search backends are tried with."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

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
    "'; DROP TABLE videolib_searched; --",
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


@dataclass(frozen=True)
class Question:
    """Words, and which of them stand in quotes."""

    words: Sequence[str]
    required: Collection[str]

    @property
    def text(self) -> str:
        """As somebody types it."""
        return " ".join(f'"{word}"' if word in self.required else word for word in self.words)


class AnyLibrary:
    """A small library out of a generator, and what search has to find in it: by looking at each of its documents."""

    # Each word, and which part of all documents says it.
    PARTS = {"alpha": 0.95, "beta": 0.5, "gamma": 0.5, "delta": 0.2, "kappa": 0.1, "zebra": 0.05, "nowhere": 0.0}

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.said = {
            number: {word for word, part in self.PARTS.items() if rng.random() < part}
            for number in range(1, rng.randint(5, 60))
        }

    def documents(self) -> Iterator[SearchDocument]:
        """Some of the words in the title, the others spoken."""
        for number, words in self.said.items():
            title = {word for word in words if self.rng.random() < 0.2}
            yield document(number, title=" ".join(sorted(title)), speech=["so", *sorted(words - title)])

    def question(self) -> Question:
        """One to four words, in half of the questions some in quotes."""
        words = self.rng.sample(sorted(self.PARTS), k=self.rng.randint(1, 4))
        return Question(words, self.rng.sample(words, k=max(0, self.rng.randint(-2, 2)) % (len(words) + 1)))

    def some_or_all(self) -> list[int]:
        """Who may be found."""
        part = self.rng.choice((0.1, 0.5, 1.0))
        return [number for number in self.said if self.rng.random() < part]

    def answers(self, asked: Question, allowed: Collection[int]) -> tuple[set[int], set[int]]:
        """Of those allowed, which answer, and which of them have every word that any of them says."""
        said = {number: self.said[number] & set(asked.words) for number in allowed}
        answers = {number for number, words in said.items() if words and words >= set(asked.required)}
        sayable = set().union(*said.values())
        return answers, {number for number in answers if said[number] == sayable}
