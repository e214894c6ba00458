"""`manage.py export_library`: everything is written down, readable, and brought up to date."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from django.core.management import CommandError

from tests.videolib import filled_library
from tests.videolib.backup.conftest import exported_rows, files, manifest, rows, rows_let_go, run, without_waits
from tests.videolib.filled_library import store
from transcode.models import Recording, Rendition
from videolib.backup import export
from videolib.backup.place import open_place
from videolib.clips.actions import delete_for_good
from videolib.clips.models import Clip
from videolib.lib.bucket import TROUBLE, BucketStorage
from videolib.lib.storage import DiskStorage, media_storage


def listed(place: Path) -> dict[str, dict[str, Any]]:
    """objects.jsonl, by key."""
    lines = (exported_rows(place) / "objects.jsonl").read_text().splitlines()
    return {line["key"]: line for line in map(json.loads, lines)}


def test_everything_is_there_to_be_read_with_ordinary_tools(library: dict[str, Clip], place: Path) -> None:
    printed, status = run("export_library", place)
    assert status == 0
    said, wanted = manifest(place), rows()
    assert (said["complete"], said["with_files"], said["uploads_under_way"]) == (True, True, 1)
    assert {label: table["rows"] for label, table in said["tables"].items()} == {k: len(v) for k, v in wanted.items()}
    for label, table in said["tables"].items():
        content = (exported_rows(place) / f"{label.lower()}.jsonl").read_bytes()
        assert hashlib.sha256(content).hexdigest() == table["sha256"]
        assert [json.loads(line)["id"] for line in content.splitlines()] == [row["id"] for row in wanted[label]]
    (cue, *_) = (json.loads(line) for line in (exported_rows(place) / "transcode.cue.jsonl").read_text().splitlines())
    assert cue["text"] == "first we commit — то есть да"
    assert {key: line["sha256"] for key, line in listed(place).items()} == files()
    for key, line in listed(place).items():
        assert (place / "objects" / key).stat().st_size == line["size"]
        assert hashlib.sha256((place / "objects" / key).read_bytes()).hexdigest() == line["sha256"]
    assert f"{said['files']['number']} files" in printed and "1 uploads under way" in printed
    assert "hashes of passwords" in printed and "hashes of passwords" in said["warning"]


def test_nobody_else_can_read_it(library: dict[str, Clip], place: Path) -> None:
    run("export_library", place)
    assert place.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in place.rglob("*") if path.is_file()} == {0o600}
    assert not (place / ".videolib-partial").exists()


def test_the_same_place_is_brought_up_to_date(library: dict[str, Clip], place: Path) -> None:
    run("export_library", place)
    gone = library["hidden"].recording
    new = filled_library.make_clip(library["shown"].owner, "New")
    assert gone and new.recording
    (place / "objects" / gone.original_key).touch()
    delete_for_good(library["hidden"])
    printed, _ = run("export_library", place)
    assert "6 of them copied now" in printed, "those of the new clip alone"
    assert {key: line["sha256"] for key, line in listed(place).items()} == files()
    there = {
        path.relative_to(place / "objects").as_posix() for path in (place / "objects").rglob("*") if path.is_file()
    }
    assert there == set(files())
    assert [path.name for path in (place / "rows").iterdir()] == [exported_rows(place).name], "of one export"


def test_what_was_cut_off_goes_on(library: dict[str, Clip], place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adopt, number = DiskStorage.adopt, 0

    def break_off(storage: DiskStorage, file: Path, name: str) -> None:
        nonlocal number
        number += name.startswith("objects/")
        if number > 5:
            raise KeyboardInterrupt
        adopt(storage, file, name)

    monkeypatch.setattr(DiskStorage, "adopt", break_off)
    monkeypatch.setattr(export, "AT_ONCE", 1)
    with pytest.raises(KeyboardInterrupt):
        run("export_library", place)
    assert manifest(place)["complete"] is False
    monkeypatch.undo()
    printed, status = run("export_library", place)
    assert (status, manifest(place)["complete"]) == (0, True)
    assert f"{len(files()) - 5} of them copied now" in printed
    assert {key: line["sha256"] for key, line in listed(place).items()} == files()


@pytest.mark.parametrize("name", ["transcode.cue.jsonl", "objects/", "objects.jsonl", "manifest.json"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_export_that_breaks_off_leaves_the_one_before_as_it_was(
    library: dict[str, Clip],
    place: Path,
    empty: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: BaseException,
) -> None:
    run("export_library", place)
    before, wanted, wanted_files = exported_rows(place), rows_let_go(), files()
    filled_library.make_clip(library["shown"].owner, "New")
    delete_for_good(library["hidden"])
    adopt = DiskStorage.adopt

    def break_off(storage: DiskStorage, file: Path, to: str) -> None:
        if name in to:
            raise error
        adopt(storage, file, to)

    monkeypatch.setattr(DiskStorage, "adopt", break_off)
    with pytest.raises(type(error)):
        run("export_library", place)
    monkeypatch.undo()
    assert exported_rows(place) == before and len([*(place / "rows").iterdir()]) == 2, "one of each"
    empty()
    run("import_library", place)
    assert without_waits(rows()) == without_waits(wanted)
    assert files() == wanted_files


def test_an_export_that_breaks_off_where_the_old_one_is_removed_is_the_new_one(
    library: dict[str, Clip], place: Path, empty: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("export_library", place)
    delete_for_good(library["hidden"])
    wanted, wanted_files = rows_let_go(), files()

    def break_off(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DiskStorage, "delete", break_off)
    with pytest.raises(KeyboardInterrupt):
        run("export_library", place)
    monkeypatch.undo()
    empty()
    run("import_library", place)
    assert without_waits(rows()) == without_waits(wanted)
    assert files() == wanted_files


def test_what_the_library_lost_stays_at_the_place(library: dict[str, Clip], place: Path) -> None:
    run("export_library", place)
    lost, halved = library["hidden"].recording, library["trashed"].recording
    assert lost and halved
    wanted = listed(place)
    media_storage().delete(lost.original_key)
    store(halved.original_key, b"x")
    printed, status = run("export_library", place, "--verify")
    assert (status, listed(place)) == (0, wanted) and "0 of them copied now" in printed


def test_an_export_without_files_in_between_does_not_make_hashes_forgotten(
    library: dict[str, Clip], place: Path
) -> None:
    run("export_library", place)
    wanted = listed(place)
    run("export_library", place, "--without-files")
    run("export_library", place)
    assert listed(place) == wanted


def test_the_export_of_another_version_is_not_written_over(library: dict[str, Clip], place: Path) -> None:
    run("export_library", place)
    said = json.dumps({**manifest(place), "format": 1})
    (place / "manifest.json").write_text(said)
    with pytest.raises(CommandError, match="was made by another version of videolib"):
        run("export_library", place)
    assert (place / "manifest.json").read_text() == said


def test_verify_finds_what_rotted_at_the_place_and_copies_it_anew(library: dict[str, Clip], place: Path) -> None:
    run("export_library", place)
    rendition = place / "objects" / Rendition.objects.all()[0].key
    rendition.write_bytes(b"y" * rendition.stat().st_size)
    assert "0 of them copied now" in run("export_library", place)[0]
    assert "1 of them copied now" in run("export_library", place, "--verify")[0]
    assert hashlib.sha256(rendition.read_bytes()).hexdigest() in files().values()


def test_what_is_replaced_while_it_waits_to_be_copied_is_carried_as_it_is_then(
    library: dict[str, Clip], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, rendition = export.write_rows, Rendition.objects.all()[0]

    def replace(table: Any, file: Path) -> Any:
        written = write(table, file)
        if table is Recording and media_storage().size(rendition.key):
            monkeypatch.setattr(export, "write_rows", write)
            changed.append(rendition.key)
        return written

    changed: list[str] = []
    copies = export._Export._copies

    def replaced_before(self: Any) -> Any:
        if changed:
            changed.clear()
            content = b"".join(media_storage().read_range(rendition.key, 0, rendition.size_bytes))
            media_storage().delete(rendition.key)
            Rendition.objects.filter(pk=rendition.pk).update(key=store("recordings/new/720.mp4", content))
        return copies(self)

    monkeypatch.setattr(export, "write_rows", replace)
    monkeypatch.setattr(export._Export, "_copies", replaced_before)
    assert run("export_library", place)[1] == 0
    assert {key: line["sha256"] for key, line in listed(place).items()} == files()
    assert "recordings/new/720.mp4" in (exported_rows(place) / "transcode.rendition.jsonl").read_text()


def test_what_the_library_lacks_is_named_and_all_else_is_carried(library: dict[str, Clip], place: Path) -> None:
    lost, damaged = library["hidden"].recording, library["trashed"].recording
    assert lost and damaged
    media_storage().delete(lost.original_key)
    store(damaged.original_key, b"x" * damaged.size_bytes)
    printed, status = run("export_library", place)
    assert status == 1
    assert f"missing   {lost.original_key}" in printed and f"damaged   {damaged.original_key}" in printed
    said = manifest(place)
    assert (said["complete"], said["missing"], said["damaged"]) == (True, [lost.original_key], [damaged.original_key])
    assert {key: line["sha256"] for key, line in listed(place).items()} == files()


def test_a_place_with_other_things_in_it_is_refused(library: dict[str, Clip], place: Path) -> None:
    place.mkdir()
    (place / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(CommandError, match="is not empty, and holds no export"):
        run("export_library", place)
    assert [path.name for path in place.iterdir()] == ["holiday.jpg"]


def test_the_export_of_another_library_is_not_overwritten(library: dict[str, Clip], place: Path) -> None:
    run("export_library", place)
    said = manifest(place)
    (place / "manifest.json").write_text(json.dumps({**said, "library": "another"}))
    with pytest.raises(CommandError, match="export of another library"):
        run("export_library", place)


def test_the_library_s_own_storage_is_no_place(library: dict[str, Clip], settings: Any, data_folder: Path) -> None:
    for place in (settings.MEDIA_ROOT, settings.MEDIA_ROOT / "backup"):
        with pytest.raises(CommandError, match="keeps its own media"):
            run("export_library", place)
    settings.S3_BUCKET = "media"
    for address, sentence in {"s3://media/x": "keeps its own media", "s3:///x": "names no bucket"}.items():
        with pytest.raises(CommandError, match=sentence):
            run("export_library", address)


def test_an_empty_library_can_be_written_down_too(transactional_db: None, data_folder: Path, place: Path) -> None:
    printed, status = run("export_library", place)
    assert (printed.splitlines()[0], status) == ("0 rows and 0 files (0 bytes), 0 of them copied now.", 0)


def test_of_two_at_once_the_second_is_refused(library: dict[str, Clip], place: Path) -> None:
    """As from cron, where a night was too short: it must not take the first one's files on their way for rubbish."""
    with open_place(str(place), writable=True) as first:
        (first.scratch / "on its way").touch()
        with pytest.raises(CommandError, match="Another export or import of this library is under way"):
            run("export_library", place)
        assert (first.scratch / "on its way").exists()
    assert run("export_library", place)[1] == 0


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (EndpointConnectionError(endpoint_url="http://backup"), r"s3://backup/x cannot be asked for; see to .*backup"),
        (NoCredentialsError(), "s3://backup/x cannot be asked for; .*Unable to locate credentials"),
        (None, "s3://backup/x: There is no such bucket"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_a_sentence(
    library: dict[str, Clip], monkeypatch: pytest.MonkeyPatch, answer: Exception | None, sentence: str
) -> None:
    def ask(_: BucketStorage) -> str:
        if answer:
            raise answer
        return TROUBLE[404]

    monkeypatch.setattr(BucketStorage, "trouble", ask)
    with pytest.raises(CommandError, match=sentence):
        run("export_library", "s3://backup/x")
