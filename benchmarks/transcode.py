"""What making a clip costs, against MediaCMS, PeerTube, and one hand-written ffmpeg command.

For each recording and for all together: processor seconds (user and system, of every process), the clock, and the
bytes made beside the kept original. All contenders take each recording in turn, one process after another and all
with the product's own ffmpeg, so that noise of the machine hits them alike. Ours runs the pipeline's own steps with
speech and on-screen text off (benchmarks/ours.py); what the others run is in benchmarks/mediacms.py, peertube.py and
floor.py. Sums are over the recordings that every contender finished. On a machine that others share one run is off by a
tenth: with --times 3 each takes its turn three times, and its cheapest counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av

from benchmarks import floor, mediacms, ours, peertube
from benchmarks.costs import Cost, Failed, Result, find_recordings
from benchmarks.library import migrate
from benchmarks.quality import Quality, compare, read_words
from benchmarks.seen import Seen, see

CONTENDERS = ("ours", "mediacms", "peertube", "floor")
# Issue 3: a sixth of MediaCMS's CPU, a tenth more than the floor's, one and a half times the original's bytes.
MOST_OF_MEDIACMS, MOST_OF_FLOOR, MOST_BYTES = 1 / 6, 1.1, 1.5
COMPARED_RUNGS = (720, 480)
HEADER = f"{'recording':<44}{'MB':>7}" + "".join(f"{name:>17}" for name in CONTENDERS) + "  ours is   x floor   bytes"


@dataclass
class Row:
    """One recording."""

    path: Path
    size: int
    results: dict[str, Result]
    quality: dict[str, Quality] = field(default_factory=dict)
    turns: dict[str, list[float]] = field(default_factory=dict)  # processor seconds of each
    error: str = ""

    @property
    def made(self) -> ours.Made:
        """What ours made, for whoever makes the same."""
        made = self.results.get("ours")
        return made if isinstance(made, ours.Made) else ours.Made()

    @property
    def is_whole(self) -> bool:
        """Whether every contender finished it."""
        return not self.error and not any(result.error for result in self.results.values())


def main(arguments: list[str] | None = None) -> int:
    """0 when every recording was measured with every contender."""
    options = _parser().parse_args(arguments)
    wanted = options.only.split(",")
    recordings = list(find_recordings(options.paths))
    refusal = _refusal(options, wanted, recordings)
    if refusal:
        print(refusal, file=sys.stderr)
        return 2
    rows = []
    print(HEADER, flush=True)
    with tempfile.TemporaryDirectory(prefix="videolib-benchmark-") as folder:
        migrate(Path(folder) / "template")
        for row in _measured(recordings, wanted, Path(folder), options):
            rows.append(row)
            _print_row(row)
    _print_sums(rows, wanted)
    if options.json:
        options.json.write_text(json.dumps(_as_data(rows, wanted), indent=1) + "\n")
    return 0 if all(row.is_whole for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transcode", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a recording, or a folder of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where everything is written as JSON as well")
    parser.add_argument("--quality", action="store_true", help="SSIM, VMAF and readable text of the 720 and 480 rungs")
    parser.add_argument(
        "--times", type=int, default=1, metavar="N", help="turns each contender has; the cheapest counts"
    )
    parser.add_argument("--only", default=",".join(CONTENDERS), help=f"of {','.join(CONTENDERS)}")
    return parser


def _refusal(options: argparse.Namespace, wanted: list[str], recordings: list[Path]) -> str:
    unknown = [name for name in wanted if name not in CONTENDERS]
    missing = [path for path in options.paths if not path.exists()]
    if options.times < 1:
        return "Every contender needs a turn: --times 1 is the least."
    if unknown:
        return f"There is no contender {unknown[0]!r}; choose of {', '.join(CONTENDERS)}."
    if "floor" in wanted and "ours" not in wanted:
        return "The floor makes what ours made: choose ours as well."
    if missing:
        return f"There is no file {missing[0]}; name one that exists."
    return "" if recordings else "There is no recording in what was named."


def _measured(recordings: list[Path], wanted: list[str], folder: Path, options: argparse.Namespace) -> Iterator[Row]:
    for number, path in enumerate(recordings):
        with tempfile.TemporaryDirectory(dir=folder, prefix=f"{number}-") as scratch:
            yield _measure(path, wanted, folder / "template", Path(scratch), options)


def _measure(path: Path, wanted: list[str], template: Path, scratch: Path, options: argparse.Namespace) -> Row:
    row = Row(path, path.stat().st_size, {})
    try:
        source = see(path)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        row.error = str(error)
        return row
    for turn in range(options.times):
        for name in (name for name in CONTENDERS if name in wanted):
            _take_turn(name, source, row, template, scratch / f"{name}-{turn}")
    if options.quality:
        _judge(row, source)
    return row


def _take_turn(name: str, source: Seen, row: Row, template: Path, into: Path) -> None:
    """One more turn; the cheapest stays, unless one failed: that is told, however the others went."""
    if name == "ours":
        result: Result = ours.run(row.path, template, into)
    else:
        into.mkdir()
        result = _rival(name, source, row.made, into)
    row.turns.setdefault(name, []).append(result.cost.cpu)
    before = row.results.get(name)
    if before is None or (not before.error and (result.error or result.cost.cpu < before.cost.cpu)):
        row.results[name] = result


def _rival(name: str, source: Seen, made: ours.Made, into: Path) -> Result:
    if name == "floor":
        return floor.run(source, made, into)
    return {"mediacms": mediacms.run, "peertube": peertube.run}[name](source, into)


def _judge(row: Row, source: Seen) -> None:
    """Quality of the compared rungs of ours and MediaCMS's, by "contender rung"."""
    try:
        words = read_words(source, source.path)
        for name, rung, file in _compared(row):
            row.quality[f"{name} {rung}"] = compare(source, file, words)
    except Failed as failed:
        row.error = f"quality: {failed}"


