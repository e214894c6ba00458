"""`manage.py import_clips`: every file gets its line, and a bad one never stops the rest."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from transcode.models import Job, State
from videolib.clips.models import Clip, LibrarySettings
from videolib.uploads.importing import find_files, title_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(make_user: Any, settings: Any, data_folder: Path) -> Any:
    settings.SPEECH_ENGINE = "none"
    return make_user("contributor", email="ann@example.com")


@pytest.fixture
def folder(tmp_path_factory: Any, screen_file: Path) -> Path:
    """Two recordings, one of them twice, and three things that are none."""
    folder: Path = tmp_path_factory.mktemp("recordings")
    recording = screen_file.read_bytes()
    (folder / "-dash_and space.mp4").write_bytes(recording)
    (folder / "again").write_bytes(recording)
    (folder / "notes.mp4").write_text("not a video " * 50)
    (folder / "empty.webm").touch()
    (folder / "sub").mkdir()
    (folder / "sub" / "page.html").write_text("<html><body>hello</body></html>")
    (folder / "link.mp4").symlink_to("/etc/passwd")
    return folder


def run(*args: str) -> tuple[list[dict[str, Any]], int]:
    """The JSON lines, and the exit status."""
    out = StringIO()
    try:
        call_command("import_clips", *args, "--json", stdout=out)
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    return [json.loads(line) for line in out.getvalue().splitlines()], status


def test_every_regular_file_of_a_folder_gets_one_line(owner: Any, folder: Path) -> None:
    lines, status = run(str(folder), "--owner", owner.email, "--wait", "--tag", "Demo")
    by_name = {os.path.relpath(line["path"], folder): line for line in lines}
    assert sorted(by_name) == sorted(["-dash_and space.mp4", "again", "notes.mp4", "empty.webm", "sub/page.html"])
    assert len(lines) == 5
    assert status == 1
    first, second = by_name["-dash_and space.mp4"], by_name["again"]
    assert (first["state"], first["error"], first["duplicate_of"], first["warnings"]) == ("ready", None, None, [])
    assert 0 <= first["seconds_to_playable"] <= first["seconds_to_ready"]
    assert (second["state"], second["code"], second["duplicate_of"]) == ("ready", first["code"], first["code"])
    for name in ("notes.mp4", "empty.webm", "sub/page.html"):
        line = by_name[name]
        assert line["state"] == "failed"
        assert 10 < len(line["error"]) <= 300
        assert line["seconds_to_ready"] is None
    clip = Clip.objects.get(code=first["code"])
    assert (clip.title, clip.visibility, clip.owner) == ("dash and space", "private", owner)
    assert [tag.name for tag in clip.tags.all()] == ["Demo"]


def test_all_good_ends_with_zero(owner: Any, screen_file: Path) -> None:
    lines, status = run(str(screen_file), "--owner", owner.email, "--wait", "--visibility", "team")
    assert status == 0
    assert [line["path"] for line in lines] == [str(screen_file)]
    assert Clip.objects.get().visibility == "team"


def test_without_wait_the_work_is_left_to_workers(owner: Any, screen_file: Path) -> None:
    lines, status = run(str(screen_file), "--owner", owner.email)
    assert (lines[0]["state"], status) == ("queued", 0)
    assert Job.objects.get().state == State.QUEUED


def test_a_step_that_fails_later_is_a_warning(owner: Any, screen_file: Path) -> None:
    run(str(screen_file), "--owner", owner.email, "--wait")
    Job.objects.filter(step="make_renditions").update(state=State.FAILED, error="No room left.")
    again, status = run(str(screen_file), "--owner", owner.email, "--wait")
    assert (again[0]["state"], again[0]["warnings"], status) == ("ready", ["No room left."], 0)


def test_the_same_bytes_of_another_person_are_their_own_clip(owner: Any, make_user: Any, screen_file: Path) -> None:
    run(str(screen_file), "--owner", owner.email)
    lines, _ = run(str(screen_file), "--owner", make_user("contributor").email)
    assert lines[0]["duplicate_of"] is None
    assert Clip.objects.count() == 2


def test_a_file_over_the_limit_is_refused_with_a_sentence(owner: Any, screen_file: Path) -> None:
    LibrarySettings.objects.create(pk=1, max_upload_bytes=100)
    lines, status = run(str(screen_file), "--owner", owner.email, "--wait")
    assert (lines[0]["state"], lines[0]["code"], status) == ("failed", None, 1)
    assert "at most" in lines[0]["error"]
    assert not Clip.objects.exists()


def test_a_path_that_is_not_there_is_a_line_too(owner: Any, tmp_path: Path) -> None:
    lines, status = run(str(tmp_path / "gone.mp4"), "--owner", owner.email, "--wait")
    assert (lines[0]["state"], lines[0]["error"], status) == ("failed", "There is no such file.", 1)


def test_nobody_by_that_name_is_said_before_anything_is_read(data_folder: Path) -> None:
    with pytest.raises(CommandError, match="Nobody here signs in as"):
        call_command("import_clips", "x", "--owner", "nobody@example.com")


def test_folders_are_walked_in_name_order(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [shown for shown, _ in find_files([str(tmp_path)])] == [str(tmp_path / n) for n in ("a", "b/1", "b/2", "c")]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("How_to-reset.final.mp4", "How to reset.final"),
        ("-video-with-dash-.mp4", "video with dash"),
        ("noextension", "noextension"),
        (".mp4", ".mp4"),
        ("___.mov", "Untitled"),
        (os.fsdecode(b"caf\xe9.mp4"), "caf\ufffd"),
        ("x" * 300 + ".mp4", "x" * 200),
    ],
)
def test_a_title_is_made_of_the_file_name(name: str, title: str) -> None:
    assert title_of(Path(name)) == title
