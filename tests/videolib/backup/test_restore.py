"""`manage.py import_library`: all or nothing, every file by its hash, and into an empty library alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client
from django.utils import timezone

from tests.videolib.backup.conftest import exported_rows, files, manifest, rows, rows_let_go, run, without_waits
from tests.videolib.filled_library import PASSWORD
from transcode.models import Cue, Job, Recording, Rendition, State
from videolib.accounts.actions import ensure_first_admin_link
from videolib.accounts.models import Invitation, User
from videolib.backup import restore
from videolib.browse.search import search_clips
from videolib.clips.models import Clip, Tag
from videolib.operations.check import find_faults
from videolib.uploads.models import Upload

Empty = Callable[[], None]


@pytest.fixture
def exported(library: dict[str, Clip], place: Path) -> Path:
    """The place, with a whole export in it."""
    assert run("export_library", place)[1] == 0
    return place


def change(place: Path, **said: Any) -> None:
    """Of what the manifest says."""
    (place / "manifest.json").write_text(json.dumps({**manifest(place), **said}))


def test_what_was_carried_is_all_there_again(exported: Path, empty: Empty) -> None:
    wanted, wanted_files = rows_let_go(), files()
    empty()
    printed, status = run("import_library", exported)
    assert status == 0 and f"{len(wanted_files)} of them copied now" in printed
    assert f"as it was at {manifest(exported)['begun_at']}" in printed
    assert without_waits(rows()) == without_waits(wanted)
    assert files() == wanted_files
    assert [*find_faults()] == []
    assert not (exported / ".videolib-partial").exists()


def test_people_sign_in_find_and_go_on(exported: Path, empty: Empty, library: dict[str, Clip]) -> None:
    olaf = User.objects.get(email="olaf@example.com")
    before = search_clips(olaf, "origin").as_data()
    assert len(before) == 1
    empty()
    run("import_library", exported)
    olaf = User.objects.get(email="olaf@example.com")
    assert search_clips(olaf, "origin").as_data() == before
    client = Client()
    sent = client.post("/accounts/login/", {"login": "olaf@example.com", "password": PASSWORD})
    assert sent.status_code == 302
    assert client.get(f"/clips/{library['shown'].code}/").status_code == 200
    # New rows come behind those that were carried.
    assert Tag.objects.create(name="new", folded="new").pk > 2


def test_work_that_ran_waits_again_for_somebody_to_do_it(exported: Path, empty: Empty) -> None:
    running = Job.objects.get(state=State.RUNNING)
    empty()
    before = timezone.now()
    run("import_library", exported)
    job = Job.objects.get(pk=running.pk)
    assert (job.state, job.claim, job.lease_until) == (State.QUEUED, None, None)
    assert before <= job.not_before <= timezone.now()
    assert not Job.objects.filter(state=State.RUNNING).exists()


def test_what_was_under_way_did_not_come(exported: Path, empty: Empty) -> None:
    empty()
    run("import_library", exported)
    assert not Clip.objects.filter(recording=None).exists()
    assert not Upload.objects.open().exists()


def test_the_link_to_the_first_administrator_is_no_use_of_a_library(exported: Path, empty: Empty) -> None:
    empty()
    assert ensure_first_admin_link()
    run("import_library", exported)
    assert not Invitation.objects.from_nobody().exists()


def test_a_library_that_somebody_uses_is_not_written_over(
    exported: Path, library: dict[str, Clip], empty: Empty
) -> None:
    before = rows()
    Tag.objects.create(name="new", folded="new")
    with pytest.raises(CommandError, match=r"This library is not empty \(\d+ rows of"):
        run("import_library", exported)
    Tag.objects.get(folded="new").delete()
    assert rows() == before
    empty()
    Tag.objects.create(name="new", folded="new")
    with pytest.raises(CommandError, match=r"This library is not empty \(1 rows of videolib.Tag\)"):
        run("import_library", exported)
    assert files() == {} and not User.objects.exists()


@pytest.mark.parametrize("what", ["changed", "cut", "gone"])
def test_a_damaged_file_is_named_and_nothing_comes_in(exported: Path, empty: Empty, what: str) -> None:
    keys = [Rendition.objects.all()[0].key, Recording.objects.all()[0].original_key]
    for key in keys:
        file = exported / "objects" / key
        content = file.read_bytes()
        file.write_bytes({"changed": b"x" + content[1:], "cut": content[:-1], "gone": b""}[what])
        if what == "gone":
            file.unlink()
    empty()
    with pytest.raises(CommandError) as refused:
        run("import_library", exported)
    assert "Nothing was imported" in str(refused.value) and all(key in str(refused.value) for key in keys)
    assert not User.objects.exists() and not set(files()) & set(keys)


@pytest.mark.parametrize("name", ["objects.jsonl", "transcode.cue.jsonl"])
@pytest.mark.parametrize("what", ["changed", "gone"])
def test_a_list_or_rows_that_were_changed_are_refused(exported: Path, empty: Empty, name: str, what: str) -> None:
    file = exported_rows(exported) / name
    if what == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    empty()
    with pytest.raises(CommandError, match=f"{name} is not what was exported"):
        run("import_library", exported)
    assert not User.objects.exists() and not Cue.objects.exists()


def test_rows_that_the_database_refuses_are_all_taken_back(
    exported: Path, empty: Empty, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty()
    read = restore.read_rows
    monkeypatch.setattr(
        restore,
        "read_rows",
        lambda table, file: [*read(table, file)] * (2 if table is Cue else 1),
    )
    with pytest.raises(CommandError, match=r"the database refuses rows of transcode.Cue \("):
        run("import_library", exported)
    assert not User.objects.exists()


def test_an_import_that_was_cut_off_goes_on(
    exported: Path, empty: Empty, monkeypatch: pytest.MonkeyPatch, library: dict[str, Clip]
) -> None:
    wanted, wanted_files = rows_let_go(), files()
    empty()
    for name in ("_write_rows", "_index"):  # once all files are there, and once all rows are
        with monkeypatch.context() as patch:

            def break_off(*_: Any) -> None:
                raise KeyboardInterrupt

            patch.setattr(restore, name, break_off)
            with pytest.raises(KeyboardInterrupt):
                run("import_library", exported)
        assert User.objects.exists() == (name == "_index")
        assert files() == wanted_files
    assert "0 of them copied now" in run("import_library", exported)[0]
    assert without_waits(rows()) == without_waits(wanted)
    assert [*find_faults()] == []
    assert search_clips(library["shown"].owner, "origin").total == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"complete": False}, "is not complete: it was cut off. Run export_library with the same place again"),
        ({"format": 1}, "was made by another version of videolib"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_with_what_to_do(
    exported: Path, empty: Empty, said: dict[str, Any], sentence: str
) -> None:
    change(exported, **said)
    empty()
    with pytest.raises(CommandError, match=sentence):
        run("import_library", exported)
    assert files() == {}


def test_the_export_of_a_newer_or_an_older_videolib_is_refused(exported: Path, empty: Empty) -> None:
    migrations = manifest(exported)["migrations"]
    newer = {**migrations, "videolib": [*migrations["videolib"], "0999_of_tomorrow"]}
    older = {**migrations, "transcode": migrations["transcode"][:-1]}
    empty()
    change(exported, migrations=newer)
    with pytest.raises(CommandError, match="does not know videolib 0999_of_tomorrow"):
        run("import_library", exported)
    change(exported, migrations=older)
    with pytest.raises(CommandError, match=f"lacks transcode {migrations['transcode'][-1]}"):
        run("import_library", exported)


def test_a_place_without_an_export_is_refused(transactional_db: None, data_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no folder"):
        run("import_library", tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="holds no export of a library"):
        run("import_library", tmp_path / "empty")


def test_without_files_a_library_takes_its_rows_along_and_keeps_its_storage(
    library: dict[str, Clip], place: Path
) -> None:
    from django.core.management import call_command

    from videolib.lib.storage import media_storage

    run("export_library", place, "--without-files")
    assert not (place / "objects").exists()
    wanted, key = rows_let_go(), Rendition.objects.all()[0].key
    call_command("flush", interactive=False, verbosity=0)
    content = b"".join(media_storage().read_range(key, 0, 10**6))
    for damage in (lambda: media_storage().delete(key), lambda: _put(key, content[1:])):
        damage()
        with pytest.raises(CommandError, match=key):
            run("import_library", place)
    _put(key, content)
    assert "0 of them copied now" in run("import_library", place)[0]
    assert without_waits(rows()) == without_waits(wanted)


def _put(key: str, content: bytes) -> None:
    from tests.videolib.filled_library import store

    store(key, content)


def test_what_the_library_had_lost_before_is_said_again(library: dict[str, Clip], place: Path, empty: Empty) -> None:
    from videolib.lib.storage import media_storage

    key = library["hidden"].recording.original_key  # type: ignore[union-attr]
    media_storage().delete(key)
    run("export_library", place)
    empty()
    printed, status = run("import_library", place)
    assert status == 0 and f"missing   {key}" in printed


def test_a_character_that_postgresql_does_not_keep_is_left_out_there(
    exported: Path, empty: Empty, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    from django.db import connection

    file = exported_rows(exported) / "videolib.term.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Grafana", rb"Gra\u0000fana"))
    tables = manifest(exported)["tables"]
    tables["videolib.Term"]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    change(exported, tables=tables)
    empty()
    run("import_library", exported)
    from videolib.clips.models import Term

    expected = "Grafana" if connection.vendor == "postgresql" else "Gra\0fana"
    assert Term.objects.filter(text=expected).exists()
