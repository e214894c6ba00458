"""A large library out of a seeded generator: rows only, no media, the same for the same seed.

Words are drawn as often as people say them, stop words included: half of them from the whole vocabulary, half from
the clip's own topic. The vocabulary is that of real screencasts where ../shared has them, else a short list, and in
both cases a long tail of invented names, each of which only a few clips say.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

from benchmarks.library import ROOT
from benchmarks.many_meanings import make_meanings

if TYPE_CHECKING:
    from django.db.models import Model

TRANSCRIPTS = ROOT.parent / "shared" / "data" / "retrieval" / "videos.jsonl"
# Where nobody has left transcripts: how an English sentence about software is made.
FEW_WORDS = """
    the to a and in you we is of this that it so can on now for here with if have just click go see want then do like
    file new open create set up use add save select select button menu page window tab code line branch commit push
    merge server deploy build test run error log layer image color tool option settings panel search filter sort table
    column query database key value field form user team project task board dashboard chart report export import print
    format copy paste delete undo edit move drag drop zoom crop export link share view preview version history
    restore"""

PEOPLE, TOPICS, TAGS, INVENTED = 500, 300, 1500, 20_000
CUES_A_CLIP, WORDS_A_CUE, SECONDS_A_CUE = 50, 10, 3.0
WORDS_OF_A_TOPIC, TAIL_OF_A_TOPIC = 120, 30
# Of the words drawn from the whole vocabulary, so many are from its invented tail.
TAIL_PART = 0.02
PARTS_OF_VISIBILITY = {"team": 86, "private": 9, "unlisted": 5}
HIDDEN_PART, TRASHED_PART, RATED_PART, PINNED = 0.005, 0.01, 0.4, 12
NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
STEPS = {"inspect": "media", "make_playable": "media", "transcribe": "speech", "make_renditions": "media"}

_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
Row = dict[str, Any]


def make_library(clips: int) -> None:
    """In the library this process has entered: so many clips, and what search knows of them, where they are not yet.

    What was stopped is gone on with. SystemExit where another library lies there.
    """
    from django.core.management import call_command  # noqa: PLC0415 (after the library was entered)

    from videolib.clips.models import Clip  # noqa: PLC0415
    from videolib.search.backends import get_backend  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if not Clip.objects.exists():
        ManyClips(clips).fill()
    if (there := Clip.objects.count()) != clips:
        raise SystemExit(f"A library of {there} clips lies there, not one of {clips}; name another folder.")
    if len(get_backend().known_ids()) != Clip.objects.filter(trashed_at=None).count():
        call_command("reindex")
    make_meanings()


@dataclass
class Vocabulary:
    """Words by how often they are said."""

    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if TRANSCRIPTS.is_file():
            for line in TRANSCRIPTS.read_text(encoding="utf-8").splitlines():
                for said in json.loads(line)["sentences"]:
                    self.counts.update(word.lower() for word in _WORD.findall(said["text"]))
        else:
            words = FEW_WORDS.split()
            self.counts.update({word: 5000 // rank for rank, word in enumerate(words, 1)})

    @cached_property
    def words(self) -> list[str]:
        """The most frequent first."""
        return [word for word, _ in self.counts.most_common()]

    @cached_property
    def _sums(self) -> list[int]:
        return list(accumulate(count for _, count in self.counts.most_common()))

    @cached_property
    def invented(self) -> list[str]:
        """Names that no dictionary has."""
        starts, middles = (
            ["ba", "ce", "do", "fi", "gra", "hu", "jo", "ka", "lu", "mi", "no", "pra", "qui"],
            ["dal", "fen", "gor", "lis", "mor", "nak", "pel", "rin"],
        )
        ends = ["a", "ix", "on", "us", "ium", "el"]
        rng = self.rng
        return [
            f"{rng.choice(starts)}{rng.choice(middles)}{rng.choice(middles)}{rng.choice(ends)}{n % 97}"
            for n in range(INVENTED)
        ]

    def say(self, number: int, topic: Sequence[str]) -> list[str]:
        """So many words, half of them from the topic."""
        tail = max(1, int(number * TAIL_PART))
        half = number // 2
        said = self.rng.choices(self.words, cum_weights=self._sums, k=number - half - tail)
        said += self.rng.choices(topic, k=half) + self.rng.choices(self.invented, k=tail)
        self.rng.shuffle(said)
        return said

    def topic(self) -> list[str]:
        """What a talk about one thing says again and again."""
        common = self.rng.choices(self.words, cum_weights=self._sums, k=WORDS_OF_A_TOPIC // 2)
        telling = self.rng.sample(self.words[100:], k=min(WORDS_OF_A_TOPIC // 2, len(self.words) - 100))
        return common + telling + self.rng.sample(self.invented, k=TAIL_OF_A_TOPIC)


class ManyClips:
    """The rows of so many clips; `fill` writes them into the empty library this process has entered."""

    def __init__(self, clips: int, *, seed: int = 4) -> None:
        self.clips, self.rng = clips, random.Random(seed)
        self.vocabulary = Vocabulary(self.rng)
        self.topics = [self.vocabulary.topic() for _ in range(TOPICS)]
        self.tags = [f"{topic[-1]} {n}" if n % 7 == 0 else f"{topic[61]}{n}" for n, topic in _around(self.topics, TAGS)]
        self.people = min(PEOPLE, max(5, clips // 20))

    def fill(self) -> None:
        """Write all rows or none, search apart: `manage.py reindex` does that through the backend's own code."""
        from django.db import transaction  # noqa: PLC0415 (after the library was entered)

        with transaction.atomic():
            self._fill()

    def _fill(self) -> None:
        from transcode import models as media  # noqa: PLC0415 (after the library was entered)
        from videolib import models as library  # noqa: PLC0415

        _store(library.User, self._people())
        _store(library.Tag, ({"id": n, "name": tag, "folded": tag.lower()} for n, tag in enumerate(self.tags, 1)))
        numbers = range(1, self.clips + 1)
        _store(media.Recording, map(self._recording, numbers))
        _store(media.Job, chain.from_iterable(map(self._jobs, numbers)))
        _store(media.Rendition, chain.from_iterable(map(self._renditions, numbers)))
        _store(media.Storyboard, map(self._storyboard, numbers))
        _store(media.Transcript, map(self._transcript, numbers))
        _store(media.Cue, chain.from_iterable(map(self._cues, numbers)))
        clips = [self._clip(number) for number in numbers]
        _store(library.Clip, clips)
        _store(library.Tagging, chain.from_iterable(map(self._taggings, clips)))
        _store(library.Rating, chain.from_iterable(map(self._ratings, clips)))
        _go_on_counting()

    def _people(self) -> Iterator[Row]:
        roles = ["admin", "curator", *["contributor"] * 7, "learner"]
        for n in range(1, self.people + 1):
            yield {
                "id": n,
                "code": self._code(),
                "email": f"person{n}@example.com",
                "name": f"Person {n:03}",
                "role": roles[(n - 1) % len(roles)],
                "is_active": True,
                "date_joined": NEWEST,
                "password": "!",
                "is_superuser": False,
            }

    def _code(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def _recording(self, n: int) -> Row:
        at = self._when(n)
        return {
            "id": n,
            "code": self._code(),
            "original_key": f"originals/{n}",
            "size_bytes": 5_000_000,
            "sha256": "",
            "hints": {},
            "facts": {},
            "duration": CUES_A_CLIP * SECONDS_A_CUE * self.rng.uniform(0.4, 2.5),
            "width": 1920,
            "height": 1080,
            "has_sound": True,
            "loudness": -23.0,
            "poster_key": f"made/{n}/poster.jpg",
            "playable_at": at,
            "created_at": at,
        }

    def _when(self, n: int) -> datetime:
        """The higher the number the newer: three years, as evenly as people upload."""
        return NEWEST - timedelta(days=1095) * ((self.clips - n) / self.clips)

    def _jobs(self, n: int) -> Iterator[Row]:
        at = self._when(n)
        for step, queue in STEPS.items():
            yield {
                "recording_id": n,
                "step": step,
                "state": "done",
                "queue": queue,
                "priority": 3,
                "lane": "",
                "attempt": 1,
                "not_before": at,
                "percent": 100,
                "error": "",
                "reason": "",
                "may_retry": False,
                "created_at": at,
                "started_at": at,
                "ended_at": at + timedelta(seconds=20),
            }

    def _renditions(self, n: int) -> Iterator[Row]:
        for name, height in (("source", 1080), ("480p", 480)):
            yield {
                "recording_id": n,
                "name": name,
                "key": f"made/{n}/{name}.mp4",
                "playlist": "#EXTM3U\n",
                "width": height * 16 // 9,
                "height": height,
                "fps": 15.0,
                "bandwidth": 900_000,
                "average_bandwidth": 500_000,
                "codecs": "avc1.640028",
                "size_bytes": 4_000_000,
            }

    def _storyboard(self, n: int) -> Row:
        sheet = {"recording_id": n, "sheet_keys": [f"made/{n}/sheet.jpg"], "interval": 5.0, "columns": 5, "rows": 5}
        return {**sheet, "tile_width": 160, "tile_height": 90, "count": 25}

    def _transcript(self, n: int) -> Row:
        told = {"engine": "faster_whisper", "model": "base", "language": "en"}
        return {"id": n, "recording_id": n, **told, "complete": True, "created_at": self._when(n)}

    def _cues(self, n: int) -> Iterator[Row]:
        said = self.vocabulary.say(CUES_A_CLIP * WORDS_A_CUE, self.topics[n % TOPICS])
        for at in range(CUES_A_CLIP):
            text = " ".join(said[at * WORDS_A_CUE : (at + 1) * WORDS_A_CUE])
            start = at * SECONDS_A_CUE
            yield {"transcript_id": n, "start": start, "end": start + SECONDS_A_CUE, "text": text}

    def _clip(self, n: int) -> Row:
        rng, topic, at = self.rng, self.topics[n % TOPICS], self._when(n)
        rated = min(rng.randint(1, 12), self.people) if rng.random() < RATED_PART else 0
        title = " ".join(self.vocabulary.say(rng.randint(3, 8), topic)).capitalize()
        visibility = rng.choices(list(PARTS_OF_VISIBILITY), weights=list(PARTS_OF_VISIBILITY.values()))[0]
        return {
            "id": n,
            "code": self._code(),
            "owner_id": rng.randint(1, self.people),
            "recording_id": n,
            "title": title,
            "description": " ".join(self.vocabulary.say(30, topic)),
            "visibility": visibility,
            "allow_download": n % 2 == 0,
            "created_at": at,
            "published_at": at,
            "answers_text": "",
            "trashed_at": NEWEST if rng.random() < TRASHED_PART else None,
            "hidden_at": NEWEST if rng.random() < HIDDEN_PART else None,
            "pinned_at": NEWEST if n % max(1, self.clips // PINNED) == 0 and visibility == "team" else None,
            "rating_sum": sum(rng.choices((3, 4, 5), k=rated)),
            "rating_count": rated,
        }

    def _taggings(self, clip: Row) -> Iterator[Row]:
        ranks = {int(self.rng.paretovariate(0.6)) % TAGS for _ in range(self.rng.randint(0, 4))}
        for rank in sorted(ranks):
            yield {
                "clip_id": clip["id"],
                "tag_id": rank + 1,
                "by_id": clip["owner_id"],
                "created_at": clip["created_at"],
            }

    def _ratings(self, clip: Row) -> Iterator[Row]:
        """As many as the clip says, and adding up to its sum."""
        number, total = clip["rating_count"], clip["rating_sum"]
        for at, person in enumerate(self.rng.sample(range(1, self.people + 1), k=number)):
            stars = min(5, max(1, (total + number - at - 1) // (number - at)))
            total -= stars
            yield {"clip_id": clip["id"], "by_id": person, "stars": stars, "at": clip["created_at"]}


def _around(topics: Sequence[Sequence[str]], number: int) -> Iterator[tuple[int, Sequence[str]]]:
    for n in range(number):
        yield n, topics[n % len(topics)]


def _store(model: type[Model], rows: Iterable[Row]) -> None:
    """Each row says the same columns."""
    from django.db import connection  # noqa: PLC0415

    from videolib.lib.rows import insert_rows  # noqa: PLC0415

    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    given = [field for field in model._meta.concrete_fields if field.column in first or not field.primary_key]
    values = ([_value(field, row, connection) for field in given] for row in chain([first], rows))
    insert_rows(model, given, values)


def _value(field: Any, row: Row, connection: Any) -> Any:
    """As the database takes it; what the row does not say is the column's default."""
    value = row[field.column] if field.column in row else field.get_default()
    return field.get_db_prep_save(value, connection)


def _go_on_counting() -> None:
    """Ids that were given must not be given again; and the planner is told what is there."""
    from django.apps import apps  # noqa: PLC0415
    from django.core.management.color import no_style  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)
        cursor.execute("ANALYZE")
