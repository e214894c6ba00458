"""How ffmpeg is called: which binary, how a source is opened, what a failure means."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from transcode.media import child
from transcode.media.errors import no_room
from transcode.media.facts import MediaFacts

Graph = Any  # a node of ffmpeg-python's graph, which has no types
QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error", "-nostats")
PROGRESS = ("-progress", "pipe:1", "-stats_period", "0.5")
FULL = re.compile(r"No space left|Disk quota", re.IGNORECASE)
OURS = re.compile(
    r"File too large|Cannot allocate memory|Resource temporarily unavailable"
    r"|Too many open files|Permission denied|Read-only file system|Input/output error"
    r"|Unrecognized option|Option not found|No such filter|Error parsing|Unknown encoder",
    re.IGNORECASE,
)
DAMAGE = re.compile(
    r"error while decoding|corrupt|invalid data|concealing|decode_slice|missing reference", re.IGNORECASE
)
# A broken packet of sound says nothing against the picture.
OF_SOUND = re.compile(r"^\[(aist#|(aac|e?ac3|alac|amr|dca|flac|mp[123]|opus|pcm|vorbis|wma))")
LABEL = re.compile(r"\[([^\]]+)\]")  # of a graph: where a chain of filters begins or ends
UNREADABLE = "This recording cannot be decoded: it is damaged, or holds something no player knows."

# What a recording may cost, by its length and size. Measured need is a tenth of it: 8 CPU seconds for a
# second of 8K, 0.5 for a second of 1080p at 60 frames.
CPU_BASE = 120
CPU_PER_MEGAPIXEL = 8.0
MEMORY_BASE = 4 * 1024**3
MEMORY_PER_PIXEL = 200  # two dozen frames kept by decoder, filters and look-ahead
OUTPUT_BASE = 256 * 1024**2
OUTPUT_PER_SECOND = 3 * 1024**2


@dataclass(frozen=True)
class Ran:
    """A graph that ran: how many seconds it wrote, and whether it met bytes of the picture it could not decode."""

    reached: float
    damaged: bool


@cache
def binary() -> str:
    """The ffmpeg that came with the requirements: one version everywhere, whatever the machine has."""
    path: str = imageio_ffmpeg.get_ffmpeg_exe()
    return path


def limits_for(facts: MediaFacts) -> child.Limits:
    """What one pass over this recording may use."""
    pixels = facts.picture.width * facts.picture.height
    pace = max(1.0, facts.picture.fps / 30) * max(1.0, pixels / 1e6) * CPU_PER_MEGAPIXEL
    cpu = CPU_BASE + ceil(facts.duration * pace)
    return child.Limits(
        cpu_seconds=cpu,
        wall_seconds=2.0 * cpu,
        memory_bytes=MEMORY_BASE + pixels * MEMORY_PER_PIXEL,
        output_bytes=OUTPUT_BASE + 2 * facts.size_bytes + ceil(facts.duration) * OUTPUT_PER_SECOND,
    )


def input_args(source: Path, demuxer: str, **more: Any) -> Graph:
    """The source as a graph's input: by the sniffed demuxer only, and no other file or address.

    `more` are further input options, as `ss=12.5`.
    """
    options = {
        "f": demuxer,
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        # A graph that is built anew where the picture changes its size would count its frames and times from zero.
        "reinit_filter:v": 0,
        # ffmpeg's own turning would stand before the filter that catches such a change (graph.of_one_kind).
        "noautorotate": None,
    }
    return ffmpeg.input(f"file:{source.absolute()}", **options, **more)


def run_graph(
    outputs: Graph | Sequence[Graph],
    *,
    limits: child.Limits,
    duration: float,
    on_progress: Callable[[float], None] | None = None,
    cwd: Path | None = None,
) -> Ran:
    """Runs a graph of one or more outputs, whose file names are relative to `cwd`.

    `duration` in seconds is what progress, from 0 to 1, is a part of. Raises MediaError when ffmpeg fails:
    permanent unless memory or our own options are to blame. A full disk is an OSError, as if we had written ourselves.
    """
    args = each_alone(ffmpeg.compile(outputs, cmd=[binary(), *QUIET, *PROGRESS], overwrite_output=True))
    reporter = Reporter(duration, on_progress)
    finished = checked(child.run(args, limits=limits, reads=sources(args), cwd=cwd, on_line=reporter.line))
    return Ran(reporter.reached, tells_damage(finished.stderr_tail))


def tells_damage(stderr: str) -> bool:
    """Whether the decoder of the picture met bytes that it could not decode."""
    return any(DAMAGE.search(line) and not OF_SOUND.search(line) for line in stderr.splitlines())


def each_alone(args: Sequence[str]) -> list[str]:
    """The command with filters that have nothing to do with each other as graphs of their own.

    ffmpeg builds a whole graph anew where one of its inputs changes: sound that goes from mono to stereo would start
    the picture's times from zero.
    """
    if "-filter_complex" not in args:
        return list(args)
    at = list(args).index("-filter_complex")
    graphs: list[tuple[set[str], list[str]]] = []
    for chain in args[at + 1].split(";"):
        labels, chains = {label for label in LABEL.findall(chain) if ":" not in label}, [chain]
        for graph in [graph for graph in graphs if graph[0] & labels]:
            graphs.remove(graph)
            labels, chains = labels | graph[0], [*graph[1], *chains]
        graphs.append((labels, chains))
    alone = [arg for _, chains in graphs for arg in ("-filter_complex", ";".join(chains))]
    return [*args[:at], *alone, *args[at + 2 :]]


def sources(args: Sequence[str]) -> list[Path]:
    """The files that a command names as inputs: all that ffmpeg may open besides its working folder."""
    return [Path(value.removeprefix("file:")) for flag, value in pairwise(args) if flag == "-i"]


def checked(finished: child.Finished) -> child.Finished:
    """Raises for an exit status that is not success, as `run_graph` says."""
    if finished.returncode == 0:
        return finished
    for line in finished.stderr_tail.splitlines():
        if FULL.search(line):
            raise no_room(line)
    if OURS.search(finished.stderr_tail) or finished.returncode < 0:
        raise child.ChildFailed(
            "ffmpeg could not finish this recording.", permanent=False, stderr_tail=finished.stderr_tail
        )
    raise child.ChildFailed(UNREADABLE, permanent=True, stderr_tail=finished.stderr_tail)


class Reporter:
    """Turns the lines of `-progress` into a growing number from 0 to 1."""

    def __init__(self, duration: float, on_progress: Callable[[float], None] | None) -> None:
        self.duration = duration
        self.on_progress = on_progress
        self.last = 0.0
        self.reached = 0.0  # seconds

    def line(self, line: str) -> None:
        key, _, value = line.partition("=")
        if key == "progress" and value.strip() == "end":
            self.report(1.0)
        elif key == "out_time_us" and value.strip().isdigit():
            self.reached = max(self.reached, int(value) / 1e6)
            self.report(self.reached / self.duration if self.duration > 0 else 0.0)

    def report(self, part: float) -> None:
        part = min(1.0, part)
        if self.on_progress and part > self.last:
            self.last = part
            self.on_progress(part)
