"""Uploads beside `cp` of the same file: speed, memory of the web process, fifty people at once.

Twice: to a library whose media lie on the disk (`manage.py run`, with the nginx of production in front), beside `cp` of
the file onto that disk; and to `make stack` (PostgreSQL, S3, nginx), beside boto3's own upload of the file to that
bucket. Of a copy two times are taken, as it returns and once the disk has it (fsync): the first is one of memory where
there is enough of it. What is compared is how bytes are received: all but the last, which is sent on its own, because
it finishes the upload. Turns alternate, and the medians count. Everything lies in TMPDIR, which wants six times the
larger size free. Aims: half of the speed, 30 MB more memory during an upload of any size, no error.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.library import NO_WORDS, enter
from benchmarks.running import CHUNK, running_library, sign_in
from benchmarks.sending import RefusedError, Sender
from chaos.machine_room import MachineRoom, children_of, command_of
from stack import nginx
from stack.ports import free_ports
from videolib.lib.storage import media_storage, multipart_storage

GB, MB = 1024**3, 1024**2
AIM_OF_CP, AIM_MB = 0.5, 30.0
LARGEST = 64 * MB  # piece, as the page sends them
# The first upload of a process imports what it needs.
WARM_BYTES = MB
# Linux: the highest memory of a process is counted from now on.
RESET_PEAK = "5"
PEOPLE = 50


@dataclass
class Way:
    """Through which door, in which requests, and what each turn took until it was answered, and was on the disk."""

    name: str
    port: int = 0
    grows: bool = False
    seconds: list[float] = field(default_factory=list)
    kept_seconds: list[float] = field(default_factory=list)
    grown_mb: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Finished:
    """One whole upload in one PATCH: memory while it arrived, and what came after its last byte."""

    gigabytes: float
    seconds: float
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
        (folder / options.media).mkdir()
        file = _random_file(folder / "file", int(options.gigabytes * GB))
        with _on_disk(folder / "disk") if options.media == "disk" else _stack(folder / "bucket") as library:
            _raise_limits()
            _warm(library, file)
            ways = _in_turns(library, file, options.turns)
            _print_ways(file, ways)
            finished = [_whole(library, file)]
            if options.larger:
                _random_file(file, int(options.larger * GB))
                finished.append(_whole(library, file))
            _print_finished(finished)
            errors = _at_once(library, small) if small else []
    if options.json:
        told = {"ways": [*map(asdict, ways)], "finished": [*map(asdict, finished)], "errors": errors}
        options.json.write_text(json.dumps(told, indent=1) + "\n")
    return 1 if errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.uploads", description=__doc__)
    parser.add_argument("recordings", type=Path, nargs="*", help=f"small ones, of which {PEOPLE} people send one each")
    parser.add_argument("--media", choices=("disk", "bucket"), default="disk", help="where the library keeps them")
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
def _on_disk(folder: Path) -> Iterator[Library]:
    front = free_ports("front")["front"]
    listen, media = f"127.0.0.1:{front}", folder / "media"
    with running_library(folder, {**NO_WORDS, "SITE_URL": f"http://{listen}"}) as client:
        (folder / "nginx").mkdir()
        main = nginx.configure(folder / "nginx", listen=listen, web=f"127.0.0.1:{client.port}", media=media)
        server = subprocess.Popen(nginx.command(_nginx(), main), cwd=folder / "nginx")
        try:
            _wait_for(front)
            yield Library(folder, client.token, {"nginx": front, "granian": client.port})
        finally:
            server.terminate()
            server.wait()


def _nginx() -> Path:
    if found := nginx.find_binary():
        return found
    raise SystemExit("nginx is not installed; on Debian: apt install nginx")


def _wait_for(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise SystemExit("nginx did not start within 10 s.")


def _raise_limits() -> None:
    from videolib.clips.models import LibrarySettings  # noqa: PLC0415 (Django is set up only now)

    LibrarySettings.objects.update_or_create(pk=1, defaults={"max_upload_bytes": 2**50, "quota_bytes": 2**50})


def _warm(library: Library, file: Path) -> None:
    for port in library.doors.values():
        sender = Sender(port, library.token)
        size = min(WARM_BYTES, file.stat().st_size)
        sender.send(sender.begin("warm.mp4", size), file, 0, size)


# --- Speed ------------------------------------------------------------------------------------------------------------


def _in_turns(library: Library, file: Path, turns: int) -> list[Way]:
    """The copy, then the others; the file is in the page cache, and nothing else waits for the disk."""
    copy = Way("boto3") if multipart_storage() else Way("cp")
    ways = [
        Way(f"{door}, {said}", port, grows)
        for door, port in library.doors.items()
        for said, grows in (("one PATCH", False), ("as the page does", True))
    ]
    for _ in range(turns):
        _put(file, copy) if multipart_storage() else _copy(file, copy)
        for way in ways:
            _take_turn(library, file, way)
    return [copy, *ways]


def _send_all_but_one(sender: Sender, address: str, file: Path, way: Way) -> None:
    """In one piece, or as pace.js does: begun with a small one, and then as much as the line takes in a second."""
    size = file.stat().st_size - 1
    start, piece = 0, CHUNK if way.grows else size
    while start < size:
        count, began = min(piece, size - start), time.perf_counter()
        sender.send(address, file, start, count)
        start += count
        piece = min(LARGEST, max(CHUNK, int(count / (time.perf_counter() - began))))


def _copy(file: Path, way: Way) -> None:
    target = file.with_name("copy")
    with _timed(way, lambda: [target]):
        subprocess.run(["cp", "--reflink=never", file, target], check=True)
    target.unlink()


def _put(file: Path, way: Way) -> None:
    storage = media_storage()
    adopted = file.with_name("adopted")
    adopted.hardlink_to(file)
    with _timed(way, list):
        storage.adopt(adopted, "originals/put")
    storage.delete("originals/put")


def _take_turn(library: Library, file: Path, way: Way) -> None:
    """All bytes but the last; then it is cancelled."""
    from videolib.uploads.models import Upload  # noqa: PLC0415 (Django is set up only now)

    sender, size = Sender(way.port, library.token), file.stat().st_size
    address = sender.begin("random.mp4", size)
    upload = Upload.objects.latest("pk")
    memory = Memory(library.folder)
    with _timed(way, lambda: [each.path for each in upload.files]):
        _send_all_but_one(sender, address, file, way)
    way.grown_mb.append(memory.grown_mb())
    sender.cancel(address)


@contextmanager
def _timed(way: Way, files: Callable[[], Iterable[Path]]) -> Iterator[None]:
    """Until it is done, and until the disk has these files."""
    os.sync()
    began = time.perf_counter()
    yield
    way.seconds.append(time.perf_counter() - began)
    for each in files():
        with each.open("rb") as written:
            os.fsync(written.fileno())
    way.kept_seconds.append(time.perf_counter() - began)


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
    memory, began = Memory(library.folder), time.perf_counter()
    sender.send(address, file, 0, size - 1)
    took, grown = time.perf_counter() - began, memory.grown_mb()
    memory, began = Memory(library.folder), time.perf_counter()
    sender.send(address, file, size - 1, 1)
    return Finished(size / GB, took, grown, time.perf_counter() - began, memory.grown_mb())


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


def _print_ways(file: Path, ways: list[Way]) -> None:
    """The first is what the others are compared with."""
    megabytes, of = file.stat().st_size / MB, f"of {ways[0].name}"
    print(f"{'way':<28}{'s':>8}{'MB/s':>8}{of:>10}{'on disk s':>11}{of:>10}{'MB more':>9}")
    copied, copied_kept = median(ways[0].seconds), median(ways[0].kept_seconds)
    for way in ways:
        took, kept, grown = median(way.seconds), median(way.kept_seconds), max(way.grown_mb, default=0.0)
        missed = " slow" * (copied_kept / kept < AIM_OF_CP) + " large" * (grown > AIM_MB)
        said = f"{way.name:<28}{took:>8.2f}{megabytes / took:>8.0f}{copied / took:>10.2f}"
        print(f"{said}{kept:>11.2f}{copied_kept / kept:>10.2f}{grown:>9.1f}{missed}")


def _print_finished(finished: list[Finished]) -> None:
    for one in finished:
        large = " large" * (max(one.grown_mb, one.finish_grown_mb) > AIM_MB)
        print(
            f"{one.gigabytes:.3g} GB: arrived in {one.seconds:.1f} s with {one.grown_mb:.1f} MB more; "
            f"finished in {one.finish_seconds:.1f} s with {one.finish_grown_mb:.1f} MB more{large}"
        )


if __name__ == "__main__":
    sys.exit(main())