def _compared(row: Row) -> Iterator[tuple[str, int, Path]]:
    """(contender, rung, file)."""
    for name in ("ours", "mediacms"):
        files = row.results[name].files if name in row.results else {}
        rungs = [(_rung(profile, file), file) for profile, file in files.items()]
        yield from ((name, rung, file) for rung, file in rungs if rung in COMPARED_RUNGS)


def _rung(profile: str, file: Path) -> int:
    """MediaCMS's profiles are boxes of 16:9, named by their height whatever comes out."""
    return int(profile) if profile.isdigit() else see(file).short_side


def _print_row(row: Row) -> None:
    cells = "".join(_cell(row.results.get(name)) for name in CONTENDERS)
    print(f"{row.path.name[:43]:<44}{row.size / 1e6:>7.2f}{cells}  {_ratios(row.results, row.size)}", flush=True)
    for name, result in row.results.items():
        if result.peak_mb:
            print(
                f"    {name}: peak memory {', '.join(f'{who} {most:.0f} MB' for who, most in result.peak_mb.items())}"
            )
        if result.error:
            print(f"    {name}: {result.error}")
    for name, judged in row.quality.items():
        print(f"    {name:<14}{_judged(judged)}")
    if row.error:
        print(f"    {row.error}", flush=True)


def _cell(result: Result | None) -> str:
    return f"{result.cost.cpu:>8.2f} /{result.cost.wall:>6.1f}s" if result and not result.error else f"{'-':>17}"


def _judged(quality: Quality) -> str:
    recall = "no text" if quality.recall is None else f"{quality.recall:.3f} of the words"
    return f"SSIM {quality.ssim:.4f}  VMAF {quality.vmaf:5.1f}  {recall}"


def _ratios(results: dict[str, Result], size: int) -> str:
    """Ours against MediaCMS, against the floor, and its bytes against the original's."""
    if "ours" not in results or results["ours"].error or not size:
        return f"{'-':>7}{'-':>10}{'-':>8}"
    cells = [("mediacms", 7, lambda ratio: f"1/{1 / ratio:.1f}"), ("floor", 10, lambda ratio: f"{ratio:.2f}")]
    told = "".join(f"{_told(results, name, tell):>{width}}" for name, width, tell in cells)
    return f"{told}{results['ours'].made_bytes / size:>8.2f}"


