"""What is sent: short real recordings, narrated ones made on the spot, and some that no library can play."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
# Short ones, so that many go through: with and without sound, one spoken.
REAL = (
    "derived/lj-narrated-short.mp4",
    "screen/Kap__incomplete.mp4",
    "screen/marimo__docs-delete-cell.mp4",
    "screen/marimo__reactive.mp4",
    "screen/gradio__compliment_bot_screen_recording_3x.mp4",
)
STORIES_MADE = 3
# Of so many one is cut in half: its index, at the end of the file, is missing, and nothing can be made of it.
ONE_BROKEN_OF = 9


@dataclass(frozen=True)
class Sent:
    """One file, unlike any other. `word` is in its title and in no other's."""

    word: str
    data: bytes
    is_broken: bool

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def sources(folder: Path) -> list[bytes]:
    """Real recordings where they are beside the clone, and narrated ones. Django must be set up."""
    from demo.make import make_recording  # noqa: PLC0415 (ffmpeg's limits are settings' neighbours)
    from demo.stories import STORIES  # noqa: PLC0415

    found = [SHARED / name for name in REAL if (SHARED / name).is_file()]
    for number, story in enumerate(STORIES[:STORIES_MADE]):
        place = folder / f"story {number}"
        place.mkdir(parents=True)
        found.append(make_recording(story, "en-us", place))
    return [path.read_bytes() for path in found]


def endless(made: list[bytes], seed: int) -> Iterator[Sent]:
    """One recording after another, each time with other bytes."""
    dice = random.Random(seed)
    number = 0
    while True:
        number += 1
        data, is_broken = dice.choice(made), number % ONE_BROKEN_OF == 0
        if is_broken:
            data = data[: len(data) // 3 - number]
        else:
            # A box that players skip (ISO/IEC 14496-12, "free").
            data += (8 + 16).to_bytes(4, "big") + b"free" + dice.randbytes(16)
        yield Sent(f"kestrel{seed}x{number}", data, is_broken)
