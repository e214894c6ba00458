"""The log as JSON: one object a line whatever is in it, and about what."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests.videolib.uploads.conftest import TusClient
from transcode import actions as pipeline
from transcode.actions import accept_recording
from transcode.admission import Admission
from transcode.claim import claim_next, named_in_log, take_back
from transcode.log_fields import log_about, log_about_nothing, log_fields, logging_about
from transcode.media.errors import MediaError
from transcode.models import Job, State
from transcode.workspace import Work, run_job
from videolib.browse import watch
from videolib.clips import actions as clips
from videolib.clips.actions import attach_recording, delete_for_good
from videolib.clips.models import Clip
from videolib.lib.joint_log import JointLog
from videolib.lib.json_log import JsonLine
from videolib.lib.storage import DiskStorage
from videolib.uploads import actions, views
from videolib.uploads.models import Upload
from videolib.uploads.tus import UploadRefused

log = logging.getLogger("tests.json")


@pytest.fixture(autouse=True)
def _about_nothing() -> Iterator[None]:
    log_about_nothing()
    yield
    log_about_nothing()


@pytest.fixture
def entries() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """`entries()`: what was logged so far, read as whoever collects logs reads it: line by line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def test_a_line_says_when_who_what_and_nothing_it_is_not_about() -> None:
    # Not logged for real: pytest keeps what is logged, and its workers cannot send half a surrogate pair.
    said = ("%s is “%s”", ("name", "a\nb\udcff"))
    entry = json.loads(JsonLine().format(logging.LogRecord("tests.json", logging.WARNING, __file__, 1, *said, None)))
    assert (entry["level"], entry["logger"], entry["message"]) == ("WARNING", "tests.json", "name is “a\nb\udcff”")
    assert entry["time"].endswith("+00:00") and isinstance(entry["process"], int)
    assert set(entry) == {"time", "level", "logger", "message", "process"}


def test_an_exception_is_one_field(entries: Any) -> None:
    try:
        raise ValueError("of the test")
    except ValueError:
        log.exception("It broke")
    (entry,) = entries()
    assert entry["message"] == "It broke"
    assert entry["exception"].startswith("Traceback") and entry["exception"].endswith("ValueError: of the test")


def test_fields_hold_for_what_is_within_and_in_this_thread_only(entries: Any) -> None:
    with logging_about(recording="r"):
        with logging_about(step="inspect"):
            log.warning("inner")
        elsewhere = threading.Thread(target=lambda: log.warning("elsewhere"))
        elsewhere.start()
        elsewhere.join()
        log.warning("outer")
    log.warning("after")
    told = [{name: entry.get(name) for name in ("recording", "step")} for entry in entries()]
    nothing = {"recording": None, "step": None}
    inner, outer = {"recording": None, "step": "inspect"}, {"recording": "r", "step": None}
    assert told == [inner, nothing, outer, nothing]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("data_folder")
@pytest.mark.parametrize("error", [MediaError("It is no recording.", permanent=True), ValueError("ours")])
def test_every_line_of_a_job_names_clip_recording_job_and_step(entries: Any, make_clip: Any, error: Exception) -> None:
    clip, recording = make_clip(), accept_recording("originals/x", 1)
    attach_recording(clip, recording)
    job = recording.jobs.get()

    def do(work: Work) -> None:
        log.warning("under way")
        raise error

    run_job(job.pk, do)
    log.warning("after it")
    *of_the_job, after = entries()
    assert len(of_the_job) >= 2
    about = {"clip": str(clip.code), "recording": str(recording.code), "job": str(job.pk), "step": "inspect"}
    for entry in of_the_job:
        assert about.items() <= entry.items()
    assert not about.keys() & after.keys()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("data_folder")
def test_work_that_is_done_within_a_request_or_another_job_is_about_its_own_clip(entries: Any) -> None:
    accept_recording("originals/x", 1)
    log_about(clip=uuid4())
    run_job(Job.objects.get().pk, lambda _: log.warning("under way"))
    entry = next(entry for entry in entries() if entry["message"] == "under way")
    assert "recording" in entry
    assert "clip" not in entry


@pytest.mark.django_db
@pytest.mark.usefixtures("data_folder")
def test_of_several_clips_of_a_recording_the_first_that_is_left_is_named(make_clip: Any) -> None:
    recording = accept_recording("originals/x", 1)
    job = recording.jobs.get()

    def named() -> object:
        job.recording.refresh_from_db()
        return named_in_log(job).get("clip")

    first, second = make_clip(), make_clip()
    for clip in (first, second):
        attach_recording(clip, recording)
    assert named() == str(first.code)
    delete_for_good(first)
    assert named() == str(second.code)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("data_folder")
