"""The product's own steps on one recording, in a process and a temporary library of their own.

This is the only file of benchmarks.transcode that knows names of the product. `run` copies a migrated library and
starts this module again as a fresh process; that one takes the recording in as an upload would, claims and runs its
jobs one by one as a worker would, and prints what each cost and what was made. A worker stays up for days, so loading
Django and the pipeline is not counted, nor the first connection and query, for which a second of test picture goes
ahead; everything that starts with a job is, the processes of probe and ffmpeg included.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.costs import SENTENCE, Cost, Result, peak_mb, run_ffmpeg
from benchmarks.library import NO_WORDS, ROOT, enter, environment

if TYPE_CHECKING:
    from transcode.models import Recording

# A failure is an outcome to print, not to try again.
SETTINGS = {**NO_WORDS, "JOB_ATTEMPTS": "1"}


@dataclass(frozen=True)
class Board:
    """The storyboard that was made; sides in pixels, `interval` in seconds."""

    interval: float
    columns: int
    rows: int
    tile_width: int
    tile_height: int


@dataclass
class Made(Result):
    """Ours, and what the floor has to make as well."""

    board: Board | None = None
    poster: Path | None = None
    rates: dict[str, float] = field(default_factory=dict)


def run(source: Path, template: Path, into: Path) -> Made:
    """Everything the pipeline makes of `source`; it stays below `into`. `template` is a migrated, empty library."""
    shutil.copytree(template, into)
    command = [sys.executable, "-m", "benchmarks.ours", str(source.absolute()), str(into)]
    ended = subprocess.run(
        command, cwd=ROOT, env=environment(into, SETTINGS), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        return Made(error=ended.stderr.strip()[-SENTENCE:])
    said = json.loads(ended.stdout.splitlines()[-1])
    made = Made(error=said["error"], made_bytes=said["bytes"], rates=said["rates"], peak_mb=said["peak_mb"])
    for step, (cpu, wall) in said["steps"].items():
        made.add(step, Cost(cpu, wall))
    made.files = {name: Path(path) for name, path in said["files"].items()}
    made.board = Board(**said["board"]) if said["board"] else None
    made.poster = Path(said["poster"]) if said["poster"] else None
    return made


def main() -> None:
    """argv: the recording, the folder of the library. Prints one line of JSON."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    enter(folder, SETTINGS)
    _warm_up(folder)
    recording = _take(source, folder)
    steps = _run_jobs(recording)
    recording.refresh_from_db()
    print(json.dumps({**_made(recording), "steps": steps, "peak_mb": _peaks()}))


def _take(source: Path, folder: Path) -> Recording:
    from transcode.actions import accept_recording, store_original  # noqa: PLC0415 (Django is set up only now)

    arrived = folder / "arrived"
    shutil.copyfile(source, arrived)
    return accept_recording(*store_original(arrived))


def _warm_up(folder: Path) -> None:
    path = folder / "warm.mp4"
    made = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=15:duration=1", "-c:v", "libx264", "-pix_fmt", "yuv420p")
    run_ffmpeg(*made, str(path))
    recording = _take(path, folder)
    _run_jobs(recording)
    if error := _made(recording)["error"]:
        raise SystemExit(f"The warm-up failed: {error}")


def _run_jobs(recording: Recording) -> dict[str, tuple[float, float]]:
    """Each job as its turn comes; (CPU, wall) in seconds by step."""
    from transcode.models import Job, Step  # noqa: PLC0415
    from transcode.tasks import RUN  # noqa: PLC0415

    costs: dict[str, tuple[float, float]] = {}
    while job := Job.objects.open().filter(recording=recording).order_by("priority", "pk").first():
        step = Step(job.step)
        costs[step.value] = _cost_of(lambda pk=job.pk, do=RUN[step]: do(pk))  # type: ignore[misc]
    return costs


def _cost_of(do: Callable[[], Any]) -> tuple[float, float]:
    before, began = _cpu(), time.perf_counter()
    if not do():
        raise SystemExit("A job that is open could not be claimed.")
    return _cpu() - before, time.perf_counter() - began


def _cpu() -> float:
    """Seconds of this process and of all it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peaks() -> dict[str, float]:
    """Of this process, and of the largest it has waited for."""
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"worker": round(peak_mb(), 1), "child": round(child, 1)}


def _made(recording: Recording) -> dict[str, Any]:
    from django.core.files.storage import default_storage  # noqa: PLC0415

    from transcode.models import State, Storyboard  # noqa: PLC0415

    failed = recording.jobs.filter(state=State.FAILED).first()
    board = Storyboard.objects.filter(recording=recording).first()
    renditions = list(recording.renditions.all())
    folder = Path(default_storage.path(f"recordings/{recording.code}"))
    return {
        "error": failed.error if failed else "",
        "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "files": {each.name: default_storage.path(each.key) for each in renditions},
        "rates": {each.name: each.fps for each in renditions},
        "board": {name: getattr(board, name) for name in Board.__dataclass_fields__} if board else None,
        "poster": default_storage.path(recording.poster_key) if recording.poster_key else "",
    }


if __name__ == "__main__":
    main()
