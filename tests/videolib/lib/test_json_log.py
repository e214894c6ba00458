"""The log as JSON: one object a line whatever is in it, and about what."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from transcode.actions import accept_recording
from transcode.log_fields import log_about, log_about_nothing, log_fields, logging_about
from transcode.media.errors import MediaError
from transcode.models import Job
from transcode.workspace import Work, run_job
from videolib.browse import watch
from videolib.lib.joint_log import JointLog
from videolib.lib.json_log import JsonLine
from videolib.uploads import actions, views

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
    assert told == [{"recording": "r", "step": "inspect"}, nothing, {"recording": "r", "step": None}, nothing]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("data_folder")
@pytest.mark.parametrize("error", [MediaError("It is no recording.", permanent=True), ValueError("ours")])
def test_every_line_of_a_job_names_recording_job_and_step(
    entries: Any, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    recording = accept_recording("originals/x", 1)
    job = Job.objects.get()

    def do(work: Work) -> None:
        log.warning("under way")
        raise error

    run_job(job.pk, do)
    log.warning("after it")
    *of_the_job, after = entries()
    assert len(of_the_job) >= 2
    for entry in of_the_job:
        assert (entry["recording"], entry["job"], entry["step"]) == (str(recording.code), str(job.pk), "inspect")
    assert "recording" not in after


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
