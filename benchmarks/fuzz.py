"""Damages real recordings and gives them to the pipeline, to find what it does not expect.

    .venv/bin/python -m benchmarks.fuzz --minutes 10 --seed 1 PATH…

Each damaged file goes through the steps of an upload: sniff, probe, plan, first rendition. Every one has to end as
a rendition or as a permanent MediaError with a sentence. Anything else is a finding: another exception, an error
that blames us, a step over its time, or a plan that ffmpeg then could not follow. Findings are kept as files in
--keep, named by seed and number, so that each can be run again. The exit status is 1 when there are any.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from transcode.media import hls
from transcode.media.errors import MediaError
from transcode.media.plan import make_plan
from transcode.media.probe import probe

LARGEST = 8 * 1024**2  # bytes of an original: larger ones spend the time on copying
STEP_SECONDS = 60.0  # what a small file may take in all
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 2**63 - 1, 2**64 - 1)
# What the numbers that matter stand behind: MP4's boxes, Matroska's elements, AVI's chunks, Ogg's pages.
MARKS = (
    *(b"mvhd", b"tkhd", b"mdhd", b"elst", b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"stsd", b"avcC", b"avc1"),
    *(b"trun", b"tfhd", b"tfdt", b"trex", b"moov", b"trak", b"moof", b"dref", b"esds", b"mp4a", b"hvcC", b"colr"),
    *(b"\x2a\xd7\xb1", b"\x44\x89", b"\x23\xe3\x83", b"\x16\x54\xae\x6b", b"\x1f\x43\xb6\x75", b"\xb0", b"\xba"),
    *(b"\xa3", b"avih", b"strh", b"strf", b"idx1", b"movi", b"00dc", b"OggS", b"ANMF", b"VP8X", b"\x21\xf9\x04"),
)  # fmt: skip

Mutation = Callable[[random.Random, bytearray], None]


def main() -> int:
    args = arguments()
    originals = [path for path in files_of(args.paths) if 0 < path.stat().st_size <= LARGEST]
    if not originals:
        sys.exit("No file of at most 8 MB was named.")
    ends: Counter[str] = Counter()
    until = time.monotonic() + 60 * args.minutes
    number = args.first
    while time.monotonic() < until and (not args.count or number < args.first + args.count):
        end = try_one(originals, args.seed, number, args.keep)
        ends[end] += 1
        number += 1
    for end, count in ends.most_common():
        print(f"{count:7}  {end}")
    findings = sum(count for end, count in ends.items() if end.startswith("FINDING"))
    print(json.dumps({"tried": number - args.first, "findings": findings, "seed": args.seed}))
    return 1 if findings else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Damages recordings and gives them to the pipeline.")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number to begin with: a finding's, to run it again")
    parser.add_argument("--count", type=int, default=0, help="how many to try; 0: until the time is over")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz")
    return parser.parse_args()


def files_of(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def try_one(originals: list[Path], seed: int, number: int, keep: Path) -> str:
    """How the recording of that number ended; a finding is kept and told at once."""
    dice = random.Random(f"{seed}.{number}")
    original = dice.choice(originals)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(damaged(dice, original.read_bytes()))
        started = time.monotonic()
        end = walk(path, Path(folder))
        seconds = time.monotonic() - started
        if seconds > STEP_SECONDS:
            end = f"FINDING slow: {end}"
        if end.startswith("FINDING"):
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, keep / f"{seed}-{number}-{original.name}")
            print(f"{seed}-{number} {original.name} after {seconds:.1f} s: {end}", flush=True)
    return end.splitlines()[0][:150]


def walk(path: Path, folder: Path) -> str:
    """The steps of an upload, and how they ended."""
    step = "probe"
    try:
        facts = probe(path)
        step = "plan"
        plan = make_plan(facts)
        step = "first"
        hls.write_first(path, facts, plan, folder)
    except MediaError as error:
        return told(step, error)
    except Exception as error:  # noqa: BLE001 (any other is what this looks for)
        return f"FINDING {step}: {type(error).__name__}: {error}"
    return "ready"


def told(step: str, error: MediaError) -> str:
    if not error.permanent:
        return f"FINDING {step} blames us: {error}"
    if step == "plan" or not error.message.endswith("."):
        return f"FINDING {step} has no sentence: {error}"
    return f"refused by {step}: {error.message}"


def damaged(dice: random.Random, data: bytes) -> bytes:
    """The same bytes with one to four kinds of damage, the first kilobytes (headers) hit more often than the rest."""
    broken = bytearray(data)
    for mutation in dice.choices(MUTATIONS, k=dice.randint(1, 4)):
        if len(broken) > 16:
            mutation(dice, broken)
    return bytes(broken)


def flip_bits(dice: random.Random, data: bytearray) -> None:
    for _ in range(dice.choice((1, 4, 32, 256))):
        data[place(dice, data)] ^= 1 << dice.randrange(8)


def cut_off(dice: random.Random, data: bytearray) -> None:
    del data[place(dice, data) :]


def cut_out(dice: random.Random, data: bytearray) -> None:
    at = place(dice, data)
    del data[at : at + dice.choice((1, 4, 100, 5000))]


def swap_pieces(dice: random.Random, data: bytearray) -> None:
    size = min(len(data) // 3, dice.choice((4, 64, 1000, 20000)))
    one, other = sorted((dice.randrange(len(data) - size), dice.randrange(len(data) - size)))
    data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]


def repeat_piece(dice: random.Random, data: bytearray) -> None:
    at, size = place(dice, data), dice.choice((8, 188, 4000))
    data[at:at] = data[at : at + size] * dice.choice((1, 3, 50))


def write_extreme(dice: random.Random, data: bytearray) -> None:
    """A number at the edge of its range, anywhere."""
    overwrite(dice, data, place(dice, data))


def change_marked(dice: random.Random, data: bytearray) -> None:
    """A number near a mark: the size before it, or the fields behind it."""
    for _ in range(dice.choice((1, 1, 3))):
        at = data.find(dice.choice(MARKS), dice.choice((0, place(dice, data))))
        if at >= 0:
            overwrite(dice, data, max(0, at + dice.choice((-4, 4, 8, 12, 16, 20, 24, dice.randrange(64)))))


def overwrite(dice: random.Random, data: bytearray, at: int) -> None:
    size = dice.choice((1, 2, 4, 4, 8))
    number = dice.choice((*EXTREMES, dice.randrange(2**32), dice.randrange(256))) % 256**size
    data[at : at + size] = number.to_bytes(size, dice.choice(("big", "little")))[: max(0, len(data) - at)]


def place(dice: random.Random, data: bytearray) -> int:
    ends = (len(data), min(len(data), 4096), min(len(data), 256))
    at = dice.randrange(dice.choice(ends))
    return len(data) - 1 - at if dice.random() < 0.2 else at  # an MP4's index may be last


MUTATIONS: tuple[Mutation, ...] = (
    flip_bits,
    cut_off,
    cut_out,
    swap_pieces,
    repeat_piece,
    write_extreme,
    change_marked,
    change_marked,
    change_marked,
)

if __name__ == "__main__":
    sys.exit(main())
