"""What somebody typed, as words to look for: pure, the same for every backend. Any text is fine."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

# A pasted page is a query, too, but its first words have to do: each one costs a look into the index.
MOST_WORDS = 16
# Nothing that is spoken or typed as one word is longer; what is cut here would not be found anyway.
LONGEST_WORD = 64

# One letter begins thousands of words: until the second is typed it is looked for as it stands ("C", "R").
SHORTEST_BEGINNING = 2

# Scripts written without spaces (Thai, Lao, Burmese, Khmer, kana, Han, Hangul): there every character counts as a word
# of its own in the index, and what is typed is looked for as pairs of neighbours.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
BETWEEN_UNSPACED = re.compile(rf"(?<=[{UNSPACED}])(?=[{UNSPACED}\w])|(?<=\w)(?=[{UNSPACED}])")

# English only: words that are frequent in any other language weigh little because they are frequent.
_ENGLISH = """
    a about above after again all also am an and any are aren as at be because been before being below between both
    but by can could couldn did didn do does doesn doing don done down during each few for from get gets getting got
    had has hasn have haven having he her here hers him his how i if in into is isn it its just let me more most my no
    nor not now of off on once only or other our ours out over own please same she should shouldn show so some such
    than that the their them then there these they this those through to too under until up us very was wasn we were
    weren what when where which while who whom whose why will with won would wouldn you your"""
STOP_WORDS = frozenset(_ENGLISH.split())

_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|«([^»]*)»')
# -word and -"two words", but neither --force nor `ls -la`: options of commands are looked for like anything else.
_UNWANTED = re.compile(r'(?<!\S)-(?:"([^"]+)"|([^\W\d_]\S{2,}))')
_SHORTENED = re.compile(r"['’](?:s|t|ll|re|ve|d|m)\b", re.IGNORECASE)
# Letters and digits held together by what stands inside names: ERR_CONN_RESET, ORA-00942, config.yaml, src/app
_NAME = re.compile(r"[^\W_]+(?:[-_./:@]+[^\W_]+)*")
_PIECE = re.compile(r"[^\W_]+")
_NOUN_OF_Y = re.compile(r"(\w+y)ments?")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_UNSPACED_RUN = re.compile(f"[{UNSPACED}]+")

# What a word may end in that the index, which knows stems only, cuts off: half of it typed must not hide the word.
_ENDINGS = """
    able ably al ally ance ancy ant ants ate ated ative atively ed ence ency ent ential ently er ers es est ful fully
    ability ibility ible ic ical ically ics ied ies ing ingly ings ion ional ionally ions ish ism ist ists ities ity ive
    ively ization ize ized izing less ly ment ments ness or ors ous ously ousness s"""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Word:
    """One thing to look for: lower-case pieces parted by spaces, found side by side in that order."""

    text: str
    required: bool = False  # stood in quotes: what does not have it is no answer
    beginning: bool = False  # still being typed: the last piece may go on
    # What it may be written as besides: useeffect and "use effect", kubectl for kubectll (spelling.py).
    spelled: tuple[str, ...] = field(default=(), compare=False)


def words_of(text: str, *, as_typed: bool = False) -> list[Word]:
    """The words to look for, at most MOST_WORDS, each once; none where nothing can be looked for.

    Stop words are left out unless there is nothing else. `as_typed`: a word at the very end may be the beginning
    of one.
    """
    text = _tidy(text)
    return _words(_UNWANTED.sub(" ", text), as_typed) or _words(text, as_typed)


def unwanted_of(text: str) -> list[Word]:
    """What no answer has, because it stood behind a minus; none where nothing else is looked for."""
    text = _tidy(text)
    found = dict.fromkeys(word for one in _UNWANTED.finditer(text) for word in _phrases(one[one.lastindex or 1]))
    return list(found)[:MOST_WORDS] if found and _words(_UNWANTED.sub(" ", text), as_typed=False) else []


def is_sentence(text: str) -> bool:
    """Whether somebody asks in a sentence, "how do I …", rather than by words."""
    plain = [word.text for word in _plain_words(_SHORTENED.sub("", _QUOTED.sub(" ", _tidy(text))))]
    return any(word in STOP_WORDS for word in plain) and any(word not in STOP_WORDS for word in plain)


def _tidy(text: str) -> str:
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).replace("\x00", " ")


def _words(text: str, as_typed: bool) -> list[Word]:
    phrases = [phrase for found in _QUOTED.finditer(text) for phrase in _phrases(found[found.lastindex or 1])]
    plain = _written_together(list(_plain_words(_SHORTENED.sub("", _QUOTED.sub(" ", text)))))
    if as_typed and plain and text[-1:].isalnum() and len(plain[-1].text) >= SHORTEST_BEGINNING:
        plain[-1] = Word(plain[-1].text, beginning=True)
    return _without_stop_words(phrases + plain)[:MOST_WORDS]


def other_forms(word: Word) -> list[Word]:
    """Words that mean the same though their stems (Porter's) differ: deploy and deployment, configuri(ng)."""
    text = word.text
    if " " in text:
        return []
    spelled = [Word(form) for form in word.spelled]
    forms = [text + "ment"] if text.endswith("y") else [noun[1] for noun in [_NOUN_OF_Y.fullmatch(text)] if noun]
    if not word.beginning:
        return [Word(form) for form in forms] + spelled
    # The stem of "key" is "kei", which no keyboard begins with.
    longer = [text + letter for letter in _LETTERS] if text.endswith("y") else []
    return [Word(form) for form in (*forms, *_completions(text))] + [Word(form, beginning=True) for form in longer]


def _completions(text: str) -> Iterator[str]:
    """Whole words with the same stem as any that `text` may become: the index cuts the ending off all of them."""
    for ending in _ENDINGS.split():
        for cut in range(1, len(ending)):
            if text.endswith(ending[:cut]) and len(text) - cut >= 2:
                yield text + ending[cut:]
    if text[-1] == text[-2]:
        yield text + "ing"


def _phrases(quoted: str) -> Iterator[Word]:
    pieces = [part for piece in _PIECE.findall(quoted) for part in BETWEEN_UNSPACED.split(_fold(piece))]
    if pieces:
        yield Word(" ".join(pieces[:MOST_WORDS]), required=True)


def _plain_words(text: str) -> Iterator[Word]:
    for name in _NAME.findall(text):
        pieces = _PIECE.findall(name)
        if len(pieces) > 1:
            # The whole name counts once more than its pieces: who has it exactly comes first.
            yield Word(" ".join(_fold(piece) for piece in pieces[:MOST_WORDS]))
        for piece in pieces:
            yield from _spaced_and_not(piece)


def _written_together(words: Sequence[Word]) -> list[Word]:
    """Each may be half of one word: "log in" stands there as login, "count if" as COUNTIF."""
    together = list(words)
    for at, (one, other) in enumerate(pairwise(words)):
        whole = one.text + other.text
        if " " in whole or len(whole) > LONGEST_WORD or {one.text, other.text} <= STOP_WORDS:
            continue
        for half in (at, at + 1):
            together[half] = replace(together[half], spelled=(*together[half].spelled, whole))
    return together


def _spaced_and_not(piece: str) -> Iterator[Word]:
    for spaced in _PIECE.findall(_UNSPACED_RUN.sub(" ", piece)):
        parts = _HUMPS.sub(" ", spaced)
        yield Word(_fold(spaced), spelled=(_fold(parts),) if " " in parts else ())
    piece = _fold(piece)
    for run in _UNSPACED_RUN.findall(piece):
        for at in range(max(1, len(run) - 1)):
            yield Word(" ".join(run[at : at + 2]))


def _fold(piece: str) -> str:
    return piece.lower()[:LONGEST_WORD]


def _without_stop_words(words: Iterable[Word]) -> list[Word]:
    first_of: dict[str, Word] = {}
    for word in words:
        first_of.setdefault(word.text, word)
    once = list(first_of.values())
    telling = [word for word in once if word.required or word.beginning or word.text not in STOP_WORDS]
    return telling or once
