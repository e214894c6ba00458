"""Pages, API and search of `make stack` with 100,000 clips and 5 million cues, beside a library of 100 clips.

Both lie in the stack's PostgreSQL, made by benchmarks.many_clips and indexed as `manage.py reindex` does it; with
--folder the stack is kept, and later runs use it again. Every page is asked for in both, in turns, one request at a
time in one process: server time is that of the whole request inside Django. Then fifty people at once ask the stack
itself, through nginx. Server time at most 50 ms in 95 of 100, the same number of queries as with few clips, and no
error: those are the aims.
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.library import NO_WORDS, enter
from benchmarks.load_pages import Answer, addresses, ask, sign_in
from benchmarks.many_clips import make_library
from chaos.machine_room import MachineRoom
from stack.ports import free_ports

FEW, GB = 100, 1024**3
AIM_MS = 50.0
# Searches are counted as always, and nobody is sent away; and beat leaves the trash as it was made.
SETTINGS = {**NO_WORDS, "SEARCHES_PER_MINUTE": "1000000", "TRASH_DAYS": "3660"}
# Who ask one at a time, of every role; and how often one of the crowd asks, without a pause.
ASKING, REQUESTS = 10, 10


@dataclass
class Times:
    """Of one page, or of a crowd."""

    answers: list[Answer] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, address: str, answer: Answer) -> None:
        """One more."""
        self.answers.append(answer)
        if answer.status != 200:
            self.errors.append(f"{address}: {answer.status or 'no answer'}")

    def told(self) -> dict[str, Any]:
        """Milliseconds that half of the answers, and 95 of 100, took at most; of processors; and the most queries."""
        took = sorted(answer.milliseconds for answer in self.answers)
        worked = sorted(answer.processor_milliseconds for answer in self.answers)
        p95 = math.ceil(0.95 * len(took)) - 1
        return {
            "p50": median(took),
            "p95": took[p95],
            "processor_p50": median(worked),
            "processor_p95": worked[p95],
            "queries": max(answer.queries for answer in self.answers),
            "errors": self.errors,
        }


class Library:
    """A library of the stack in a process of its own, since settings are read once: who asks there, and for what."""

    def __init__(self, process: ProcessPoolExecutor, turns: int) -> None:
        self.process = process
        self.pages = process.submit(addresses, turns).result()
        self.sessions = process.submit(sign_in, ASKING).result()
        self.times = {name: Times() for name in self.pages}

    def ask(self, name: str, turn: int) -> None:
        """For that page once, by whose turn it is. The first time fills caches, and does not count."""
        address, session = self.pages[name][turn], self.sessions[turn % ASKING]
        answer = self.process.submit(ask, address, session).result()
        if turn or answer.status != 200:
            self.times[name].add(address, answer)

    def told(self) -> dict[str, Any]:
        """By page."""
        return {name: times.told() for name, times in self.times.items()}


def main(arguments: list[str] | None = None) -> int:
    """0 when nothing went wrong and no page asked more queries of the large library than of the small one."""
    options = _parser().parse_args(arguments)
    with _running(options.folder) as room:
        settings = {**SETTINGS, **room.settings()}
        urls = _make_libraries(room, settings, options.clips)
        with ExitStack() as stack:
            few, many = (
                Library(stack.enter_context(_process(room, {**settings, "DATABASE_URL": url})), options.turns + 1)
                for url in urls
            )
            _ask_in_turns(few, many, options.turns)
            sessions = many.process.submit(sign_in, options.people).result()
        people = _ask_at_once(room.port, many, sessions)
    told = {"few": few.told(), "many": many.told(), "people": people.told()}
    _print_pages(told["few"], told["many"])
    _print_people(told["people"], options.people, len(people.answers))
    if options.json:
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    errors = [error for times in (*few.times.values(), *many.times.values(), people) for error in times.errors]
    print(*errors, sep="\n")
    grown = [name for name, page in told["many"].items() if page["queries"] > told["few"][name]["queries"]]
    return 1 if errors or grown else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--folder", type=Path, help="of the stack, kept for the next run (a temporary one)")
    parser.add_argument("--clips", type=int, default=100_000, help="of the large library (%(default)s)")
    parser.add_argument("--turns", type=int, default=40, help="how often each page is asked for (%(default)s)")
    parser.add_argument("--people", type=int, default=50, help="who ask at once (%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where everything is written as JSON as well")
    return parser


# --- The stack and its two libraries ----------------------------------------------------------------------------------


@contextmanager
def _running(kept: Path | None) -> Iterator[MachineRoom]:
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="videolib-load-")))
        folder.mkdir(parents=True, exist_ok=True)
        room = MachineRoom(folder.resolve(), free_ports("front")["front"])
        try:
            room.start(SETTINGS)
            yield room
        finally:
            room.stop()


def _make_libraries(room: MachineRoom, settings: Mapping[str, str], clips: int) -> tuple[str, str]:
    """The databases of the small and the large library, filled where they are not; the stack's own is the large one."""
    many = settings["DATABASE_URL"]
    few = f"{many}_few"
    with psycopg.connect(many, user="postgres", dbname="postgres", autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = 'videolib_few'").fetchone():
            server.execute("CREATE DATABASE videolib_few OWNER videolib")
    for url, number in ((few, FEW), (many, clips)):
        began = time.monotonic()
        with _process(room, {**settings, "DATABASE_URL": url}) as process:
            process.submit(make_library, number).result()
        with psycopg.connect(url, user="postgres", autocommit=True) as database:
            database.execute("VACUUM ANALYZE")
            size = database.execute("SELECT pg_database_size(current_database())").fetchone()
        told = f"{size[0] / GB:.2f} GB in PostgreSQL" if size else ""
        print(f"{number} clips: there after {time.monotonic() - began:.0f} s, {told}", flush=True)
    return few, many


def _process(room: MachineRoom, settings: Mapping[str, str]) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), enter, (room.data, settings))


