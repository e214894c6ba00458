"""What benchmarks.load asks for, by whom, and what an answer takes: each in a process that entered one library."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from django.test import Client


@dataclass(frozen=True)
class Answer:
    """To one request. Of processors: our own time and that of our line into PostgreSQL, without waiting for others."""

    status: int
    milliseconds: float
    processor_milliseconds: float = 0.0
    queries: int = 0


def ask(address: str, session: str) -> Answer:
    """What it takes inside Django (middleware, queries, templates), with that cookie."""
    from django.db import connection  # noqa: PLC0415 (after the library was entered)

    asked: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    connection.ensure_connection()
    worked, began = _processor_seconds(), time.perf_counter()
    with connection.execute_wrapper(count):
        response = _client().get(address, headers={"host": "127.0.0.1", "cookie": session})
    took, worked = time.perf_counter() - began, _processor_seconds() - worked
    return Answer(response.status_code, 1000 * took, 1000 * worked, len(asked))


def _processor_seconds() -> float:
    """Ours and, where the database is a server on this machine, those of the process that answers us there."""
    from django.db import connection  # noqa: PLC0415 (after the library was entered)

    if connection.vendor != "postgresql":
        return time.process_time()
    serving = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return time.process_time() + int(serving.read_text().split()[0]) / 1e9


@cache
def _client() -> Client:
    """One for everybody: each would load the middleware for itself, and look through all static files."""
    from django.test import Client  # noqa: PLC0415 (after the library was entered)

    return Client(raise_request_exception=False)


def sign_in(number: int) -> list[str]:
    """So many cookies of sessions, in turn of the first people of the library, who have every role."""
    from django.conf import settings  # noqa: PLC0415 (after the library was entered)
    from django.test import Client  # noqa: PLC0415

    from videolib.accounts.models import User  # noqa: PLC0415

    people, cookies = list(User.objects.filter(is_active=True).order_by("pk")[:number]), []
    for turn in range(number):
        client = Client()
        client.force_login(people[turn % len(people)], "allauth.account.auth_backends.AuthenticationBackend")
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    return cookies


def addresses(turns: int, seed: int = 7) -> dict[str, list[str]]:
    """By page so many addresses of it, with words, tags and clips of the library; the same for the same seed."""
    return dict(_addresses(random.Random(seed), turns))


def _addresses(rng: random.Random, turns: int) -> Iterator[tuple[str, list[str]]]:
    from transcode.models import Cue  # noqa: PLC0415 (after the library was entered)
    from videolib.browse.filters import count_tags  # noqa: PLC0415
    from videolib.clips.models import Clip  # noqa: PLC0415

    team = Clip.objects.filter(visibility="team", trashed_at=None, hidden_at=None)
    last, tags = team.count() // 24, [tag.folded for tag in count_tags(team, most=40)]
    clips = rng.choices(list(team.order_by("pk").values_list("code", flat=True)), k=turns)
    first = Cue.objects.order_by("pk").values_list("pk", flat=True)[0]
    picked = rng.choices(range(first, first + Cue.objects.count()), k=4 * turns)
    said = [text.split() for text in Cue.objects.filter(pk__in=picked).order_by("pk").values_list("text", flat=True)]
    yield "home", ["/"] * turns
    yield "browse", ["/browse/"] * turns
    yield "browse, a deep page", [f"/browse/?page={rng.randint(1, max(1, min(last, 200)))}" for _ in range(turns)]
    yield "browse, one tag", [f"/browse/?tag={quote(rng.choice(tags))}" for _ in range(turns)]
    yield "browse, best rated", ["/browse/?sort=rated"] * turns
    yield "browse, by title", ["/browse/?sort=title"] * turns
    yield "watch", [f"/clips/{code}/" for code in clips]
    for name, queries in _queries(rng, said, turns):
        yield f"search, {name}", [f"/search/?q={quote(query)}" for query in queries]
        if name in {"common words", "words of one cue"}:
            yield f"API search, {name}", [f"/api/v1/search?q={quote(query)}" for query in queries]
    yield "search, while typing", [f"/search/?as_typed=1&q={quote(_typed(rng, said))}" for _ in range(turns)]
    yield "API list", ["/api/v1/clips?limit=20"] * turns
    yield "API list, deep", [f"/api/v1/clips?limit=20&offset={last * 12}"] * turns


def _queries(rng: random.Random, said: list[list[str]], turns: int) -> Iterator[tuple[str, list[str]]]:
    """By kind. What is common is told by how often cues say it."""
    from videolib.search.words import STOP_WORDS  # noqa: PLC0415 (after the library was entered)

    counted = Counter(word for words in said for word in words if word not in STOP_WORDS)
    common = [word for word, _ in counted.most_common(15)]
    rare = [word for word, number in counted.items() if number == 1 and any(letter.isdigit() for letter in word)]
    yield "one common word", [rng.choice(common) for _ in range(turns)]
    yield "common words", [" ".join(rng.sample(common, k=3)) for _ in range(turns)]
    yield "a rare word", rng.choices(rare or common, k=turns)
    yield "words of one cue", [" ".join(rng.choice(said)[2:6]) for _ in range(turns)]
    yield "a question", [f"how do I {' '.join(rng.choice(said))}" for _ in range(turns)]
    yield "a phrase", [f'"{" ".join(rng.choice(said)[4:6])}"' for _ in range(turns)]
    yield "nothing found", [f"zyxomma{n}" for n in range(turns)]


def _typed(rng: random.Random, said: list[list[str]]) -> str:
    words = [word for word in rng.choice(said) if len(word) > 3] or ["layer"]
    return f"{words[0]} {words[-1][: rng.randint(2, 4)]}"
