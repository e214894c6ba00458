"""Last byte to first play: how long after an upload ended a clip plays, through the real queue.

Starts a whole library of its own (`manage.py run`: web server, Valkey, workers), uploads each recording over tus as a
client with a token does, and asks as a person with a session does: a clip plays once its playlist, the media playlist
in it and its first bytes are served. The clock starts when the last byte has been sent. One recording after another,
each with the queue empty. "renditions" is when every job was at its end; --json has what each step waited and ran.
Speech and on-screen text are off unless --speech asks for the first.

Beside it MediaCMS, that lists nothing before one whole rendition stands: the clock of its smallest one (144 lines) by
the product's ffmpeg on the same machine, its upload request, md5sum, probes and queue left out in its favour.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av

from benchmarks import mediacms
from benchmarks.costs import Failed, find_recordings
from benchmarks.library import NO_WORDS
from benchmarks.running import ASK_EVERY, Client, running_library
from benchmarks.seen import Seen, is_copy, see

# Issue 3: a second where the recording fits as it is, and a quarter of its length more where it must be encoded.
AIM_SECONDS, AIM_PART = 1.0, 0.25
FIRST_PROFILE = mediacms.PROFILES[0]
LOOK_EVERY = 2.0  # seconds between two looks whether it failed meanwhile
ENDS = ("done", "failed", "skipped")
GIVE_UP_SECONDS, GIVE_UP_PART = 300.0, 20.0
HEADER = (
    f"{'recording':<44}{'seconds':>8}  {'way':<8}{'playable':>9}{'aim':>7}  {'':<8}"
    f"{'renditions':>10}{'mediacms':>10}  ours is"
)


@dataclass
class Row:
    """One recording; seconds, None for what never came."""

    path: str
    duration: float = 0.0
    is_copied: bool = False
    playable: float | None = None
    renditions: float | None = None
    mediacms: float | None = None
    error: str = ""
    # (waited, ran) in seconds by step, as the job rows have it.
    steps: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def aim(self) -> float:
        """Seconds it may take at most."""
        return AIM_SECONDS + (0.0 if self.is_copied else AIM_PART * self.duration)

    @property
    def is_met(self) -> bool:
        """Whether it played in time."""
        return self.playable is not None and self.playable <= self.aim

    @property
    def ratio(self) -> float | None:
        """Ours as a part of MediaCMS's."""
        return self.playable / self.mediacms if self.playable and self.mediacms else None


def main(arguments: list[str] | None = None) -> int:
    """0 when every recording came to play."""
    options = _parser().parse_args(arguments)
    missing = [path for path in options.paths if not path.exists()]
    recordings = [] if missing else list(find_recordings(options.paths))
    if missing or not recordings:
        what = f"There is no file {missing[0]}; name one that exists." if missing else "There is no recording there."
        print(what, file=sys.stderr)
        return 2
    settings = {"SCREEN_ENGINE": "none"} if options.speech else NO_WORDS
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="videolib-benchmark-") as folder,
        running_library(Path(folder), settings) as client,
    ):
        print(HEADER, flush=True)
        for row in (_measure(client, path, Path(folder)) for path in recordings):
            rows.append(row)
            print(_line(row), flush=True)
    _print_sums(rows)
    if options.json:
        options.json.write_text(json.dumps(_as_data(rows), indent=1) + "\n")
    return 0 if all(row.playable is not None for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_play", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a recording, or a folder of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where everything is written as JSON as well")
    parser.add_argument("--speech", action="store_true", help="hear the words meanwhile, as a library does by default")
    return parser


def _measure(client: Client, path: Path, folder: Path) -> Row:
    row = Row(str(path))
    try:
        source = see(path)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        row.error = str(error)
        return row
    row.duration = source.duration
    sent = client.upload(path)
    code, patience = client.newest_clip(), GIVE_UP_SECONDS + GIVE_UP_PART * source.duration
    row.playable = _first_play(client, code, sent, patience)
    while not _is_over(client, code) and time.monotonic() - sent < patience:
        time.sleep(ASK_EVERY)
    row.renditions = time.monotonic() - sent
    row.error = _failed(client, code)
    row.steps, row.is_copied = _steps(code), _is_copied(code, source)
    row.mediacms = _mediacms(source, folder)
    return row


