"""Uploads beside `cp` of the same file onto the same disk: speed, memory of the web process, fifty people at once.

Against the whole stack (PostgreSQL, S3, nginx), or with --alone what `manage.py run` starts. What is compared with cp
is how bytes are received: all but the last one, which is sent on its own, because with it the upload is finished
(stored, its rows written). Turns alternate, and the medians count. Everything lies in TMPDIR, which wants six times
the larger size free. Aims: half of cp's speed, 30 MB more memory during an upload of any size, no error.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.library import NO_WORDS, enter
from benchmarks.running import CHUNK, running_library, sign_in
from benchmarks.sending import RefusedError, Sender
from chaos.machine_room import MachineRoom, children_of, command_of
from stack.ports import free_ports

GB, MB = 1024**3, 1024**2
AIM_OF_CP, AIM_MB = 0.5, 30.0
# The first upload of a process imports what it needs.
WARM_BYTES = MB
# Linux: the highest memory of a process is counted from now on.
RESET_PEAK = "5"
PEOPLE = 50


@dataclass
class Way:
    """Through which door, in which requests, and what each turn took."""

    name: str
    port: int
    chunk: int
    seconds: list[float] = field(default_factory=list)
    grown_mb: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Finished:
    """One whole upload in one PATCH: memory while it arrived, and what came after its last byte."""

    gigabytes: float
    grown_mb: float
    finish_seconds: float
    finish_grown_mb: float


@dataclass(frozen=True)
class Library:
    """A running one, empty: its folder, a contributor's token, its doors by name; the first is the one for people."""

    folder: Path
    token: str
    doors: dict[str, int]

    @property
    def front(self) -> int:
        """Where people come in."""
        return next(iter(self.doors.values()))


def main(arguments: list[str] | None = None) -> int:
    """0 when no upload failed."""
    options = _parser().parse_args(arguments)
    small = [file for file in sorted(options.recordings) if file.is_file()]
    with tempfile.TemporaryDirectory(prefix="videolib-uploads-") as name:
        folder = Path(name)
        file = _random_file(folder / "file", int(options.gigabytes * GB))
        with _alone(folder) if options.alone else _stack(folder) as library:
            _raise_limits()
            _warm(library, file)
            copied, ways = _in_turns(library, file, options.turns)
            _print_ways(file, copied, ways)
            finished = [_whole(library, file)]
            if options.larger:
                _random_file(file, int(options.larger * GB))
                finished.append(_whole(library, file))
            _print_finished(finished)
            errors = _at_once(library, small) if small else []
    if options.json:
        told = {"cp": copied, "ways": [*map(asdict, ways)], "finished": [*map(asdict, finished)], "errors": errors}
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    return 1 if errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads", description=__doc__)
    parser.add_argument("recordings", type=Path, nargs="*", help=f"small ones, of which {PEOPLE} people send one each")
    parser.add_argument("--alone", action="store_true", help="`manage.py run`: SQLite, the disk, no nginx")
    parser.add_argument("--gigabytes", type=float, default=1.0, help="of the file that is compared with cp")
    parser.add_argument("--larger", type=float, default=0.0, help="gigabytes of a second one, for its memory")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="where everything is written as JSON as well")
    return parser


def _random_file(file: Path, size: int) -> Path:
    """Bytes that no disk packs; those of a page cache afterwards."""
    with file.open("wb") as out:
        for start in range(0, size, CHUNK):
            out.write(os.urandom(min(CHUNK, size - start)))
    return file


# --- The library ------------------------------------------------------------------------------------------------------


@contextmanager
def _stack(folder: Path) -> Iterator[Library]:
    room = MachineRoom(folder, free_ports("front")["front"])
    try:
        room.start(NO_WORDS)
        settings = room.settings()
        enter(room.data, settings)
        doors = {"nginx": room.port, "granian": int(settings["BIND"].rpartition(":")[2])}
        yield Library(room.data, sign_in(room.port).token, doors)
    finally:
        room.stop()


@contextmanager
def _alone(folder: Path) -> Iterator[Library]:
    with running_library(folder, NO_WORDS) as client:
        yield Library(folder, client.token, {"granian": client.port})


def _raise_limits() -> None:
    from videolib.clips.models import LibrarySettings  # noqa: PLC0415 (Django is set up only now)

    LibrarySettings.objects.update_or_create(pk=1, defaults={"max_upload_bytes": 2**50, "quota_bytes": 2**50})


def _warm(library: Library, file: Path) -> None:
    for port in library.doors.values():
        sender = Sender(port, library.token)
        size = min(WARM_BYTES, file.stat().st_size)
        sender.send(sender.begin("warm.mp4", size), file, 0, size)


# --- Speed ------------------------------------------------------------------------------------------------------------


