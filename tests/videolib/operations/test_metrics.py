"""`/metrics`: what Prometheus reads, and what reading it costs."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from transcode.models import Job, Recording, State
from videolib.browse.search import search_clips
from videolib.operations import metrics
from videolib.uploads import actions

pytestmark = pytest.mark.django_db
OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations.md"


@pytest.fixture
def value(client: Client) -> Any:
    """`value("videolib_jobs", queue="media", state="waiting")`: what Prometheus would read; None for no series."""

    def read(name: str, **labels: str) -> float | None:
        return samples(client).get((name, frozenset(labels.items())))

    return read


def samples(client: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(response.text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def make_job(state: State, step: str = "inspect", queue: str = "media", **columns: Any) -> Job:
    recording = Recording.objects.create(original_key="x", size_bytes=1)
    return Job.objects.create(recording=recording, step=step, queue=queue, state=state, **columns)


def test_an_idle_library_says_zero_and_not_nothing(value: Any) -> None:
    for queue in ("media", "speech", "screen"):
        assert value("videolib_oldest_waiting_seconds", queue=queue) == 0
        for state in ("waiting", "running", "silent"):
            assert value("videolib_jobs", queue=queue, state=state) == 0


def test_queues_are_told_by_what_stands_in_the_rows(value: Any) -> None:
    now = timezone.now()
    make_job(State.QUEUED, not_before=now - timedelta(minutes=2))
    make_job(State.QUEUED, not_before=now + timedelta(minutes=2))  # paused after a failure
    make_job(State.RUNNING, lease_until=now + timedelta(minutes=1))
    make_job(State.RUNNING, lease_until=now - timedelta(minutes=1))
    make_job(State.QUEUED, "transcribe", "speech", not_before=now + timedelta(minutes=1))
    make_job(State.DONE)
    assert value("videolib_jobs", queue="media", state="waiting") == 2
    assert value("videolib_jobs", queue="media", state="running") == 1
    assert value("videolib_jobs", queue="media", state="silent") == 1
    assert value("videolib_oldest_waiting_seconds", queue="media") == pytest.approx(120, abs=30)
    assert value("videolib_jobs", queue="speech", state="waiting") == 1
    assert value("videolib_oldest_waiting_seconds", queue="speech") == 0


def test_failures_are_told_by_step_and_reason(value: Any) -> None:
    nasty = 'It is "broken"\\\nand has two lines.'
    for error in (nasty, nasty, "This file is empty."):
        make_job(State.FAILED, error=error)
    assert value("videolib_jobs_failed", step="inspect", reason=nasty) == 2
    assert value("videolib_jobs_failed", step="inspect", reason="This file is empty.") == 1


def test_reasons_without_end_become_others(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_REASONS", 3)
    for number in range(5):
        make_job(State.FAILED, error=f"Reason {number}")
    assert value("videolib_jobs_failed", step="inspect", reason="Reason 0") == 1
    assert value("videolib_jobs_failed", step="inspect", reason="Reason 4") is None
    assert value("videolib_jobs_failed", step="inspect", reason="other") == 2


def test_steps_are_measured_over_the_last_ones(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "LAST_DONE", 10)
    now = timezone.now()
    for minutes in range(12):
        # Two from long ago took an hour.
        took = timedelta(hours=1) if minutes >= 10 else timedelta(seconds=minutes)
        ended = now - timedelta(minutes=minutes)
        make_job(State.DONE, started_at=ended - took, ended_at=ended)
    assert value("videolib_step_measured", step="inspect") == 10
    assert value("videolib_step_seconds", step="inspect", quantile="0.5") == pytest.approx(4.5)
    assert value("videolib_step_seconds", step="inspect", quantile="0.99") < 10


def test_one_measured_job_is_enough(value: Any) -> None:
    now = timezone.now()
    make_job(State.DONE, started_at=now - timedelta(seconds=3), ended_at=now)
    assert value("videolib_step_seconds", step="inspect", quantile="0.9") == 3


def test_searches_are_timed(value: Any, make_user: Any) -> None:
    before = [value("videolib_search_seconds_count", kind=kind) or 0 for kind in ("whole", "typing")]
    search_clips(make_user(), "git")
    search_clips(make_user(), "gi", as_typed=True)
    assert [value("videolib_search_seconds_count", kind=kind) for kind in ("whole", "typing")] == [
        count + 1 for count in before
    ]
    assert value("videolib_search_seconds_bucket", kind="whole", le="5.0") >= 1


def test_bytes_that_arrive_are_counted(value: Any, client_of: Any, make_user: Any, data_folder: Path) -> None:
    person = make_user("contributor")
    upload = actions.create_upload(by=person, size=10)
    before = value("videolib_upload_bytes_total")
    headers = {"tus-resumable": "1.0.0", "upload-offset": "0"}
    response = client_of(person).patch(
        f"/uploads/{upload.code}/", b"12345", content_type="application/offset+octet-stream", headers=headers
    )
    assert response.status_code == 204
    assert value("videolib_upload_bytes_total") == before + 5


def test_three_queries_however_many_jobs_and_none_reads_all_of_them(client: Client) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            samples(client)
        return [query["sql"] for query in asked.captured_queries]

    assert len(queries()) == 3
    now = timezone.now()
    for state in State:
        for number in range(10):
            make_job(state, error=f"{number}", started_at=now, ended_at=now)
    assert len(queries()) == 3
    if connection.vendor == "sqlite":
        # Of the last that were done, the index by state and end; of the others, any that begins with the state.
        for sql in queries():
            index = "jobs_by_state" if "LIMIT" in sql else "(state=?"
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                plan = [row[3] for row in cursor.fetchall()]
            assert index in plan[0] and not any(line.startswith("SCAN") for line in plan), plan


def test_whoever_is_neither_near_nor_known_reads_nothing(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="8.8.8.8").status_code == 403


def test_the_page_on_operations_names_what_is_there(client: Client) -> None:
    for state in (State.FAILED, State.DONE):
        make_job(state, error="x", started_at=timezone.now(), ended_at=timezone.now())
    there = {name for name, _ in samples(client)} | {"videolib_search_seconds"}
    text = OPERATIONS.read_text()
    tables = {model._meta.db_table for model in apps.get_models()}  # the page names one
    assert set(re.findall(r"\bvideolib_\w+", text)) - tables <= there
    rules = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)]
    assert [rule["alert"] for part in rules for group in part.get("groups", ()) for rule in group["rules"]] == [
        "VideolibDown",
        "VideolibNobodyWorks",
        "VideolibFailing",
    ]
