"""A document taken apart into sentences and the numbers of their words, packed to be compared quickly. Pure.

What a document says is kept as numbers into a list of its own stems, sentence after sentence: forty documents are
compared with a question in a millisecond (ranking.py), with no look into their text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from videolib.search.lines import FIELDS, shown
from videolib.search.stems import Form, forms_of, stems_of
from videolib.search.types import Field, Line
from videolib.search.words import Word

# Captions are pieces of a sentence. They are joined until one ends, or until there are so many words: a jump lands
# well at the beginning of what is said, and badly in its middle.
WORDS_OF_A_SENTENCE = 12
_ENDS = (".", "?", "!", "。", "？", "！", "…", '."', '?"', '!"')

# A row a sentence: the number of its field in FIELDS, of how many lines it is made, how many words it has.
SENTENCE = np.dtype([("field", "u1"), ("lines", "<u2"), ("words", "<u4")])
# The numbers of words are 16 bits. What a document says beyond so many different words is found by the index alone.
MOST_STEMS = 0xFFFF
_SPACE = ord(" ")
# Two words stand side by side, too, where a stop word or two are between them.
NEAR = 3


class TakenApart(NamedTuple):
    """A document's sentences: `stems` are its different words, each after a space, `numbers` says word after word
    which of them it is (uint16), `sentences` are rows of SENTENCE.
    """

    stems: str
    numbers: bytes
    sentences: bytes


def take_apart(lines: Mapping[Field, Sequence[Line]], stems: Callable[[str], Sequence[str]] = stems_of) -> TakenApart:
    """Of kept lines (lines.py). `stems` may be handed in by who has taken the same lines apart before."""
    number_of: dict[str, int] = {}
    numbers: list[int] = []
    rows: list[tuple[int, int, int]] = []
    for code, field in enumerate(FIELDS):
        for sentence in sentences_of(field, lines[field]):
            before = len(numbers)
            for line in sentence:
                numbers += [min(number_of.setdefault(stem, len(number_of)), MOST_STEMS) for stem in stems(line.text)]
            rows.append((code, len(sentence), len(numbers) - before))
    known = "".join(f" {stem}" for stem in list(number_of)[:MOST_STEMS])
    return TakenApart(known, np.array(numbers, "<u2").tobytes(), np.array(rows, SENTENCE).tobytes())


def sentences_of(field: Field, lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Lines joined to sentences; where nothing is spoken each line is one."""
    sentence: list[Line] = []
    words = 0
    for line in lines:
        sentence.append(line)
        words += len(line.text.split())
        if field != "speech" or words >= WORDS_OF_A_SENTENCE or line.text.endswith(_ENDS):
            yield sentence
            sentence, words = [], 0
    if sentence:
        yield sentence


def texts_with_meaning(lines: Mapping[Field, Sequence[Line]]) -> list[str]:
    """The title and each spoken sentence, as people read them: what vectors are made of."""
    spoken = sentences_of("speech", lines["speech"])
    return [shown(" ".join(line.text for line in sentence)) for sentence in (lines["title"], *spoken)]