def test_what_is_taken_back_or_waits_for_room_is_said_of_its_clip(
    entries: Any, make_clip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, recording = make_clip(), accept_recording("originals/x", 1)
    attach_recording(clip, recording)
    monkeypatch.setattr(Admission, "lacks_space_for", lambda *_: "There is no room.")
    assert claim_next("media") is None
    long_ago = timezone.now() - timedelta(hours=1)
    Job.objects.update(state=State.RUNNING, claim=uuid4(), lease_until=long_ago, attempt=99)
    monkeypatch.setattr(DiskStorage, "delete_folder", lambda *_: 1 / 0)
    take_back(Job.objects.get(), "of the test")
    waits, left = (entry for entry in entries() if entry["logger"] == "transcode.claim")
    assert (waits["clip"], left["clip"]) == (str(clip.code), str(clip.code))
    assert "There is no room." in waits["message"]


@pytest.mark.django_db(transaction=True)
def test_a_file_taken_in_by_a_command_is_logged_by_its_clip(
    entries: Any, make_user: Any, data_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = data_folder / "tip.webm"
    file.write_bytes(b"bytes")
    monkeypatch.setattr(pipeline, "store_original", lambda *_: 1 / 0)
    asked: list[str] = []
    created = actions.create_upload

    def create(**named: Any) -> Any:
        upload = created(**named)
        asked.append(str(upload.clip.code))
        return upload

    monkeypatch.setattr(actions, "create_upload", create)
    with pytest.raises(UploadRefused):
        actions.take_file(file, by=make_user("contributor"))
    broke = [entry for entry in entries() if "could not be stored" in entry["message"]]
    assert [entry["clip"] for entry in broke] == asked


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("data_folder")
def test_what_the_clock_does_is_logged_by_clip(
    entries: Any, make_clip: Any, make_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = timezone.now() - timedelta(days=400)
    overdue, recording = make_clip(), accept_recording("originals/x", 1)
    attach_recording(overdue, recording)
    Clip.objects.update(trashed_at=long_ago)
    abandoned = actions.create_upload(by=make_user("contributor"), size=10)
    Upload.objects.update(expires_at=long_ago)
    monkeypatch.setattr(actions, "_remove_bytes", lambda _: log.warning("removed"))
    monkeypatch.setattr(DiskStorage, "delete", lambda *_: 1 / 0)
    clips.empty_trash()
    actions.remove_expired_uploads()
    assert [entry["clip"] for entry in entries()] == [str(overdue.code), str(abandoned.clip.code)]


@pytest.mark.parametrize("path", ["/clips/{}/", "/api/v1/clips/{}"])
def test_what_breaks_on_a_clip_s_address_names_the_clip(
    entries: Any, client_of: Any, make_clip: Any, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    from videolib.api import views as api

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("of the test")

    monkeypatch.setattr(watch, "get_clip_for", broken)
    monkeypatch.setattr(api, "get_clip_for", broken)
    clip = make_clip()
    client = client_of(clip.owner)
    client.raise_request_exception = False
    assert client.get(path.format(clip.code)).status_code == 500
    broke = [entry for entry in entries() if "RuntimeError" in entry.get("exception", "")]
    assert [entry["clip"] for entry in broke] == [str(clip.code)]


def test_what_is_logged_of_an_upload_names_it_and_its_clip(
    entries: Any, client_of: Any, make_user: Any, data_folder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def receive(*_: Any, **__: Any) -> int:
        log.warning("bytes come")
        return 5

    monkeypatch.setattr(views.actions, "receive", receive)
    person = make_user("contributor")
    upload = actions.create_upload(by=person, size=10)
    headers = {"tus-resumable": "1.0.0", "upload-offset": "0"}
    client_of(person).patch(
        f"/uploads/{upload.code}", b"12345", content_type="application/offset+octet-stream", headers=headers
    )
    (entry,) = [entry for entry in entries() if entry["message"] == "bytes come"]
    assert (entry["upload"], entry["clip"]) == (str(upload.code), str(upload.clip.code))


@pytest.mark.usefixtures("data_folder")
def test_so_is_one_whose_bytes_come_with_its_creation(
    entries: Any, client_of: Any, make_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views.actions, "receive", lambda *_, **__: log.warning("bytes come"))
    TusClient(client_of(make_user("contributor"))).create(5, b"12345")
    upload = Upload.objects.get()
    (entry,) = [entry for entry in entries() if entry["message"] == "bytes come"]
    assert (entry["upload"], entry["clip"]) == (str(upload.code), str(upload.clip.code))


def test_the_next_request_of_a_thread_is_about_itself(client_of: Any, make_user: Any, make_clip: Any) -> None:
    client, clip = client_of(make_user()), make_clip()
    client.get(f"/clips/{clip.code}/")
    assert log_fields() == {"clip": str(clip.code)}
    client.get("/browse/")
    assert log_fields() == {}
    log_about(clip=uuid4())
    client.get("/healthz")  # before all middleware, and logs nothing


def test_lines_of_many_programs_are_objects_of_one_log(capsys: pytest.CaptureFixture[str]) -> None:
    joint = JointLog(["web", "valkey"], as_json=True)
    joint.write("web", '{"message": "ours", "level": "ERROR"}')
    joint.write("valkey", 'theirs, "quoted"')
    joint.write("valkey", '{"a":' * 10_000)
    ours, theirs, endless = map(json.loads, capsys.readouterr().out.splitlines())
    assert ours == {"message": "ours", "level": "ERROR", "program": "web"}
    assert (theirs["message"], theirs["level"], theirs["program"]) == ('theirs, "quoted"', "INFO", "valkey")
    assert endless["message"].startswith('{"a":')
