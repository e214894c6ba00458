"""One log of many programs: each line with its program's name, in its colour on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

COLOURS = (36, 33, 32, 35, 34, 96)  # cyan, yellow, green, magenta, blue, bright cyan


class JointLog:
    """Everybody's lines on our standard output, each with its program's name."""

    def __init__(self, names: Sequence[str]) -> None:
        """`names` of those who will speak, for the width and the colours."""
        self._width = max(map(len, ("videolib", *names)))
        colourful = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._colours = dict(zip(names, COLOURS * len(names), strict=False)) if colourful else {}

    def write(self, name: str, line: str) -> None:
        """One line."""
        label = f"{name:<{self._width}} |"
        if colour := self._colours.get(name):
            label = f"\033[{colour}m{label}\033[0m"
        try:
            sys.stdout.write(f"{label} {line}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            # `make run | head`: nobody reads any more. What is still said goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
