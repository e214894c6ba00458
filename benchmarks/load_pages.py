"""Pages and API of one large library, one request at a time, in one process: what benchmarks.load runs for each size.

Server time is that of the whole request inside Django (middleware, queries, templates), with nobody else asking; the
first round of each is left out, since it fills caches. Prints JSON: by page milliseconds p50 and p95, and queries.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from benchmarks.library import enter

if TYPE_CHECKING:
    from django.test import Client

# Searches are counted in the broker, and none is running beside this.
SETTINGS = {"SEARCHES_PER_MINUTE": "0", "ALLOWED_HOSTS": "localhost,testserver", "BROKER_URL": "redis://localhost:1/0"}


def main(arguments: list[str] | None = None) -> int:
    """Measures every page so many times."""
    options = _parser().parse_args(arguments)
    enter(options.folder, {**SETTINGS, "DATABASE_URL": options.database})
    rng = random.Random(7)
    people = signed_in(10)
    rng.shuffle(people)
    pages = dict(addresses(rng, options.turns))
    measured = {name: _measure(asked, people) for name, asked in pages.items()}
    json.dump(measured, sys.stdout)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load_pages", description=__doc__)
    parser.add_argument("database", help="as DATABASE_URL takes it; filled by benchmarks.load")
    parser.add_argument("--folder", type=Path, required=True, help="the library's data folder")
    parser.add_argument("--turns", type=int, default=40, help="how often each page is asked for")
    return parser


def addresses(rng: random.Random, turns: int) -> Iterator[tuple[str, list[str]]]:
    """(page, so many addresses of it), with words, tags and clips of the library: for a process that entered it."""
    from transcode.models import Cue  # noqa: PLC0415 (after the library was entered)
    from videolib.browse.filters import count_tags  # noqa: PLC0415
    from videolib.clips.models import Clip  # noqa: PLC0415

    team = Clip.objects.filter(visibility="team", trashed_at=None, hidden_at=None)
    last, tags = team.count() // 24, [tag.folded for tag in count_tags(team, most=40)]
    clips = [str(code) for code in team.order_by("?").values_list("code", flat=True)[:turns]]
    first = Cue.objects.order_by("pk").values_list("pk", flat=True)[0]
    picked = rng.choices(range(first, first + Cue.objects.count()), k=4 * turns)
    said = [text.split() for text in Cue.objects.filter(pk__in=picked).values_list("text", flat=True)]
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


def signed_in(number: int) -> list[Client]:
    """So many clients, of people of every role: for a process that entered the library."""
    from django.test import Client  # noqa: PLC0415 (after the library was entered)

    from videolib.accounts.models import User  # noqa: PLC0415

    people = list(User.objects.filter(is_active=True).order_by("pk")[:number])
    clients = [Client(headers={"host": "localhost"}) for _ in range(number)]
    for at, client in enumerate(clients):
        client.force_login(people[at % len(people)], backend="allauth.account.auth_backends.AuthenticationBackend")
    return clients


def _measure(asked: list[str], people: list[Client]) -> dict[str, Any]:
    from django.db import connection  # noqa: PLC0415

    took, counts, errors = [], [], []
    for turn, address in enumerate([asked[0], *asked]):
        queries: list[str] = []

        def count(execute: Any, sql: str, *rest: Any, seen: list[str] = queries) -> Any:
            seen.append(sql)
            return execute(sql, *rest)

        client = people[turn % len(people)]
        began = time.perf_counter()
        with connection.execute_wrapper(count):
            response = client.get(address)
        if turn:
            took.append(1000 * (time.perf_counter() - began))
            counts.append(len(queries))
        if response.status_code != 200:
            errors.append(f"{address}: {response.status_code}")
    took.sort()
    p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
    return {"p50": median(took), "p95": p95, "queries": max(counts), "errors": errors}


if __name__ == "__main__":
    sys.exit(main())