def digest_of(lines: Mapping[Field, Sequence[Line]]) -> str:
    """The same where title and spoken sentences are."""
    return blake2b("\n".join(texts_with_meaning(lines)).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Pool:
    """Some documents side by side, their words in one row of numbers.

    `offsets` says at which of all sentences each document begins (and one more: where the last ends), `fields` the
    code of each sentence's field, `begins` at which of all words it begins (and one more), `stretches` the number of
    its field of its document among all of those, `numbers` the number of each word among the stems of all documents.
    """

    doc_ids: Sequence[int]
    stems: bytes
    numbers: NDArray[np.int64]
    offsets: NDArray[np.int64]
    fields: NDArray[np.int64]
    begins: NDArray[np.int64]
    lines: NDArray[np.int64]

    @classmethod
    def of(cls, documents: Iterable[tuple[int, str, bytes, bytes]]) -> Pool:
        """Of (doc_id, stems, numbers, sentences), as TakenApart has them."""
        kept = list(documents)
        rows = [np.frombuffer(sentences, SENTENCE) for *_, sentences in kept]
        texts = [stems.encode() for _, stems, *_ in kept]
        before = np.cumsum([0, *(text.count(b" ") for text in texts)])
        numbers = [np.frombuffer(each, "<u2").astype(np.int64) for _, _, each, _ in kept]
        for own, first, following in zip(numbers, before, before[1:], strict=False):
            own[own >= following - first] = -1 - first  # a word beyond MOST_STEMS: none that can be asked for
            own += first
        sentences = np.concatenate([np.empty(0, SENTENCE), *rows])
        return cls(
            [doc_id for doc_id, *_ in kept],
            b"".join(texts) + b" ",
            np.concatenate([np.empty(0, np.int64), *numbers]),
            np.cumsum([0, *map(len, rows)]),
            sentences["field"].astype(np.int64),
            np.cumsum([0, *sentences["words"]], dtype=np.int64),
            sentences["lines"].astype(np.int64),
        )

    @cached_property
    def document_of(self) -> NDArray[np.int64]:
        """Of each sentence, the number of its document in the pool."""
        return np.repeat(np.arange(len(self.doc_ids)), np.diff(self.offsets))

    @cached_property
    def stretch_of(self) -> NDArray[np.int64]:
        """Of each sentence, the number of its field of its document: what follows each other there belongs together."""
        return self.document_of * len(FIELDS) + self.fields

    @cached_property
    def first_lines(self) -> NDArray[np.int64]:
        """Of each sentence, the number of its first line in its field of its document."""
        before: NDArray[np.int64] = np.cumsum(self.lines) - self.lines
        first, _ = self.bounds
        return before - before[first]

    @cached_property
    def bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each sentence, the first of its field of its document, and the one after the last."""
        begins = np.flatnonzero(np.diff(self.stretch_of, prepend=-1))
        which = np.searchsorted(begins, np.arange(len(self.fields)), side="right") - 1
        return begins[which], np.append(begins[1:], len(self.fields))[which]

    @cached_property
    def sentence_of(self) -> NDArray[np.int64]:
        """Of each word, the number of its sentence."""
        return np.repeat(np.arange(len(self.fields)), np.diff(self.begins))

    def times(self, word: Word) -> NDArray[np.int64]:
        """How often the word begins in each sentence."""
        here = self.single(word)
        for form in forms_of(word):
            if len(form.stems) > 1:
                here = here | self._begins(form)
        return self._count(here)

    def pair(self, first: Word, second: Word) -> NDArray[np.int64]:
        """How often the second word stands NEAR behind the first, in each sentence; forms that are phrases aside."""
        one, other = self.single(first), self.single(second)
        together = np.zeros(len(one), bool)
        for apart, same_sentence in enumerate(self._same_sentence, 1):
            together[:-apart] |= one[:-apart] & other[apart:] & same_sentence
        return self._count(together)

    def single(self, word: Word) -> NDArray[np.bool_]:
        """Of each word, whether it is this one; forms that are phrases aside."""
        if word not in self._singles:
            self._singles[word] = self._is_one_of([form for form in forms_of(word) if len(form.stems) == 1])
        return self._singles[word]

    @cached_property
    def _singles(self) -> dict[Word, NDArray[np.bool_]]:
        return {}

    @cached_property
    def _same_sentence(self) -> list[NDArray[np.bool_]]:
        """By how far apart two words are: whether they are in one sentence."""
        return [self.sentence_of[:-apart] == self.sentence_of[apart:] for apart in range(1, NEAR + 1)]

    def _count(self, here: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of the words marked stand in each sentence."""
        return np.bincount(self.sentence_of[here], minlength=len(self.fields))

    def _begins(self, form: Form) -> NDArray[np.bool_]:
        """Where the words of the form begin to stand side by side, in one field of one document."""
        over = len(form.stems) - 1
        ends = max(0, len(self.numbers) - over)
        here = np.zeros(len(self.numbers), bool)
        here[:ends] = self._stretch_of_word[:ends] == self._stretch_of_word[over : over + ends]
        for place, stem in enumerate(form.stems):
            here[:ends] &= self._is_one_of([Form((stem,), form.beginning and place == over)])[place : place + ends]
        return here

    def _is_one_of(self, forms: Sequence[Form]) -> NDArray[np.bool_]:
        """Of each word, whether it is one of these single stems."""
        wanted = np.zeros(len(self._spaces) + 1, bool)
        for form in forms:
            wanted[np.searchsorted(self._spaces, self._places(form))] = True
        return wanted[self.numbers]

    def _places(self, form: Form) -> list[int]:
        """Where in `stems` it stands: a search for bytes, many times as quick as one for a pattern."""
        looked_for = b" " + form.stems[0].encode() + (b"" if form.beginning else b" ")
        places, at = [], self.stems.find(looked_for)
        while at >= 0:
            places.append(at)
            at = self.stems.find(looked_for, at + 1)
        return places

    @cached_property
    def _stretch_of_word(self) -> NDArray[np.int64]:
        return self.stretch_of[self.sentence_of]

    @cached_property
    def _spaces(self) -> NDArray[np.int64]:
        return np.flatnonzero(np.frombuffer(self.stems, np.uint8) == _SPACE)
