"""`manage.py import_clips`: every file gets its line, and a bad one never stops the rest."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from transcode.claim import OUR_FAULT
from transcode.models import Job, State
from videolib.clips.actions import trash_clip
from videolib.clips.models import Clip, LibrarySettings
from videolib.uploads import importing
from videolib.uploads.actions import take_file
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
    found = [each.shown for each in find_files([str(tmp_path)])]
    assert found == [str(tmp_path / name) for name in ("a", "b/1", "b/2", "c")]


@pytest.fixture
def locked() -> Iterator[Path]:
    """A folder with a file before, in and after a folder without rights, looked at by somebody who is not root."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    for name in ("a.mp4", "b/inside.mp4", "c.mp4"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    folder.chmod(0o755)
    (folder / "b").chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    (folder / "b").chmod(0o700)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_goes_on(locked: Path) -> None:
    found = list(find_files([str(locked), str(locked / "b" / "inside.mp4")]))
    assert [os.path.relpath(each.shown, locked) for each in found] == ["a.mp4", "b", "c.mp4", "b/inside.mp4"]
    assert [isinstance(each.problem, PermissionError) for each in found] == [False, True, False, True]


def test_what_cannot_be_looked_at_is_a_line_and_the_rest_goes_on(owner: Any, screen_file: Path) -> None:
    too_long = "x" * 300
    lines, status = run(too_long, str(screen_file), "--owner", owner.email, "--wait")
    assert [(line["path"], line["state"]) for line in lines] == [(too_long, "failed"), (str(screen_file), "ready")]
    assert (lines[0]["error"], status) == ("It cannot be read: File name too long.", 1)


def test_a_mistake_of_ours_is_one_line_with_a_sentence_and_the_rest_goes_on(
    owner: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked_for_notes(file: Path, **details: Any) -> Clip:
        if file.name == "notes.mp4":
            raise OperationalError("database is locked")
        return take_file(file, **details)

    monkeypatch.setattr(importing, "take_file", locked_for_notes)
    lines, status = run(str(folder), "--owner", owner.email, "--wait")
    by_name = {os.path.relpath(line["path"], folder): line for line in lines}
    assert (by_name["notes.mp4"]["state"], by_name["notes.mp4"]["error"]) == ("failed", OUR_FAULT)
    assert (len(lines), by_name["again"]["state"], status) == (5, "ready", 1)
    assert "database is locked" in caplog.text


def test_what_failed_on_our_side_is_tried_again_by_importing_it_again(owner: Any, screen_file: Path) -> None:
    first, _ = run(str(screen_file), "--owner", owner.email)
    Job.objects.update(state=State.FAILED, error=OUR_FAULT, may_retry=True)
    again, status = run(str(screen_file), "--owner", owner.email, "--wait")
    assert (again[0]["state"], again[0]["error"], status) == ("ready", None, 0)
    assert again[0]["code"] == again[0]["duplicate_of"] == first[0]["code"]


def test_what_can_never_work_is_not_tried_again(owner: Any, screen_file: Path) -> None:
    run(str(screen_file), "--owner", owner.email)
    Job.objects.update(state=State.FAILED, error="There is no picture in it.", may_retry=False)
    again, status = run(str(screen_file), "--owner", owner.email, "--wait")
    assert (again[0]["state"], again[0]["error"], status) == ("failed", "There is no picture in it.", 1)


def test_what_lies_in_the_trash_becomes_a_new_clip_without_seconds_of_the_old_one(
    owner: Any, screen_file: Path
) -> None:
    first, _ = run(str(screen_file), "--owner", owner.email, "--wait")
    trash_clip(Clip.objects.get(), by=owner)
    again, status = run(str(screen_file), "--owner", owner.email, "--wait")
    assert (again[0]["state"], again[0]["duplicate_of"], status) == ("ready", None, 0)
    assert again[0]["code"] != first[0]["code"]
    assert again[0]["seconds_to_playable"] is again[0]["seconds_to_ready"] is None


def test_a_file_name_can_neither_break_the_line_nor_steer_the_terminal(owner: Any, tmp_path: Path) -> None:
    (tmp_path / "two\nlines\x1b[2J.mp4").write_text("no video")
    (tmp_path / os.fsdecode(b"caf\xe9.mp4")).write_text("no video")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("import_clips", str(tmp_path), "--owner", owner.email, "--wait", stdout=out)
    assert len(out.getvalue().splitlines()) == 2
    assert all(letter.isprintable() for letter in out.getvalue().replace("\n", ""))


def test_somebody_who_may_not_upload_is_refused_before_anything_is_read(make_user: Any, data_folder: Path) -> None:
    with pytest.raises(CommandError, match=r"ann@example\.com is a learner.*an admin make them one"):
        call_command("import_clips", "x", "--owner", make_user("learner", email="ann@example.com").email)


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
