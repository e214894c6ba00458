"""How much of the text on screens is read, and what that costs, by the very code of the pipeline's step read_screen.

Screens are drawn (benchmarks/drawn_screens.py) and put into recordings of a minute in which each stands as long as the
others. Those are encoded as screen recorders do, and read off the frames that make_renditions would keep, in the time
that the step may take. A token counts as read when it stands, letter by letter, among the lines that were on the screen
in the middle of that time.

PATH is a folder with pictures whose text somebody read by eye (psc2code) and with recordings of terminals (bubbletea),
of which only the cost is measured. Where it is not there, that is said, and these rows are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.costs import run_ffmpeg
from benchmarks.drawn_screens import KINDS, NoFonts, draw_screen, tokens_of
from transcode.media.ffmpeg import input_args, limits_for, run_graph
from transcode.media.graph import paced
from transcode.media.probe import probe
from transcode.media.screens import read_screens, screens_output
from transcode.ocr import ScreenEngine, Shown, get_engine, read_text
from transcode.ocr.reading import SHARE

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "ocr"
A_CLIP = 60.0  # seconds
ENCODED = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-pix_fmt", "yuv420p", "-g", "50")
ENOUGH = 1000.0  # times what the step may take, for --unbounded
HEAD = f"{'':<26}{'screens':>8}{'tokens':>8}{'recall':>8}{'s a minute':>12}{'CPU s a minute':>16}{'cut short':>11}"


@dataclass
class Tally:
    """Of some screens: tokens of four characters or more, how many of them were read, and which were not; seconds of
    recording, and what reading took, by the clock and of all processors; how many recordings the time cut short."""

    screens: int = 0
    tokens: int = 0
    read: int = 0
    seconds: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    recordings: int = 0
    cut_short: int = 0
    missed: Counter[str] = field(default_factory=Counter)

    def saw(self, drawn: Sequence[str], read: Sequence[str]) -> None:
        """One more screen."""
        wanted, found = tokens_of(drawn), tokens_of(read)
        self.screens += 1
        self.tokens += wanted.total()
        self.read += (wanted & found).total()
        self.missed += wanted - found

    def took(self, seconds: float, wall: float, cpu: float, *, complete: bool) -> None:
        """One more recording."""
        self.recordings += 1
        self.seconds += seconds
        self.wall += wall
        self.cpu += cpu
        self.cut_short += not complete

    def figures(self) -> dict[str, Any]:
        """As JSON has them. Not asdict(), which makes pairs of a Counter's keys."""
        return {**vars(self), "missed": dict(self.missed)}

    def row(self, name: str) -> str:
        """Of the table."""
        recall = f"{self.read / self.tokens:>8.3f}" if self.tokens else f"{'':>8}"
        minutes = self.seconds / 60
        costs = f"{self.wall / minutes:>12.1f}{self.cpu / minutes:>16.1f}" if minutes else ""
        cut = f"{self.cut_short:>6} of {self.recordings}" if self.recordings else ""
        return f"{name:<26}{self.screens or '':>8}{self.tokens or '':>8}{recall}{costs}{cut}"


