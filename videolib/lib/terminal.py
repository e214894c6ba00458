"""Text of strangers on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """One line, without what would steer a terminal, break the line, or is no character at all."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
