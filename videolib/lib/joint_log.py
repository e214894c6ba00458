"""One log of many programs: each line with its program's name, in its colour on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

COLOURS = (36, 33, 32, 35, 34, 96)  # cyan, yellow, green, magenta, blue, bright cyan


class JointLog:
    """Everybody's lines on our standard output, each with its program's name."""

    def __init__(self, names: Sequence[str], *, as_json: bool = False) -> None:
        """`names` of those who will speak, for the width and the colours; `as_json`: one object a line instead."""
        self._as_json = as_json
        self._width = max(map(len, ("videolib", *names)))
        colourful = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._colours = dict(zip(names, COLOURS * len(names), strict=False)) if colourful else {}

    def write(self, name: str, line: str) -> None:
        """One line."""
        try:
            sys.stdout.write(f"{_in_json(name, line) if self._as_json else self._labelled(name, line)}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            # `make run | head`: nobody reads any more. What is still said goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)

    def _labelled(self, name: str, line: str) -> str:
        label = f"{name:<{self._width}} |"
        if colour := self._colours.get(name):
            label = f"\033[{colour}m{label}\033[0m"
        return f"{label} {line}"


def _in_json(name: str, line: str) -> str:
    """Lines that are objects already learn whose they are; those of other people's programs become objects."""
    try:
        entry = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"time": now, "level": "INFO", "logger": name, "message": line}
    return json.dumps({**entry, "program": name})
