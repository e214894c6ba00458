"""What commands show on a terminal: text of strangers, and how far they are."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm


class Progress:
    """A bar for each thing that is done, on a terminal and nowhere else. Call it with what, how much, of how much."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._bar is None or what != self._what or done < self._bar.n:
            self.close()
            self._what = what
            self._bar = tqdm(total=total, desc=what, file=sys.stderr, disable=not sys.stderr.isatty())
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """The last bar stays as it is."""
        if self._bar is not None:
            self._bar.close()


def printable(text: str) -> str:
    """One line, without what would steer a terminal, break the line, or is no character at all."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
