"""Pages, API and search of a library of 100,000 clips and 5 million cues on PostgreSQL, beside one of 100 clips.

Makes both libraries (benchmarks.many_clips, then `manage.py reindex`) in databases of the server that is named, once;
later runs use them again. Asks for every page one at a time in both, then lets fifty people ask at once. Server time
at most 50 ms in 95 of 100, the same number of queries as with few clips, and no error: those are the aims.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.library import ROOT, environment

FEW = 100
AIM_MS = 50.0
# In a process of its own, since settings are read once: fills the empty library of that environment.
FILL = "import django; django.setup(); from benchmarks.many_clips import ManyClips; ManyClips({clips}).fill()"


def main(arguments: list[str] | None = None) -> int:
    """0 when nothing went wrong and no page asked more queries of the large library than of the small one."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="videolib-load-") as name:
        folder = Path(name)
        few, many = (_library(options.server, clips, folder) for clips in (FEW, options.clips))
        pages = [_ask("benchmarks.load_pages", url, folder, "--turns", str(options.turns)) for url in (few, many)]
        people = _ask("benchmarks.load_people", many, folder, "--people", str(options.people))
    _print_pages(*pages)
    errors = people["errors"] + [error for measured in pages for page in measured.values() for error in page["errors"]]
    print(
        f"{options.people} people at once: {people['requests']} requests, {len(people['errors'])} errors, "
        f"p50 {people['p50']:.0f} ms, p95 {people['p95']:.0f} ms"
    )
    print(*errors, sep="\n")
    if options.json:
        options.json.write_text(json.dumps({"few": pages[0], "many": pages[1], "people": people}, indent=1) + "\n")
    grown = [name for name, page in pages[1].items() if page["queries"] > pages[0][name]["queries"]]
    return 1 if errors or grown else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("server", help="postgres://person@host, whose person may create databases; no database in it")
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--people", type=int, default=50, help="who ask at once")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where everything is written as JSON as well")
    return parser


def _library(server: str, clips: int, folder: Path) -> str:
    """The address of a database with so many clips, made where there is none. Half an hour for 100,000."""
    database, url = f"videolib_load_{clips}", f"{server.rstrip('/')}/videolib_load_{clips}"
    with psycopg.connect(f"{server.rstrip('/')}/postgres", autocommit=True) as line:
        if line.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            return url
        # Under another name until all of it is there.
        line.execute(f"DROP DATABASE IF EXISTS {database}_half")
        line.execute(f"CREATE DATABASE {database}_half")
        env = environment(folder, {"DATABASE_URL": f"{url}_half"})
        for command in (
            ["manage.py", "migrate", "--verbosity=0"],
            ["-c", FILL.format(clips=clips)],
            ["manage.py", "reindex"],
        ):
            subprocess.run([sys.executable, *command], cwd=ROOT, env=env, check=True)
        with psycopg.connect(f"{url}_half", autocommit=True) as filled:
            filled.execute("VACUUM ANALYZE")
        line.execute(f"ALTER DATABASE {database}_half RENAME TO {database}")
    return url


def _ask(module: str, url: str, folder: Path, *more: str) -> dict[str, Any]:
    command = [sys.executable, "-m", module, url, "--folder", str(folder), *more]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if not done.stdout:
        raise SystemExit(f"{module} ended without an answer; it says why above.")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _print_pages(few: dict[str, Any], many: dict[str, Any]) -> None:
    print(f"{'page':<32}{'p50':>9}{'p95':>9}{'few p50':>9}{'few p95':>9}  queries")
    for name, page in many.items():
        small = few[name]
        told = f"{page['queries']}" + (f" ({small['queries']})" if page["queries"] != small["queries"] else "")
        late = " late" if page["p95"] > AIM_MS else ""
        print(
            f"{name:<32}{page['p50']:>8.1f}{page['p95']:>8.1f}  {small['p50']:>8.1f}{small['p95']:>8.1f}  {told}{late}"
        )


if __name__ == "__main__":
    sys.exit(main())
