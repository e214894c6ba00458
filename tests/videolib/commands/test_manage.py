"""`manage.py` itself: what goes wrong below every command ends it with one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("words", [("search", "git", "--as", "ann@example.org", "--json"), ("reindex",)])
def test_a_folder_that_was_not_made_ready_is_a_sentence_that_names_migrate(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, ROOT / "manage.py", *words],
        env={"PATH": os.environ["PATH"], "VIDEOLIB_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.splitlines()[-1].endswith("run manage.py migrate first.")
    assert "Traceback" not in ended.stderr
