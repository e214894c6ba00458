"""How well and how fast speech is heard, beside openai-whisper's own transcribe() with the same weights.

Each PATH is a folder with a refs.jsonl: one recording a line, {"file", "lang", "ref"}, "file" from the folder above.
Every recording is heard by both in turn, warm, in one process. Error rates are jiwer's, over all words of a language,
after Whisper's own normaliser (characters where no spaces are written). Rows of the language "none" hold no words:
what is heard there was invented.

--warm instead puts a long recording, joined from those, through the real step of the pipeline in a temporary library:
seconds until its first words are found by search, until all are there, and the worker's peak memory, beside 10 s.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
import jiwer
import numpy as np
from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer

from benchmarks import long_speech
from transcode.speech import Samples, get_engine
from transcode.speech.base import SAMPLE_RATE
from transcode.speech.hearing import UNSPACED

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "speech"
HEAD = f"{'language':<9}{'seconds':>8}{'words':>7}{'WER':>8}{'theirs':>8}{'points':>8}{'s':>8}{'theirs':>8}{'ratio':>7}"


@dataclass
class Tally:
    """One language, or all: seconds of sound, words of the references, and each side's errors and seconds spent."""

    seconds: float = 0.0
    words: int = 0
    errors: int = 0
    their_errors: int = 0
    wall: float = 0.0
    their_wall: float = 0.0
    cpu: float = 0.0
    their_cpu: float = 0.0

    def add(self, other: Tally) -> None:
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Hear everything; 0 when all was heard."""
    options = _parser().parse_args(arguments)
    missing = [str(path) for path in options.paths if not (path / "refs.jsonl").is_file()]
    if missing:
        print(f"There is no {missing[0]}/refs.jsonl; name folders that have one.", file=sys.stderr)
        return 2
    rows = [{**row, "path": path.parent / row["file"]} for path in options.paths for row in _rows(path)]
    found = _warm(rows, options) if options.warm else _compare(rows, options)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speech", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, default=[DATA], metavar="PATH", help="../shared/data/speech")
    parser.add_argument("--model", default="base", help="a name or a folder with weights (base)")
    parser.add_argument("--beam", type=int, help="beams of openai-whisper; its transcribe() takes none by itself")
    parser.add_argument("--json", type=Path, help="where the figures are written too")
    parser.add_argument("--warm", action="store_true", help="time to words of a long recording, and peak memory")
    parser.add_argument("--hours", type=float, default=1 / 6, help="how long that recording is (ten minutes)")
    return parser


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    with (path / "refs.jsonl").open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def read_sound(path: Path) -> Samples:
    """The recording as engines take it: float32, mono, 16 kHz."""
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)


def _compare(rows: list[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    ours, theirs = _ours(options.model), _theirs(options.model, options.beam)
    tallies: dict[str, Tally] = {}
    invented = {"ours": 0, "theirs": 0}
    warm = read_sound(rows[0]["path"])
    ours(warm), theirs(warm)
    for row in rows:
        samples = read_sound(row["path"])
        (text, *spent), (their_text, *their_spent) = _timed(ours, samples), _timed(theirs, samples)
        if row["lang"] == "none":
            invented["ours"] += len(text.split())
            invented["theirs"] += len(their_text.split())
        elif row["ref"]:
            words, errors, their_errors = _errors(row, text, their_text)
            tally = Tally(len(samples) / SAMPLE_RATE, words, errors, their_errors)
            (tally.wall, tally.cpu), (tally.their_wall, tally.their_cpu) = spent, their_spent
            tallies.setdefault(row["lang"], Tally()).add(tally)
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    _print({**tallies, "all": total}, invented)
    return {"languages": {code: asdict(each) for code, each in tallies.items()}, "all": asdict(total), **invented}


def _ours(model: str) -> Callable[[Samples], str]:
    engine = get_engine("faster_whisper", model, ROOT / "weights")
    return lambda samples: engine.hear(samples).text


def _theirs(model: str, beam: int | None) -> Callable[[Samples], str]:
    from transcode.speech.openai_whisper import load_whisper  # noqa: PLC0415 (torch: seconds)

    loaded = load_whisper(model, ROOT / "weights")
    half = loaded.device.type == "cuda"
    more = {"beam_size": beam, "best_of": beam} if beam else {}
    return lambda samples: str(loaded.transcribe(samples, fp16=half, **more)["text"])


def _timed(hear: Callable[[Samples], str], samples: Samples) -> tuple[str, float, float]:
    """The text, and the seconds it took: by the clock, and of all processors."""
    wall, cpu = time.perf_counter(), time.process_time()
    text = hear(samples)
    return text, time.perf_counter() - wall, time.process_time() - cpu


def _errors(row: dict[str, Any], *texts: str) -> list[int]:
    """How many words the reference has, then each text's errors."""
    tidy = _normaliser(row["lang"])
    measured = [jiwer.process_words(tidy(row["ref"]), tidy(text)) for text in texts]
    words = measured[0].hits + measured[0].substitutions + measured[0].deletions
    return [words, *(each.substitutions + each.deletions + each.insertions for each in measured)]


@cache
def _normaliser(language: str) -> Callable[[str], str]:
    tidy: Callable[[str], str] = BasicTextNormalizer(split_letters=language in UNSPACED)
    return EnglishTextNormalizer() if language == "en" else tidy


def _print(tallies: dict[str, Tally], invented: dict[str, int]) -> None:
    print(HEAD)
    for code, each in tallies.items():
        mine, other = 100 * each.errors / each.words, 100 * each.their_errors / each.words
        print(
            f"{code:<9}{each.seconds:>8.1f}{each.words:>7}{mine:>8.2f}{other:>8.2f}{mine - other:>+8.2f}"
            f"{each.wall:>8.1f}{each.their_wall:>8.1f}{each.wall / each.their_wall:>7.2f}"
        )
    total = tallies["all"]
    print(f"real-time factor   {total.wall / total.seconds:.3f}, theirs {total.their_wall / total.seconds:.3f}")
    print(f"processor seconds  {total.cpu:.1f}, theirs {total.their_cpu:.1f}: {total.cpu / total.their_cpu:.2f}")
    print(f"words where nobody speaks  {invented['ours']}, theirs {invented['theirs']}")


def _warm(rows: list[dict[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    paths = [row["path"] for row in rows if row["ref"] and row["lang"] == "en"]
    spoken = np.concatenate([read_sound(path) for path in paths])
    found = {}
    for name, seconds in (("short", 10.0), ("long", 3600 * options.hours)):
        found[name] = long_speech.measure(spoken, seconds, options.model)
        print(
            f"{seconds:>7.0f} s   first words {found[name]['first']:.1f} s   all words {found[name]['all']:.1f} s "
            f"(aim {4 + 0.08 * seconds:.1f})   {found[name]['cues']} cues   peak {found[name]['peak_mb']:.0f} MB"
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
