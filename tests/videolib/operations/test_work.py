"""The page where admins see what waits, what is stuck and what failed, and try it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from transcode.models import Job, State, Step
from videolib.accounts.models import AuditEntry
from videolib.operations import readiness
from videolib.operations.work import MAKE_ROOM, OF_OURS, OF_THE_RECORDING, SEE_WORKERS, explain

pytestmark = pytest.mark.django_db
MakeJob = Callable[..., Job]
NO_ROOM = "There is too little space to work in: 12 MB more are needed."


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> dict[str, readiness.Answer]:
    """What is said of the machine; nothing is asked. (The real thing: test_readyz.py and tests/test_run.py.)"""
    answers: dict[str, readiness.Answer] = {"database": readiness.OK, "oldest_waiting_seconds": None}
    monkeypatch.setattr(readiness, "ask", lambda: answers)
    return answers


@pytest.fixture
def admin(make_user: Any) -> Any:
    return make_user("admin", name="Ada")


@pytest.fixture
def client(client_of: Any, admin: Any) -> Client:
    signed_in: Client = client_of(admin)
    return signed_in


@pytest.fixture
def make_job(make_clip: Any) -> MakeJob:
    """`make_job(State.FAILED, title="Its title")`: of a clip of its own; columns of either."""

    def make(state: State, title: str = "A clip", visibility: str = "team", **columns: Any) -> Job:
        clip = make_clip(title=title, visibility=visibility)
        columns = {"step": Step.INSPECT, "queue": "media", **columns}
        return Job.objects.create(recording=clip.recording, state=state, **columns)

    return make


def silent(**more: Any) -> dict[str, Any]:
    """Columns of a job whose worker says nothing any more."""
    now = timezone.now()
    return {"lease_until": now - timedelta(minutes=1), "started_at": now - timedelta(minutes=9), "attempt": 1, **more}


def address_of(job: Job) -> str:
    clip = job.recording.clips.get()
    return f"/clips/{clip.code}/work/"


# --- The list -------------------------------------------------------------------------------------------------------


def test_in_an_idle_library_all_is_well(client: Client) -> None:
    page = client.get("/work/").text
    assert "are well" in page and "Nothing is stuck" in page and "Nothing has failed" in page


def test_what_is_not_well_is_said_with_what_to_do(client: Client, machine: dict[str, readiness.Answer]) -> None:
    machine["broker"] = readiness.NO_BROKER
    page = client.get("/work/").text
    assert "No broker answers; start it" in page
    assert "are well" not in page


def test_search_without_its_weights_is_said_with_what_to_run_and_is_no_fault_of_the_machine(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.SEARCH_MEANING, settings.SEARCH_WEIGHTS = "minilm", tmp_path
    page = client.get("/work/").text
    assert "run make setup" in page and "search goes by words alone" in page
    assert "are well" in page


def test_search_by_words_that_was_asked_for_is_not_mentioned(client: Client, settings: Any) -> None:
    settings.SEARCH_MEANING = "none"
    assert "words alone" not in client.get("/work/").text


def test_workers_that_answered_are_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_seen", {"speech@desk": ["speech", "screen"]})
    page = client.get("/work/").text
    assert "speech@desk" in page and "speech, screen" in page


def test_failed_and_stuck_jobs_are_listed_and_others_are_not(client: Client, make_job: MakeJob) -> None:
    now = timezone.now()
    make_job(State.FAILED, "Broke", error="It is no recording.", ended_at=now)
    make_job(State.RUNNING, "Went silent", **silent())
    make_job(State.QUEUED, "Waits long", not_before=now - timedelta(hours=2))
    make_job(State.QUEUED, "Has no room", not_before=now + timedelta(seconds=20), times_put_off=1)
    make_job(State.QUEUED, "Is tried again", not_before=now + timedelta(seconds=20), reason="OSError", attempt=1)
    make_job(State.QUEUED, "Waits")
    make_job(State.RUNNING, "Is worked on", lease_until=now + timedelta(minutes=1))
    make_job(State.DONE, "Is done", ended_at=now)
    page = client.get("/work/")
    titles = {name: [row.title for row in page.context[name]] for name in ("stuck", "failed")}
    assert sorted(titles["stuck"]) == ["Has no room", "Waits long", "Went silent"]
    assert titles["failed"] == ["Broke"]
    assert "It is no recording." in page.text
    (media, *_) = page.context["queues"]
    assert (media.name, media.waiting, media.running, media.silent) == ("media", 4, 1, 1)


def test_a_private_clip_s_title_is_not_read_in_passing(client: Client, admin: Any, make_job: MakeJob) -> None:
    job = make_job(State.FAILED, "My secret", "private", ended_at=timezone.now())
    page = client.get("/work/").text
    assert "My secret" not in page and "A private clip of" in page
    assert not AuditEntry.objects.exists()
    # Looking at it is, and is written down.
    assert "My secret" in client.get(address_of(job)).text
    assert AuditEntry.objects.get().deed == "open private clip"


def test_of_clips_in_the_trash_nobody_minds_the_work(client: Client, make_job: MakeJob) -> None:
    job = make_job(State.FAILED, ended_at=timezone.now())
    job.recording.clips.update(trashed_at=timezone.now())
    assert client.get("/work/").context["failed"] == []
    assert client.get(address_of(job)).status_code == 404


def test_the_number_of_queries_does_not_grow(client: Client, make_job: MakeJob, django_assert_num_queries: Any) -> None:
    now = timezone.now()

    def fill() -> None:
        make_job(State.FAILED, ended_at=now)
        make_job(State.RUNNING, **silent())

    fill()
    # Session, person, queues; stuck and failed jobs, and of each their clips; the last check of the library; in the
    # menu how many clips failed.
    with django_assert_num_queries(9):
        client.get("/work/")
    for _ in range(5):
        fill()
    with django_assert_num_queries(9):
        client.get("/work/")


# --- One clip -------------------------------------------------------------------------------------------------------


def test_each_job_is_explained_with_tries_times_and_the_log_s_reason(client: Client, make_job: MakeJob) -> None:
    job = make_job(
        State.FAILED,
        error="It failed.",
        may_retry=True,
        attempt=3,
        reason="OSError: <disk> full",
        ended_at=timezone.now(),
    )
    page = client.get(address_of(job)).text
    assert "It failed." in page and OF_OURS in page and "try 3 of 3" in page
    assert "OSError: &lt;disk&gt; full" in page
    assert str(job.recording.code) in page


def test_of_what_is_put_off_it_is_said_what_it_waits_for(client: Client, make_job: MakeJob) -> None:
    reason = "A disk is full.\nOSError: [Errno 28] No space left on device"
    job = make_job(State.QUEUED, not_before=timezone.now() + timedelta(minutes=5), times_put_off=3, reason=reason)
    page = client.get(address_of(job)).text
    assert "no try counts for that. A disk is full.</p>" in page and MAKE_ROOM in page
    assert "What it waits for, as in the log" in page and "[Errno 28]" in page
    assert "Why the last try failed" not in page
    Job.objects.update(times_put_off=0, attempt=1)
    assert "Why the last try failed" in client.get(address_of(job)).text


def test_a_clip_that_is_still_on_its_way_has_no_work(client: Client, admin: Any) -> None:
    from videolib.clips.actions import create_draft

    clip = create_draft("Soon", by=admin, visibility="team")
    assert "There is no work yet" in client.get(f"/clips/{clip.code}/work/").text
    assert "nothing to try again" in client.post(f"/clips/{clip.code}/work/", follow=True).text


def test_what_failed_is_tried_again_with_fresh_tries(client: Client, admin: Any, make_job: MakeJob) -> None:
    job = make_job(State.FAILED, attempt=3, error="It failed.", reason="x", ended_at=timezone.now())
    page = client.post(address_of(job), follow=True)
    assert page.redirect_chain == [("/work/", 302)] and "It is tried again." in page.text
    job.refresh_from_db()
    assert (job.state, job.attempt, job.error, job.reason) == (State.QUEUED, 0, "", "")
    entry = AuditEntry.objects.get(deed="retry work")
    assert (entry.by, entry.details["jobs"]) == (admin, 1)


def test_what_pauses_is_due_at_once_and_what_is_done_stays(client: Client, make_job: MakeJob) -> None:
    later = timezone.now() + timedelta(hours=1)
    waiting, done = make_job(State.QUEUED, not_before=later, attempt=1), make_job(State.DONE)
    client.post(address_of(waiting))
    client.post(address_of(done))
    waiting.refresh_from_db()
    done.refresh_from_db()
    assert waiting.not_before <= timezone.now() and waiting.attempt == 1
    assert done.state == State.DONE


@pytest.mark.parametrize("role", [None, "learner", "contributor", "curator"])
def test_nobody_else_may(client_of: Any, make_user: Any, make_job: MakeJob, role: str | None) -> None:
    job = make_job(State.FAILED, ended_at=timezone.now())
    other = client_of(make_user(role) if role else None)
    wanted = 403 if role else 302
    assert other.get("/work/").status_code == wanted
    assert other.get(address_of(job)).status_code == wanted
    assert other.post(address_of(job)).status_code == wanted
    job.refresh_from_db()
    assert job.state == State.FAILED


# --- The sentences --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "columns", "what", "deed"),
    [
        (State.FAILED, {"error": "No picture."}, "No picture.", OF_THE_RECORDING),
        (State.FAILED, {"error": "Ours.", "may_retry": True}, "Ours.", OF_OURS),
        (State.FAILED, {"may_retry": True}, "It failed.", OF_OURS),
        (State.RUNNING, {"lease": 60, "percent": 40}, "40 %", ""),
        (State.RUNNING, {"lease": -60}, "Its worker has said nothing for 120 seconds", SEE_WORKERS),
        (State.QUEUED, {"wait": -60, "attempt": 2}, "Try 2 of 3 did not work", "Trying again spares it the pause."),
        (State.QUEUED, {"wait": -60, "reason": NO_ROOM, "times_put_off": 1}, NO_ROOM, MAKE_ROOM),
        (State.QUEUED, {"wait": 60}, "It waits for a worker of the queue media", ""),
        (State.QUEUED, {"wait": 7200}, "It waits for a worker of the queue media", SEE_WORKERS),
        (State.DONE, {}, "It is done.", ""),
        (State.SKIPPED, {"error": "There is no sound in this recording."}, "There is no sound", ""),
        (State.SKIPPED, {}, "It is not wanted here.", ""),
    ],
)
def test_a_job_is_explained_from_its_row_and_the_hour(
    state: State, columns: dict[str, Any], what: str, deed: str
) -> None:
    now = timezone.now()
    columns = dict(columns)
    lease, wait = columns.pop("lease", None), columns.pop("wait", 0)
    job = Job(
        state=state,
        step=Step.INSPECT,
        queue="media",
        not_before=now - timedelta(seconds=wait),
        lease_until=None if lease is None else now + timedelta(seconds=lease),
        **columns,
    )
    explanation = explain(job, now)
    assert what in explanation.what
    assert explanation.deed == deed
