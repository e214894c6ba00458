"""The team's vocabulary: which names a speech engine is told before it hears a clip. Below the reads all is pure.

From the curators' list, from tags, and from what people corrected. Of clips that are private only their own vocabulary
takes words: names out of them must not turn up in anybody else's transcript, nor on the curators' page. For the same
reason an engine is told of a recording that several people's clips share what the whole team knows, and no more.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Count, Exists, OuterRef

from videolib.clips.models import Clip, CueEdit, Tag, Term, fold_term

# Whisper keeps 223 tokens of a prompt (half its context of 448, less one) and drops what stands before them.
MOST_TOKENS = 223
# Names are rare words: the tokenizer takes them to pieces of three small letters or so, and capitals, digits and marks
# nearly always begin a new one.
LETTERS_A_TOKEN = 3
# Enough to fill the prompt many times over; and no page lists more.
MOST_TAGS = 200
MOST_CORRECTIONS = 2000
# One correction may be a slip; the second says that the engine does not know the name.
TIMES_CORRECTED = 2

# Clips whose recording is somebody else's, too.
SHARED = Exists(Clip.objects.filter(recording=OuterRef("recording")).exclude(owner=OuterRef("owner")))

WORD = re.compile(r"[^\W_](?:[\w.+#/'’&-]*[\w+#])?")
SENTENCE_END = re.compile(r"[.?!…:]\W*\Z")
# Written with a capital in the middle of a sentence, and known to every engine.
NO_NAMES = frozenset(
    [
        *("i", "i'm", "i'll", "i've", "i'd", "ok", "english", "german", "french", "spanish"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march"),
        *("april", "may", "june", "july", "august", "september", "october", "november", "december"),
    ]
)


@dataclass(frozen=True)
class Words:
    """Where names come from, each source with the most important first; `corrected` with how often."""

    terms: Sequence[str] = ()
    tags: Sequence[str] = ()
    corrected: Sequence[tuple[str, int]] = ()


def team_words() -> Words:
    """What holds for every clip, out of what the team shares (three queries)."""
    shared = Clip.objects.filter(trashed_at=None, hidden_at=None).exclude(visibility="private")
    tags = Tag.objects.filter(clips__in=shared.values("pk")).annotate(number=Count("taggings"))
    edits = CueEdit.objects.filter(clip__in=shared.values("pk")).order_by("-pk").only("text", "heard")
    counted = count_names((edit.text, edit.heard) for edit in edits[:MOST_CORRECTIONS])
    return Words(
        terms=list(Term.objects.order_by("-created_at", "-pk").values_list("text", flat=True)),
        tags=list(tags.order_by("-number", "folded").values_list("name", flat=True)[:MOST_TAGS]),
        corrected=[(name, times) for name, times in counted if times >= TIMES_CORRECTED],
    )


def vocabulary_for(clip: Clip, team: Words | None = None, *, is_shared: bool | None = None) -> str:
    """What the engine is told before it hears `clip` (three queries, and those of `team`); "" where nothing is known.

    `is_shared` spares asking whether its recording is somebody else's, too.
    """
    team = team or team_words()
    if Clip.objects.filter(SHARED, pk=clip.pk).exists() if is_shared is None else is_shared:
        return write_prompt(choose(team, Words()))
    own = Words(
        tags=[tag.name for tag in clip.tags.all()],
        corrected=count_names((edit.text, edit.heard) for edit in clip.cue_edits.all()),
    )
    return write_prompt(choose(team, own, title=clip.title, description=clip.description))


def write_prompt(names: Sequence[str]) -> str:
    """The names as Whisper should meet them: a sentence that is over. After a list without a full stop it goes on as
    if it had said the first words already, and leaves them out (docs/decisions.md)."""
    return f"{', '.join(names)}." if names else ""


def choose(team: Words, own: Words, *, title: str = "", description: str = "") -> list[str]:
    """The names that fit into a prompt, the most useful for this clip first, each once.

    First its own tags, corrections and names in its title; then what its title or description mentions; then the
    curators' terms, tags, and names out of corrections. As curators write a name, so it is written.
    """
    spelt = {fold_term(term): term for term in team.terms}
    mine = [*own.tags, *(name for name, _ in own.corrected), *names_of(title)]
    others = [*team.terms, *team.tags, *(name for name, _ in team.corrected)]
    about = _padded(f"{title} {description}")
    mentioned = [name for name in others if _padded(name) in about]
    each_once: dict[str, str] = {}
    for name in [*mine, *mentioned, *others]:
        each_once.setdefault(fold_term(name), spelt.get(fold_term(name), name))
    return list(_that_fit(each_once.values()))


def _padded(text: str) -> str:
    """The words of a text between single spaces, so that whole words can be looked for."""
    return f" {' '.join(WORD.findall(fold_term(text)))} "


def _that_fit(names: Iterable[str]) -> Iterator[str]:
    left = MOST_TOKENS - 1
    for name in names:
        left -= count_tokens(name)
        if left < 0:
            return
        yield name


def count_tokens(name: str) -> int:
    """How many tokens a name takes with its comma, guessed high: no tokenizer is at hand where clips are accepted."""
    small = sum("a" <= character <= "z" for character in name)
    return 1 + len(name.encode()) - small + math.ceil(small / LETTERS_A_TOKEN)


def count_names(corrections: Iterable[tuple[str, str]]) -> list[tuple[str, int]]:
    """The names that corrections (text, what was heard) brought in, with how many did, most often first."""
    found = Counter[str]()
    for text, heard in corrections:
        known = set(WORD.findall(heard))
        found.update({name for name in names_of(text) if name not in known})
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def names_of(text: str) -> list[str]:
    """Words that look like names: "pgBouncer", "SAP", "B2B", and "Grafana" where no sentence begins; each once."""
    return list(dict.fromkeys(islice(_names(text), MOST_TAGS)))


def _names(text: str) -> Iterator[str]:
    for found in WORD.finditer(text):
        word, before = found[0], text[: found.start()]
        begins = not before.strip() or SENTENCE_END.search(before) is not None
        if word.casefold().replace("’", "'") in NO_NAMES or len(word) < 2:
            continue
        if _is_odd(word) or (word[0].isupper() and not begins):
            yield word


def _is_odd(word: str) -> bool:
    """Capitals behind the first letter, or letters and digits in one word: no sentence makes a word look like that."""
    has_letter = any(character.isalpha() for character in word)
    return has_letter and any(character.isupper() or character.isdigit() for character in word[1:])
