"""`manage.py check_library`: tells what is wrong, mends what it may, and throws away only what it is asked to."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.videolib import filled_library
from tests.videolib.filled_library import store
from transcode.models import Job, Recording, Rendition, State, Step, Transcript
from videolib.clips.models import Clip
from videolib.lib.storage import media_storage
from videolib.operations.faults import Fault, Kind
from videolib.operations.mend import MENDS, mend
from videolib.operations.models import LibraryCheck
from videolib.search.backends import get_backend
from videolib.search.models import Searched
from videolib.search.types import Line, SearchDocument

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Clip]:
    """A filled library, whole, two days later."""
    clips = filled_library.fill()
    later = timezone.now() + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    return clips


def run(*args: str) -> tuple[str, int]:
    """What it prints, and its exit status."""
    out = StringIO()
    try:
        call_command("check_library", *args, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


def damage(library: dict[str, Clip]) -> None:
    """A fault of each kind that can be mended."""
    shown, hidden, trashed, work = (library[name] for name in ("shown", "hidden", "trashed", "at work"))
    Clip.objects.filter(pk=shown.pk).update(rating_sum=9, visibility="private")
    Clip.objects.filter(pk=hidden.pk).update(published_at=None)
    Searched.objects.filter(doc_id=work.pk).delete()
    get_backend().put(SearchDocument(10**6, {"title": [Line("gone")]}))
    Job.objects.filter(recording=work.recording).delete()
    Rendition.objects.filter(recording=hidden.recording).delete()
    Transcript.objects.filter(recording=trashed.recording).update(complete=False)


def test_a_whole_library_is_well(library: dict[str, Clip]) -> None:
    printed, status = run("--hash")
    assert printed.startswith("All is well: ") and "5 originals read" in printed and status == 0
    assert run("--json") == ("", 0)


def test_what_is_wrong_is_printed_one_a_line_and_is_the_exit_status(library: dict[str, Clip]) -> None:
    key = library["hidden"].recording.original_key  # type: ignore[union-attr]
    media_storage().delete(key)
    store("originals/evil\x1b[31m", b"x")
    printed, status = run()
    lines = printed.splitlines()
    assert status == 1
    assert lines[0].split() == [
        "missing",
        key,
        "A",
        "row",
        "names",
        "this",
        "file,",
        "and",
        "it",
        "is",
        "not",
        "there.",
    ]
    assert "\x1b" not in printed and lines[1].startswith("orphan") and lines[2].startswith("2 faults: ")
    printed, status = run("--json")
    found = [json.loads(line) for line in printed.splitlines()]
    assert [(one["kind"], one["thing"], one["done"]) for one in found] == [
        ("missing", key, ""),
        ("orphan", "originals/evil\x1b[31m", ""),
    ]


def test_what_can_be_mended_is_and_then_all_is_well(library: dict[str, Clip]) -> None:
    damage(library)
    printed, status = run("--json")
    assert {json.loads(line)["kind"] for line in printed.splitlines()} >= set(MENDS)
    assert status == 1
    kept = {each.name for each in media_storage().list_objects()}
    run("--mend")
    assert {each.name for each in media_storage().list_objects()} == kept
    left = {json.loads(line)["kind"] for line in run("--json")[0].splitlines()}
    # The files of the rendition whose row is gone, and what is only mended once the work that was begun is done.
    assert left <= {Kind.ORPHAN, Kind.NOT_PLAYABLE, Kind.HALF_HEARD}
    assert {library["hidden"].pk, library["at work"].pk} <= get_backend().known_ids()
    shown = Clip.objects.get(pk=library["shown"].pk)
    assert (shown.rating_sum, shown.pinned_at) == (7, None)
    wanted = {Step.INSPECT, Step.MAKE_PLAYABLE, Step.TRANSCRIBE}
    assert set(Job.objects.filter(state=State.QUEUED).values_list("step", flat=True)) == wanted


def test_a_clip_that_was_brought_back_before_search_was_to_forget_it_is_found(library: dict[str, Clip]) -> None:
    pk = library["shown"].pk
    assert mend(Fault(Kind.GHOST, f"document {pk}", "", pk))
    assert pk in get_backend().known_ids()


def test_what_nobody_can_reach_goes_only_where_that_is_asked_for(
    library: dict[str, Clip], django_capture_on_commit_callbacks: Any
) -> None:
    clip = library["hidden"]
    unused = f"recording {clip.recording.code}"  # type: ignore[union-attr]
    get_backend().remove([clip.pk])
    clip.delete()
    store("originals/nobody", b"x")
    stranger = store("lost+found/x", b"x")
    assert run("--mend")[1] == 1
    assert media_storage().size("originals/nobody") == 1
    with django_capture_on_commit_callbacks(execute=True):
        printed, status = run("--remove-orphans")
    removed = [line.split("  ")[:-1] for line in printed.splitlines() if line.endswith("  removed")]
    told = " ".join(" ".join(words) for words in removed)
    assert status == 1, "what is not ours stays, and is told"
    assert unused in told and "originals/nobody" in told
    names = {each.name for each in media_storage().list_objects()}
    assert stranger in names and "originals/nobody" not in names
    assert not Recording.objects.filter(pk=clip.recording_id).exists()
    media_storage().delete(stranger)
    assert run()[1] == 0


def test_what_is_young_is_never_thrown_away(library: dict[str, Clip], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    store("originals/just-stored", b"x")
    assert run("--remove-orphans")[1] == 0
    assert media_storage().size("originals/just-stored") == 1


def test_beside_the_wrong_database_no_file_is_thrown_away(data_folder: Path) -> None:
    store("originals/of-another-library", b"x")
    with pytest.raises(CommandError, match="it is the wrong database"):
        run("--remove-orphans")
    assert media_storage().size("originals/of-another-library") == 1


def test_what_was_put_right_is_not_in_the_report(library: dict[str, Clip]) -> None:
    Clip.objects.filter(pk=library["shown"].pk).update(rating_sum=9)
    printed, status = run("--mend")
    assert (printed.splitlines()[-1].startswith("1 put right; All is well"), status) == (True, 0)
    report: Any = LibraryCheck.objects.first()
    assert report.counts == {} and report.ended_at
