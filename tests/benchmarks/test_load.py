"""benchmarks.load: its large library is whole and the same for the same seed; pages and people ask on the stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Sum

from benchmarks.load import Times
from benchmarks.load_pages import Answer, addresses, ask, sign_in
from benchmarks.many_clips import CUES_A_CLIP, ManyClips, make_library
from scripts.setup import STACK_PROGRAMS, is_installed
from tests.benchmarks.test_first_play import ROOT
from transcode.models import Cue
from videolib.clips.models import Clip, Tag
from videolib.search.backends import get_backend


@pytest.mark.django_db
def test_a_generated_library_is_whole_and_answers() -> None:
    make_library(40)
    assert Cue.objects.count() == 40 * CUES_A_CLIP
    told = {clip.pk: (clip.rating_sum or None, clip.rating_count) for clip in Clip.objects.all()}
    counted = Clip.objects.annotate(stars=Sum("ratings__stars"), people=Count("ratings"))
    assert told == {clip.pk: (clip.stars, clip.people) for clip in counted}
    [session] = sign_in(1)
    answers = {name: ask(some[0], session) for name, some in addresses(1).items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert all(answer.queries for answer in answers.values())
    # Ids that were given are not given again.
    assert Tag.objects.create(name="new", folded="new").pk > 1


@pytest.mark.django_db
def test_what_was_stopped_before_all_was_findable_is_gone_on_with() -> None:
    ManyClips(5).fill()
    make_library(5)
    assert get_backend().known_ids() == {*Clip.objects.filter(trashed_at=None).values_list("pk", flat=True)}


@pytest.mark.django_db
def test_a_library_of_another_size_stays_as_it_is() -> None:
    ManyClips(5).fill()
    with pytest.raises(SystemExit, match="A library of 5 clips lies there, not one of 6"):
        make_library(6)
    assert Clip.objects.count() == 5


def test_the_same_seed_makes_the_same_library() -> None:
    one, other = ManyClips(10, seed=3), ManyClips(10, seed=3)
    assert [one._clip(n) for n in range(1, 11)] == [other._clip(n) for n in range(1, 11)]


def test_95_of_100_are_told_and_what_is_no_page_is_an_error() -> None:
    times = Times()
    for number in range(1, 101):
        times.add("/", Answer(200 if number < 100 else 500, number, number / 2, 7))
    told = times.told()
    assert (told["p50"], told["p95"], told["processor_p95"], told["queries"]) == (50.5, 95, 47.5, 7)
    assert told["errors"] == ["/: 500"]


@pytest.mark.long
@pytest.mark.stack
@pytest.mark.timeout(600)
def test_two_libraries_are_asked_on_the_stack_and_kept(needs: Callable[[str, bool], None], tmp_path: Path) -> None:
    for program, package in STACK_PROGRAMS.items():
        needs(package, is_installed(program))
    ended = run(tmp_path, "--clips", 120, "--json", tmp_path / "figures.json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "5 people at once: 50 requests, 0 errors" in ended.stdout
    told: dict[str, Any] = json.loads((tmp_path / "figures.json").read_text())
    assert told["few"].keys() == told["many"].keys()
    assert all(page["p50"] <= page["p95"] for page in (*told["few"].values(), *told["many"].values()))
    again = run(tmp_path, "--clips", 130)
    assert again.returncode == 1
    assert "A library of 120 clips lies there, not one of 130" in again.stderr


def run(tmp_path: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    small = ("--folder", tmp_path / "kept", "--turns", 2, "--people", 5)
    command = [sys.executable, "-m", "benchmarks.load", *map(str, (*small, *arguments))]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=290, check=False)
