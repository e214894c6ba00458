"""What the queue itself costs: jobs an hour with more workers, and the price of a long queue.

    .venv/bin/python -m benchmarks.queue [--database postgres://…] [--json FILE]

First: steps that only sleep (benchmarks/sleeping.py), done by 1, 2 and 4 processes; twice the processes should do twice
the jobs. Then: what is asked again and again, with 100 and with 10,000 jobs waiting; it should cost the same.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.library import ROOT, enter, environment
from videolib.lib import broker

PROCESSES = (1, 2, 4)
SLEEP_SECONDS = 1.0
JOBS_A_PROCESS = 20
SHORT, LONG = 100, 10_000
FINISHED = 20_000  # jobs that are done stand beside the waiting ones, as in a library that has been in use
LANES = 50
TIMES = 60
WITHIN = 600.0


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default="", help="an empty PostgreSQL; a SQLite file of its own otherwise")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="videolib-queue-") as name, _broker(Path(name)) as address:
        folder = Path(name)
        settings = {"BROKER_URL": address, "SLEEP_SECONDS": str(SLEEP_SECONDS), "LOG_LEVEL": "WARNING"}
        settings |= {"DATABASE_URL": chosen.database} if chosen.database else {}
        enter(folder, settings)
        _manage(folder, settings, "migrate", "-v", "0")
        figures = {"throughput": _throughput(folder, settings), "costs": _costs()}
    _print(figures)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2))


# --- More workers ---------------------------------------------------------------------------------------------------


def _throughput(folder: Path, settings: dict[str, str]) -> dict[int, float]:
    """Jobs a second, by number of processes."""
    return {number: _rate(folder, settings, number) for number in PROCESSES}


def _rate(folder: Path, settings: dict[str, str], processes: int) -> float:
    from django.db.models import Max, Min  # noqa: PLC0415 (Django is set up only now)

    from transcode.models import Job, State  # noqa: PLC0415

    _empty()
    _queue(JOBS_A_PROCESS * processes)
    with _workers(folder, settings, processes):
        deadline = time.monotonic() + WITHIN
        while Job.objects.open().exists():
            if time.monotonic() > deadline:
                raise SystemExit("The workers do not get through; see what they said above.")
            time.sleep(1)
    done = Job.objects.filter(state=State.DONE)
    span = done.aggregate(first=Min("started_at"), last=Max("ended_at"))
    return done.count() / float((span["last"] - span["first"]).total_seconds())


@contextmanager
def _workers(folder: Path, settings: dict[str, str], processes: int) -> Iterator[None]:
    options = ("--queues=media", f"--concurrency={processes}", "--loglevel=WARNING")
    command = (sys.executable, "-m", "celery", "--quiet", "--app", "benchmarks.sleeping", "worker", *options)
    # Root in a container of its own is nobody special.
    quiet = {"PYTHONWARNINGS": "ignore", **settings}
    process = subprocess.Popen(command, cwd=ROOT, env=environment(folder, quiet), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


# --- A long queue ---------------------------------------------------------------------------------------------------


def _costs() -> dict[str, dict[int, float]]:
    """Milliseconds in the median of each question, by how many jobs wait."""
    costs: dict[str, dict[int, float]] = {}
    for waiting in (SHORT, LONG):
        _empty()
        _queue(FINISHED, done=True)
        _queue(waiting)
        _analyze()
        for name, ask in _questions().items():
            costs.setdefault(name, {})[waiting] = 1000 * median(_timed(ask) for _ in range(TIMES))
    return costs


def _questions() -> dict[str, Callable[[], object]]:
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from transcode.claim import claim_next, give_back, sweep  # noqa: PLC0415
    from transcode.models import Job, Recording, State, Step  # noqa: PLC0415
    from transcode.queue import place_in_queue  # noqa: PLC0415
    from transcode.waiting import wait_for  # noqa: PLC0415
    from videolib.accounts.models import User  # noqa: PLC0415
    from videolib.operations import readiness  # noqa: PLC0415

    admin = User.objects.filter(role="admin").first() or User.objects.create_user("a@example.com", role="admin")
    browser = Client()
    browser.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    # Broker and workers are asked for a second, however long the queue is.
    readiness.ask = dict
    last = Job.objects.filter(state=State.QUEUED).order_by("-turn")[0]
    newcomer = Recording.objects.create(original_key="x", size_bytes=1)

    def claim() -> None:
        job = claim_next("media")
        if job and job.claim:
            give_back(job, job.claim)

    def page() -> None:
        if browser.get("/work/", headers={"Host": "localhost"}).status_code != 200:
            raise SystemExit("The page of queues does not answer.")

    return {
        "claim a job and give it back": claim,
        "find a new job its place": lambda: place_in_queue(newcomer, Step.INSPECT, "newcomer"),
        "sweep": sweep,
        "place and wait of the last one": lambda: wait_for(last, timezone.now()),
        "the page of queues": page,
        "metrics": lambda: browser.get("/metrics", headers={"Host": "localhost"}),
    }


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


def _queue(number: int, *, done: bool = False) -> None:
    """Recordings with one job each, of many people, all at once: as a bulk import of all of them would leave them."""
    from django.utils import timezone  # noqa: PLC0415

    from transcode.models import Job, Recording, State, Step  # noqa: PLC0415
    from transcode.queue import A_JOB  # noqa: PLC0415

    now = timezone.now()
    state = {"state": State.DONE, "started_at": now, "ended_at": now} if done else {}
    recordings = Recording.objects.bulk_create(
        (Recording(original_key="none", size_bytes=1) for _ in range(number)), batch_size=1000
    )
    place = {"queue": "media", "priority": 0, "cost": A_JOB, "step": Step.INSPECT, **state}
    Job.objects.bulk_create(
        (
            Job(recording=each, lane=str(index % LANES), turn=index // LANES * A_JOB, **place)
            for index, each in enumerate(recordings)
        ),
        batch_size=1000,
    )


def _empty() -> None:
    from transcode.models import Job, Recording  # noqa: PLC0415

    Job.objects.all().delete()
    Recording.objects.all().delete()


def _analyze() -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        # PostgreSQL does so by itself a minute later; SQLite never does here.
        cursor.execute("ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


# --- The rest -------------------------------------------------------------------------------------------------------


def _manage(folder: Path, settings: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment(folder, settings), check=True)


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = (broker.program(), "--port", str(port), "--save", "", "--dir", str(folder))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _print(figures: dict[str, Any]) -> None:
    throughput, costs = figures["throughput"], figures["costs"]
    print(f"\n{'processes':>10} {'jobs a second':>15} {'of linear':>10}   ({os.cpu_count()} processors)")
    for number, rate in throughput.items():
        print(f"{number:>10} {rate:>15.2f} {rate / number / throughput[PROCESSES[0]]:>10.3f}")
    print(f"\n{'ms':<34} {SHORT:>8} {LONG:>8} {'ratio':>8}   (jobs that wait, beside {FINISHED} finished ones)")
    for name, cost in costs.items():
        print(f"{name:<34} {cost[SHORT]:>8.2f} {cost[LONG]:>8.2f} {cost[LONG] / cost[SHORT]:>8.2f}")


if __name__ == "__main__":
    main()