@dataclass(frozen=True)
class Bench:
    """What reads, in what time, and where there is room for recordings."""

    engine: ScreenEngine
    folder: Path
    times: float
    clock: Callable[[], float]

    def read(self, recording: Path, tally: Tally) -> list[Shown]:
        """What the step would keep of a recording."""
        facts, into = probe(recording), self.folder / "screens"
        into.mkdir(exist_ok=True)
        for left in into.iterdir():
            left.unlink()
        picture = paced(input_args(recording, facts.demuxer)[str(facts.picture.index)], facts)
        run_graph(screens_output(picture, facts), limits=limits_for(facts), duration=facts.duration, cwd=into)
        wall, cpu = time.perf_counter(), time.process_time()
        read = read_text(read_screens(into), self.engine, duration=facts.duration * self.times, clock=self.clock)
        spent = time.perf_counter() - wall, time.process_time() - cpu
        tally.took(facts.duration, *spent, complete=read.complete)
        return read.shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Read everything; 0 when all was read."""
    options = _parser().parse_args(arguments)
    with TemporaryDirectory(prefix="videolib-benchmark-") as folder:
        clock = _two_free_processors if options.shared else time.monotonic
        bench = Bench(get_engine(options.engine), Path(folder), ENOUGH if options.unbounded else 1.0, clock)
        _warm(bench)
        print(
            f"{bench.engine.name}, {len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f}; ", end=""
        )
        limit = "as long as it takes" if options.unbounded else f"at most {60 * SHARE:.0f} s a minute"
        print(limit + (", counted as half of the CPU s" if options.shared else ""))
        print(HEAD)
        try:
            found: dict[str, Any] = {str(each): _drawn(bench, options, each) for each in options.a_minute}
        except NoFonts as error:
            print(error, file=sys.stderr)
            return 2
        found["verified"] = _verified(bench, options.path)
        found["terminals"] = _terminals(bench, options.path)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.screen_text",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", nargs="?", type=Path, default=DATA, metavar="PATH", help="../shared/data/ocr")
    parser.add_argument("--screens", type=int, default=200, help="how many are drawn (200)")
    parser.add_argument("--seed", type=int, default=5, help="which (5)")
    parser.add_argument(
        "--a-minute", type=int, nargs="+", default=[6], metavar="N", help="different screens in a minute (6)"
    )
    parser.add_argument("--engine", choices=("rapidocr", "tesseract"), default="rapidocr")
    parser.add_argument("--unbounded", action="store_true", help="read all, however long that takes")
    parser.add_argument(
        "--shared",
        action="store_true",
        help="this machine is at other work too: the time that the step may take is counted on two free processors, as "
        "half of what all its threads compute",
    )
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    parser.add_argument("--lines", type=Path, help="where drawn and read lines are written, one JSON object a screen")
    return parser


def _two_free_processors() -> float:
    return time.process_time() / 2


def _warm(bench: Bench) -> None:
    """The first line of an engine takes longer: once in the life of a worker."""
    corner = draw_screen(0).image.crop((0, 0, 640, 320))
    list(bench.engine.read(np.asarray(corner, np.uint8)[:, :, ::-1].copy()))


def _drawn(bench: Bench, options: argparse.Namespace, a_minute: int) -> dict[str, Any]:
    total, kinds = Tally(), {kind: Tally() for kind in KINDS}
    out = options.lines.open("a", encoding="utf-8") if options.lines else None
    each = A_CLIP / a_minute
    for first in range(0, options.screens, a_minute):
        screens = [draw_screen(n, seed=options.seed) for n in range(first, min(first + a_minute, options.screens))]
        recording = _record([screen.image for screen in screens], each, bench.folder)
        shown = bench.read(recording, total)
        for number, screen in enumerate(screens):
            middle = (number + 0.5) * each
            read = [line.text for line in shown if line.start <= middle < line.end]
            total.saw(screen.lines, read)
            kinds[screen.kind].saw(screen.lines, read)
            if out:
                out.write(json.dumps({"screen": screen.name, "drawn": screen.lines, "read": read}) + "\n")
    if out:
        out.close()
    for kind, tally in kinds.items():
        print(tally.row(f"  {kind}"))
    print(total.row(f"{a_minute} screens a minute"))
    return {name: tally.figures() for name, tally in {**kinds, "all": total}.items()}


def _record(pictures: Sequence[Image.Image], each: float, folder: Path) -> Path:
    """A recording in which each picture stands for so many seconds, ten frames a second."""
    for number, picture in enumerate(pictures):
        picture.save(folder / f"drawn-{number:03d}.png", compress_level=1)
    recording = folder / "recording.mp4"
    frames = ("-framerate", f"1/{each}", "-i", str(folder / "drawn-%03d.png"))
    run_ffmpeg("-y", *frames, "-vf", "fps=10", *ENCODED, str(recording))
    for drawn in folder.glob("drawn-*.png"):
        drawn.unlink()
    return recording


def _verified(bench: Bench, path: Path) -> dict[str, Any] | None:
    """Pictures whose text is known: each by itself, as a recording of ten seconds."""
    crops = sorted((path / "psc2code" / "crops").glob("*.png"))
    if not crops:
        print(f"left out: there is no {path / 'psc2code' / 'crops'}")
        return None
    tally = Tally()
    for crop in crops:
        with Image.open(crop) as picture:
            even = picture.convert("RGB").crop((0, 0, picture.width // 2 * 2, picture.height // 2 * 2))
        shown = bench.read(_record([even], 10.0, bench.folder), tally)
        known = (path / "psc2code" / "verified" / f"{crop.stem}.txt").read_text(encoding="utf-8")
        tally.saw(known.splitlines(), [line.text for line in shown])
    print(tally.row("verified frames"), " missed:", ", ".join(tally.missed) or "none")
    return tally.figures()


def _terminals(bench: Bench, path: Path) -> dict[str, Any] | None:
    """Recordings of terminals that scroll and blink: what reading them costs."""
    films = sorted((path / "bubbletea").glob("*.gif"))
    if not films:
        print(f"left out: there is no {path / 'bubbletea'}")
        return None
    tally = Tally()
    for film in films:
        recording = bench.folder / "recording.mp4"
        run_ffmpeg("-y", "-i", str(film), "-r", "30", *ENCODED, str(recording))
        bench.read(recording, tally)
    print(tally.row("recordings of terminals"))
    return tally.figures()


if __name__ == "__main__":
    sys.exit(main())