def _in_turns(library: Library, file: Path, turns: int) -> tuple[list[float], list[Way]]:
    """Seconds of each `cp`, and the ways; the file is in the page cache, and nothing else waits for the disk."""
    size, copied = file.stat().st_size, []
    ways = [
        Way(f"{door}, {said}", port, chunk)
        for door, port in library.doors.items()
        for said, chunk in (("one PATCH", size), (f"PATCHes of {CHUNK // MB} MB", CHUNK))
    ]
    for _ in range(turns):
        copied.append(_copy(file))
        for way in ways:
            _take_turn(library, file, way)
    return copied, ways


def _copy(file: Path) -> float:
    target = file.with_name("copy")
    os.sync()
    began = time.perf_counter()
    subprocess.run(["cp", "--reflink=never", file, target], check=True)
    took = time.perf_counter() - began
    target.unlink()
    return took


def _take_turn(library: Library, file: Path, way: Way) -> None:
    """All bytes but the last; then it is cancelled."""
    sender, size = Sender(way.port, library.token), file.stat().st_size
    address = sender.begin("random.mp4", size)
    os.sync()
    memory = Memory(library.folder)
    began = time.perf_counter()
    for start in range(0, size - 1, way.chunk):
        sender.send(address, file, start, min(way.chunk, size - 1 - start))
    way.seconds.append(time.perf_counter() - began)
    way.grown_mb.append(memory.grown_mb())
    sender.cancel(address)


class Memory:
    """Of the web processes of the library in a folder, from now on."""

    def __init__(self, folder: Path) -> None:
        self._processes = _web_processes(folder)
        if not self._processes:
            raise SystemExit("No web process of this library was found.")
        for process in self._processes:
            (process / "clear_refs").write_text(RESET_PEAK)
        self._before = self._sum("VmRSS")

    def grown_mb(self) -> float:
        """How much more they had at most than when we began."""
        return (self._sum("VmHWM") - self._before) / 1024

    def _sum(self, name: str) -> int:
        told = [dict(line.split(":", 1) for line in (p / "status").read_text().splitlines()) for p in self._processes]
        return sum(int(process[name].split()[0]) for process in told)


def _web_processes(folder: Path) -> list[Path]:
    """granian's own, and its worker."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_ours = f"VIDEOLIB_DATA={folder}\0".encode() in (place / "environ").read_bytes()
            if is_ours and b"granian" in command_of(int(place.name)):
                found |= {place, *(Path(f"/proc/{child}") for child in children_of(int(place.name)))}
    return sorted(found)


# --- Whole uploads ----------------------------------------------------------------------------------------------------


def _whole(library: Library, file: Path) -> Finished:
    sender, size = Sender(library.front, library.token), file.stat().st_size
    address = sender.begin("random.mp4", size)
    memory = Memory(library.folder)
    sender.send(address, file, 0, size - 1)
    grown, memory = memory.grown_mb(), Memory(library.folder)
    began = time.perf_counter()
    sender.send(address, file, size - 1, 1)
    return Finished(size / GB, grown, time.perf_counter() - began, memory.grown_mb())


def _at_once(library: Library, recordings: list[Path]) -> list[str]:
    """What went wrong when PEOPLE sent one each."""
    memory, began = Memory(library.folder), time.perf_counter()
    sent = [recordings[number % len(recordings)] for number in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as people:
        answers = list(people.map(lambda file: _send_one(library, file), sent))
    errors = [answer for answer in answers if answer]
    took = time.perf_counter() - began
    print(f"{PEOPLE} at once: {len(errors)} errors, {took:.1f} s, {memory.grown_mb():.1f} MB more")
    print(*errors, sep="\n")
    return errors


def _send_one(library: Library, file: Path) -> str:
    try:
        sender, size = Sender(library.front, library.token), file.stat().st_size
        sender.send(sender.begin(file.name, size), file, 0, size)
    except (RefusedError, OSError) as error:
        return f"{file.name}: {error}"
    return ""


# --- What is printed --------------------------------------------------------------------------------------------------


def _print_ways(file: Path, copied: list[float], ways: list[Way]) -> None:
    megabytes, middle = file.stat().st_size / MB, median(copied)
    print(f"{'way':<28}{'s':>8}{'MB/s':>8}{'of cp':>8}{'MB more':>9}")
    print(f"{'cp':<28}{middle:>8.2f}{megabytes / middle:>8.0f}")
    for way in ways:
        took, grown = median(way.seconds), max(way.grown_mb)
        missed = " slow" * (middle / took < AIM_OF_CP) + " large" * (grown > AIM_MB)
        print(f"{way.name:<28}{took:>8.2f}{megabytes / took:>8.0f}{middle / took:>8.2f}{grown:>9.1f}{missed}")


def _print_finished(finished: list[Finished]) -> None:
    for one in finished:
        large = " large" * (max(one.grown_mb, one.finish_grown_mb) > AIM_MB)
        print(
            f"{one.gigabytes:.3g} GB: {one.grown_mb:.1f} MB more while it arrived; "
            f"finished in {one.finish_seconds:.1f} s with {one.finish_grown_mb:.1f} MB more{large}"
        )


if __name__ == "__main__":
    sys.exit(main())