def _told(results: dict[str, Result], rival: str, tell: Any) -> str:
    other = results.get(rival)
    if other is None or other.error or not other.cost.cpu or not results["ours"].cost.cpu:
        return "-"
    return str(tell(results["ours"].cost.cpu / other.cost.cpu))


def _sums(rows: list[Row], wanted: list[str]) -> tuple[dict[str, Result], int]:
    """Every contender's sum over the recordings all finished, and the bytes of these."""
    whole = [row for row in rows if row.is_whole]
    sums = {}
    for name in (name for name in CONTENDERS if name in wanted):
        results = [row.results[name] for row in whole]
        sums[name] = Result(cost=sum((each.cost for each in results), Cost()))
        sums[name].made_bytes = sum(each.made_bytes for each in results)
        for result in results:
            for part, cost in result.parts.items():
                sums[name].parts[part] = sums[name].parts.get(part, Cost()) + cost
    return sums, sum(row.size for row in whole)


def _print_sums(rows: list[Row], wanted: list[str]) -> None:
    sums, size = _sums(rows, wanted)
    cells = "".join(_cell(sums.get(name)) for name in CONTENDERS)
    title = f"all of {sum(row.is_whole for row in rows)} of {len(rows)} recordings"
    print(f"{title:<44}{size / 1e6:>7.2f}{cells}  {_ratios(sums, size)}")
    for name, result in sums.items():
        parts = ", ".join(f"{part} {cost.cpu:.2f}" for part, cost in result.parts.items())
        print(f"    {name:<10}{result.made_bytes / max(1, size):.2f} x the bytes; CPU s: {parts}")
    for aim, value, most in _aims(sums, size):
        print(f"{'met    ' if value <= most else 'not met'}  {aim}: {value:.3f}, aim {most:.3f}")
    for name, mean in _mean_quality(rows).items():
        print(f"    {name:<14}{_judged(mean)}")


def _aims(sums: dict[str, Result], size: int) -> Iterator[tuple[str, float, float]]:
    """(what, value, the most it may be)."""
    if "ours" not in sums or not size:
        return
    for name, most in (("mediacms", MOST_OF_MEDIACMS), ("floor", MOST_OF_FLOOR)):
        if name in sums:
            yield f"CPU of ours / {name}", sums["ours"].cost.cpu / sums[name].cost.cpu, most
    yield "bytes of ours / original", sums["ours"].made_bytes / size, MOST_BYTES


def _mean_quality(rows: list[Row]) -> dict[str, Quality]:
    """Means over the recordings where both contenders have that rung."""
    means = {}
    for rung in COMPARED_RUNGS:
        names = [f"{name} {rung}" for name in ("ours", "mediacms")]
        both = [row for row in rows if all(name in row.quality for name in names)]
        for name in names if both else ():
            judged = [row.quality[name] for row in both]
            means[name] = Quality(
                ssim=_mean([each.ssim for each in judged]) or 0.0,
                vmaf=_mean([each.vmaf for each in judged]) or 0.0,
                recall=_mean([each.recall for each in judged if each.recall is not None]),
            )
    return means


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _as_data(rows: list[Row], wanted: list[str]) -> dict[str, Any]:
    sums, size = _sums(rows, wanted)
    return {
        "recordings": [
            {
                "path": str(row.path),
                "bytes": row.size,
                "error": row.error,
                "turns": row.turns,
                "contenders": {name: _result_data(result) for name, result in row.results.items()},
                "quality": {name: asdict(judged) for name, judged in row.quality.items()},
            }
            for row in rows
        ],
        "sums": {"bytes": size, "contenders": {name: _result_data(result) for name, result in sums.items()}},
        "quality": {name: asdict(judged) for name, judged in _mean_quality(rows).items()},
        "aims": [{"aim": aim, "value": value, "most": most} for aim, value, most in _aims(sums, size)],
    }


def _result_data(result: Result) -> dict[str, Any]:
    parts = {part: asdict(cost) for part, cost in result.parts.items()}
    data = {"bytes": result.made_bytes, "parts": parts, "error": result.error, "peak_mb": result.peak_mb}
    return {**asdict(result.cost), **data}


if __name__ == "__main__":
    sys.exit(main())
