"""The vocabulary and "hear again", for scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.videolib.api.test_api import Caller
from transcode.models import Job
from videolib.clips.models import Clip, Term

pytestmark = pytest.mark.django_db


def test_curators_keep_the_list(make_user: Callable[..., Any]) -> None:
    call = Caller(make_user("curator"))
    assert call("GET", "/vocabulary") == (200, [])
    assert call("POST", "/vocabulary", {"terms": [" Grafana ", "CI/CD"]}) == (200, ["CI/CD", "Grafana"])
    assert call("POST", "/vocabulary", {"terms": ["x" * 101]})[0] == 422
    assert call("POST", "/vocabulary", {"terms": ["a, b"]})[0] == 422
    assert call("DELETE", "/vocabulary/ci/cd") == (204, None)
    assert call("DELETE", "/vocabulary/ci/cd")[0] == 404
    assert call("GET", "/vocabulary") == (200, ["Grafana"])


@pytest.mark.parametrize(("role", "status"), [("learner", 403), ("contributor", 403), (None, 401)])
def test_nobody_else_does(role: str | None, status: int, make_user: Callable[..., Any]) -> None:
    Term.objects.create(text="Grafana", folded="grafana")
    call = Caller(make_user(role) if role else None, "" if role else "unknown")
    assert call("GET", "/vocabulary")[0] == status
    assert call("POST", "/vocabulary", {"terms": ["Loki"]})[0] == status
    assert call("DELETE", "/vocabulary/grafana")[0] == status
    assert [term.text for term in Term.objects.all()] == ["Grafana"]


def test_a_clip_is_heard_again(make_clip: Callable[..., Clip], make_user: Callable[..., Any]) -> None:
    clip = make_clip()
    call = Caller(clip.owner)
    assert call("POST", f"/clips/{clip.code}/hear-again")[0] == 422
    clip.recording.has_sound = True
    clip.recording.save()
    status, jobs = call("POST", f"/clips/{clip.code}/hear-again")
    assert (status, [(job["step"], job["state"]) for job in jobs]) == (200, [("transcribe", "queued")])
    assert call("POST", f"/clips/{clip.code}/hear-again")[1] == jobs
    assert Caller(make_user("learner"))("POST", f"/clips/{clip.code}/hear-again")[0] == 404
    assert Job.objects.count() == 1
