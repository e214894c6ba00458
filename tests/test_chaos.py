"""A small `make chaos`: each kind of fault at running work, and nothing lost, doubled or left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.setup import STACK_PROGRAMS, is_installed
from tests.running import ROOT

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.timeout(1500)]


def test_whatever_breaks_every_recording_ends_ready_or_honestly_refused(
    needs: Callable[[str, bool], None], tmp_path: Path
) -> None:
    for program, package in STACK_PROGRAMS.items():
        needs(package, is_installed(program))
    told = tmp_path / "told.json"
    options = ("--faults", "20", "--of-each", "1", "--recordings", "12", "--minutes", "6", "--json", str(told))
    done = subprocess.run(
        [sys.executable, "-m", "chaos", *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = json.loads(told.read_text()) if told.exists() else {}
    assert (said.get("wrong"), done.returncode) == ([], 0), done.stdout + done.stderr
    assert said["outcomes"]["ready"] >= 8 and said["outcomes"]["refused"] >= 1
