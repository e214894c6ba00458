"""Text of strangers on a terminal."""

import pytest

from videolib.lib.terminal import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zürich, 東京 and 🚀", "Zürich, 東京 and 🚀"),
        ("two\nlines\r\n", "two lines  "),
        ("\x1b[2J\x07\x9b", " [2J  "),
        ("caf\udce9.mp4", "caf .mp4"),
        ("a\u202egpj.exe", "a gpj.exe"),
    ],
)
def test_what_steers_a_terminal_is_a_space(text: str, shown: str) -> None:
    assert printable(text) == shown