def _first_play(client: Client, code: str, since: float, patience: float) -> float | None:
    """Seconds from `since` until it plays; None when it never will."""
    looked = since
    while time.monotonic() - since < patience:
        if client.plays(code):
            return time.monotonic() - since
        if time.monotonic() - looked > LOOK_EVERY:
            looked = time.monotonic()
            if _is_over(client, code) and not client.plays(code):
                return None
        time.sleep(ASK_EVERY)
    return None


def _is_over(client: Client, code: str) -> bool:
    return all(job["state"] in ENDS for job in client.api(f"/api/v1/clips/{code}/jobs"))


def _failed(client: Client, code: str) -> str:
    """The sentence of a step that failed, or nothing."""
    jobs = client.api(f"/api/v1/clips/{code}/jobs")
    return next((f"{job['step']}: {job['error']}" for job in jobs if job["state"] == "failed"), "")


def _steps(code: str) -> dict[str, tuple[float, float]]:
    from transcode.models import Job  # noqa: PLC0415 (Django is set up only now)

    jobs = Job.objects.filter(recording__clips__code=code, started_at__isnull=False, ended_at__isnull=False)
    return {
        job.step: ((job.started_at - job.created_at).total_seconds(), (job.ended_at - job.started_at).total_seconds())
        for job in jobs.order_by("pk")
        if job.started_at and job.ended_at
    }


def _is_copied(code: str, source: Seen) -> bool:
    """Whether one of the clip's renditions holds the packets of the source."""
    from django.core.files.storage import default_storage  # noqa: PLC0415

    from transcode.models import Rendition  # noqa: PLC0415

    made = Rendition.objects.filter(recording__clips__code=code)
    return any(is_copy(see(Path(default_storage.path(each.key))).picture, source.picture) for each in made)


def _mediacms(source: Seen, folder: Path) -> float | None:
    with tempfile.TemporaryDirectory(dir=folder) as into:
        try:
            return mediacms.encode(source, FIRST_PROFILE, Path(into)).wall
        except Failed:
            return None


def _line(row: Row) -> str:
    if row.playable is None:
        return f"{Path(row.path).name[:43]:<44}{row.duration:>8.1f}  never played: {row.error or 'patience ended'}"
    way, verdict = "copied" if row.is_copied else "encoded", "met" if row.is_met else "NOT MET"
    times = f"{row.playable:>9.2f}{row.aim:>7.2f}  {verdict:<8}{row.renditions or 0:>10.2f}{row.mediacms or 0:>10.2f}"
    told = f"{row.ratio:.2f} x" if row.ratio else "-"
    return f"{Path(row.path).name[:43]:<44}{row.duration:>8.1f}  {way:<8}{times}  {told} {row.error}".rstrip()


def _print_sums(rows: list[Row]) -> None:
    for way, chosen in _by_way(rows):
        print(f"{way:<8} {sum(row.is_met for row in chosen)} of {len(chosen)} in time; {_summed(chosen)}")
    never = sum(row.playable is None for row in rows)
    print(f"never played: {never} of {len(rows)}")


def _by_way(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    for way, is_copied in (("copied", True), ("encoded", False)):
        chosen = [row for row in rows if row.is_copied == is_copied and row.playable is not None]
        if chosen:
            yield way, chosen


def _summed(rows: list[Row]) -> str:
    seconds = sorted(row.playable or 0.0 for row in rows)
    both = [row for row in rows if row.ratio]
    ours, theirs = sum(row.playable or 0.0 for row in both), sum(row.mediacms or 0.0 for row in both)
    against = f"; {ours / theirs:.2f} x MediaCMS's in all" if theirs else ""
    return f"median {seconds[len(seconds) // 2]:.2f} s, longest {seconds[-1]:.2f} s{against}"


def _as_data(rows: list[Row]) -> list[dict[str, Any]]:
    return [{**asdict(row), "aim": row.aim, "met": row.is_met, "ratio": row.ratio} for row in rows]


if __name__ == "__main__":
    sys.exit(main())
