"""benchmarks.uploads: small uploads through a whole library; every figure is there, and nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.uploads import PEOPLE
from scripts.setup import STACK_PROGRAMS, is_installed
from tests.benchmarks.test_first_play import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def run(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    small = ("--gigabytes", 0.01, "--turns", 1, "--json", tmp_path / "figures.json")
    command = [sys.executable, "-m", "benchmarks.uploads", *map(str, (*arguments, *small))]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(autouse=True)
def _installed(needs: Callable[[str, bool], None]) -> None:
    for program, package in STACK_PROGRAMS.items():
        needs(package, is_installed(program))


def test_a_library_on_a_disk_is_measured_and_fifty_send_at_once(tmp_path: Path, screen_file: Path) -> None:
    ended = run(tmp_path, screen_file, "--larger", 0.02)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{PEOPLE} at once: 0 errors" in ended.stdout
    told = json.loads((tmp_path / "figures.json").read_text())
    doors = [f"{door}, {how}" for door in ("nginx", "granian") for how in ("one PATCH", "as the page does")]
    assert [way["name"] for way in told["ways"]] == ["cp", *doors]
    assert all(len(way["seconds"]) == len(way["kept_seconds"]) == 1 for way in told["ways"])
    assert [round(one["gigabytes"], 3) for one in told["finished"]] == [0.01, 0.02]
    assert told["errors"] == []
    assert not [*tmp_path.glob("videolib-uploads-*")]


@pytest.mark.long
def test_the_stack_is_measured_through_both_doors(tmp_path: Path) -> None:
    ended = run(tmp_path, "--media", "bucket")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads((tmp_path / "figures.json").read_text())
    assert {way["name"].partition(",")[0] for way in told["ways"]} == {"boto3", "nginx", "granian"}


def test_an_upload_that_is_refused_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    ended = run(tmp_path, tmp_path / "empty.mp4")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert f"{PEOPLE} at once: {PEOPLE} errors" in ended.stdout
    assert "empty.mp4: 400 This file is empty" in ended.stdout