# --- Who asks ---------------------------------------------------------------------------------------------------------


def _ask_in_turns(few: Library, many: Library, turns: int) -> None:
    for turn in range(turns + 1):
        for name in many.pages:
            few.ask(name, turn)
            many.ask(name, turn)


def _ask_at_once(port: int, library: Library, sessions: list[str]) -> Times:
    """Each a connection, kept open, and some of all the library's addresses, one after the other without a pause."""
    rng, asked = random.Random(50), [address for some in library.pages.values() for address in some]
    visits = [(port, session, rng.sample(asked, k=min(REQUESTS, len(asked)))) for session in sessions]
    times = Times()
    with ThreadPoolExecutor(len(sessions)) as people:
        for answers in people.map(_visit, visits):
            for address, answer in answers:
                times.add(address, answer)
    return times


def _visit(visit: tuple[int, str, list[str]]) -> list[tuple[str, Answer]]:
    """Status 0 where no answer came."""
    port, session, asked = visit
    line, answers = http.client.HTTPConnection("127.0.0.1", port, timeout=120), []
    for address in asked:
        status, began = 0, time.perf_counter()
        try:
            line.request("GET", address, headers={"Cookie": session})
            response = line.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            line.close()
        answers.append((address, Answer(status, 1000 * (time.perf_counter() - began))))
    return answers


# --- What is told -----------------------------------------------------------------------------------------------------


def _print_pages(few: dict[str, Any], many: dict[str, Any]) -> None:
    p50_p95 = f"{'p50':>9}{'p95':>8}"
    print(f"{'':<30}{'few':>17}{'many':>17}{'many / few':>17}{'few, processor':>17}{'many, processor':>17}")
    print(f"{'page':<30}{p50_p95 * 5}  queries")
    for name, large in many.items():
        small = few[name]
        ratios = [large[part] / small[part] for part in ("p50", "p95")]
        figures = [*_times(small), *_times(large), *ratios, *_times(small, "processor_"), *_times(large, "processor_")]
        row = "".join(f"{figure:>{width}.1f}" for figure, width in zip(figures, [9, 8] * 5, strict=True))
        queries = f"{large['queries']}" + (f" ({small['queries']})" if large["queries"] != small["queries"] else "")
        print(f"{name:<30}{row}  {queries}{' late' if large['p95'] > AIM_MS else ''}")


def _times(page: dict[str, Any], of: str = "") -> tuple[float, float]:
    return page[f"{of}p50"], page[f"{of}p95"]


def _print_people(people: dict[str, Any], number: int, requests: int) -> None:
    print(
        f"{number} people at once: {requests} requests, {len(people['errors'])} errors, "
        f"p50 {people['p50']:.0f} ms, p95 {people['p95']:.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
