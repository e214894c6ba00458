"""Fifty people at once on one large library: the real web server over HTTP, each person with a connection kept open.

Run by benchmarks.load. Prints JSON: requests, errors (none is allowed), milliseconds p50 and p95 as people see them.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from benchmarks.library import enter
from benchmarks.load_pages import SETTINGS, addresses, signed_in
from benchmarks.running import running_web


def main(arguments: list[str] | None = None) -> int:
    """0 when every request was answered with 200."""
    options = _parser().parse_args(arguments)
    settings = {**SETTINGS, "DATABASE_URL": options.database, "ALLOWED_HOSTS": "localhost"}
    enter(options.folder, settings)
    rng = random.Random(50)
    asked = [address for _, some in addresses(rng, 8) for address in some]
    keys = [client.cookies["sessionid"].value for client in signed_in(options.people)]
    with running_web(options.folder, settings) as port, ThreadPoolExecutor(options.people) as people:
        visits = [(port, key, rng.sample(asked, k=min(options.requests, len(asked)))) for key in keys]
        answers = [answer for some in people.map(_visit, visits) for answer in some]
    took = sorted(milliseconds for _, _, milliseconds in answers)
    errors = [f"{address}: {status}" for address, status, _ in answers if status != 200]
    p95 = took[int(len(took) * 0.95)]
    json.dump({"requests": len(took), "errors": errors, "p50": median(took), "p95": p95}, sys.stdout)
    return 1 if errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load_people", description=__doc__)
    parser.add_argument("database", help="as DATABASE_URL takes it; filled by benchmarks.load")
    parser.add_argument("--folder", type=Path, required=True, help="the library's data folder")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--requests", type=int, default=10, help="a person, one after the other without a pause")
    return parser


def _visit(visit: tuple[int, str, list[str]]) -> list[tuple[str, int, float]]:
    """(address, status, milliseconds) of one person's requests; status 0 where no answer came."""
    port, key, asked = visit
    line = http.client.HTTPConnection("localhost", port, timeout=120)
    answers = []
    for address in asked:
        began = time.perf_counter()
        try:
            line.request("GET", address, headers={"Cookie": f"sessionid={key}"})
            response = line.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            status = 0
            line.close()
        answers.append((address, status, 1000 * (time.perf_counter() - began)))
    return answers


if __name__ == "__main__":
    sys.exit(main())
