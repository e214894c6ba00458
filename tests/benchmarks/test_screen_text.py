"""The figures of on-screen text can be had, and drawn screens are the same on every machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import screen_text
from benchmarks.drawn_screens import KINDS, draw_screen, tokens_of


def test_screens_are_those_of_their_number_and_seed() -> None:
    one, again, other = draw_screen(6), draw_screen(6), draw_screen(6, seed=6)
    assert one.lines == again.lines != other.lines
    assert one.image.tobytes() == again.image.tobytes()
    assert {draw_screen(number).kind for number in range(4)} == set(KINDS)


def test_a_token_is_whole_and_without_what_stands_around_it() -> None:
    assert tokens_of(['raise Error("ORA-00942"): see (C:\\Temp\\a.sql), x']) == {
        "raise": 1,
        "Error": 1,
        "ORA-00942": 1,
        "C:\\Temp\\a.sql": 1,
    }


@pytest.mark.timeout(300)
def test_two_screens_are_read_and_written_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, lines = tmp_path / "figures.json", tmp_path / "lines.jsonl"
    asked = [str(tmp_path / "nothing"), "--screens", "2", "--unbounded", "--json", str(figures), "--lines", str(lines)]
    assert screen_text.main(asked) == 0
    found = json.loads(figures.read_text())
    assert found["verified"] is found["terminals"] is None
    assert found["6"]["all"]["read"] >= 0.9 * found["6"]["all"]["tokens"] > 100
    assert len(lines.read_text().splitlines()) == 2
    assert "left out: there is no" in capsys.readouterr().out
