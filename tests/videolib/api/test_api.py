"""The REST API: the same rules as the pages, for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from transcode.actions import skip_step, start_step
from transcode.models import Recording, Step
from videolib.accounts.models import ApiToken, hash_secret
from videolib.clips.models import Clip, License

pytestmark = pytest.mark.django_db


class Caller:
    """A script with a token."""

    def __init__(self, user: Any, secret: str = "") -> None:
        self.client = Client()
        secret = secret or f"secret-of-{user.pk}"
        if user:
            ApiToken.objects.get_or_create(user=user, name="script", secret_hash=hash_secret(secret))
        self.headers = {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        response = self.client.generic(
            method,
            f"/api/v1{path}",
            json.dumps(body) if body is not None else "",
            "application/json",
            headers=self.headers,
        )
        return response.status_code, json.loads(response.content) if response.content else None


@pytest.fixture
def owner(make_user: Any) -> Any:
    return make_user("contributor")


@pytest.fixture
def clip(make_clip: Any, owner: Any) -> Clip:
    clip: Clip = make_clip(
        owner, title="Undo a commit", tags=["Git"], cues=[(0, 2, "reset the branch"), (2, 5, "push it")]
    )
    return clip


def test_without_a_token_or_with_a_wrong_one_nothing_is_said(clip: Clip, make_user: Any) -> None:
    assert Client().get("/api/v1/clips").status_code == 401
    stranger = Caller(make_user("learner"))
    stranger.headers = {"Authorization": "Bearer wrong"}
    assert stranger("GET", "/clips")[0] == 401


def test_a_signed_in_page_may_read_but_writes_need_its_form_protection(clip: Clip, owner: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/api/v1/clips").status_code == 200
    assert client.delete(f"/api/v1/clips/{clip.code}").status_code == 403


def test_clips_are_listed_with_constant_queries(make_clip: Any, owner: Any) -> None:
    call = Caller(owner)
    make_clip(owner, tags=["a"])
    call("GET", "/clips")  # the token's use is written down once a minute
    with CaptureQueriesContext(connection) as few:
        call("GET", "/clips?limit=10")
    for number in range(11):
        make_clip(owner, title=f"Clip {number}", tags=["a", "b"])
    with CaptureQueriesContext(connection) as many:
        status, answer = call("GET", "/clips?limit=10")
    assert (status, answer["total"], len(answer["clips"])) == (200, 12, 10)
    assert len(many) == len(few)


def test_a_list_can_be_narrowed_by_tag(make_clip: Any, clip: Clip, owner: Any) -> None:
    make_clip(owner, title="Other")
    _, answer = Caller(owner)("GET", "/clips?tag=GIT")
    assert [row["title"] for row in answer["clips"]] == ["Undo a commit"]


def test_a_clip_tells_all_about_itself(clip: Clip, owner: Any) -> None:
    status, answer = Caller(owner)("GET", f"/clips/{clip.code}")
    assert status == 200
    assert answer["tags"] == ["Git"]
    assert answer["owner"] == {"code": str(owner.code), "name": owner.display_name}
    assert (answer["duration"], answer["pinned"], answer["url"]) == (60.0, False, f"/clips/{clip.code}/")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("POST", "/tags", {"name": "x"}),
        ("DELETE", "/tags/git", None),
        ("PUT", "/rating", {"stars": 5}),
        ("GET", "/rating", None),
        ("GET", "/transcript", None),
        ("PUT", "/transcript/cue", {"start": 0, "end": 1, "text": "x"}),
        ("GET", "/jobs", None),
        ("POST", "/retry", None),
        ("POST", "/restore", None),
    ],
)
def test_a_private_clip_is_404_for_everybody_else(
    clip: Clip, make_user: Any, method: str, path: str, body: Any
) -> None:
    Clip.objects.update(visibility="private")
    for role in ("learner", "contributor", "curator"):
        assert Caller(make_user(role))(method, f"/clips/{clip.code}{path}", body)[0] == 404
    assert Caller(make_user("admin"))(method, f"/clips/{uuid4()}{path}", body)[0] == 404


def test_what_waits_says_how_many_are_before_it_and_what_does_not_says_nothing(clip: Clip, owner: Any) -> None:
    start_step(Recording.objects.create(original_key="x", size_bytes=1), Step.INSPECT)
    start_step(clip.recording, Step.INSPECT)
    skip_step(clip.recording, Step.TRANSCRIBE)
    status, jobs = Caller(owner)("GET", f"/clips/{clip.code}/jobs")
    assert status == 200
    assert [(job["state"], job["ahead"], job["wait_seconds"]) for job in jobs] == [
        ("queued", 1, None),
        ("skipped", None, None),
    ]


def test_an_edit_changes_what_it_names_and_is_found_at_once(clip: Clip, owner: Any) -> None:
    License.objects.create(name="CC BY 4.0")
    change = {"title": "Rewind a commit", "license": "cc by 4.0", "tags": ["git", "Terminal"]}
    status, answer = Caller(owner)("PATCH", f"/clips/{clip.code}", change)
    assert (status, answer["title"], answer["license"], answer["tags"]) == (
        200,
        "Rewind a commit",
        "CC BY 4.0",
        ["Git", "Terminal"],
    )
    assert answer["visibility"] == "team"
    _, found = Caller(owner)("GET", "/search?q=rewind")
    assert [hit["code"] for hit in found["hits"]] == [str(clip.code)]


@pytest.mark.parametrize(
    "change",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "a\0b"},
        {"description": "\0"},
        {"visibility": "public"},
        {"license": "no such"},
        {"tags": ["x" * 99]},
        {"tags": "a"},
    ],
)
def test_a_wrong_edit_is_a_422_with_a_sentence(clip: Clip, owner: Any, change: Any) -> None:
    status, answer = Caller(owner)("PATCH", f"/clips/{clip.code}", change)
    assert status == 422
    assert answer["detail"]


def test_others_may_tag_and_rate_but_not_edit(clip: Clip, make_user: Any) -> None:
    learner = Caller(make_user("learner"))
    assert learner("PATCH", f"/clips/{clip.code}", {"title": "x"})[0] == 404
    assert learner("POST", f"/clips/{clip.code}/tags", {"name": "Terminal"}) == (200, ["Git", "Terminal"])
    status, answer = learner("PUT", f"/clips/{clip.code}/rating", {"stars": 4})
    assert (status, answer) == (200, {"rating": 4.0, "rating_count": 1, "mine": 4})
    assert learner("PUT", f"/clips/{clip.code}/rating", {"stars": 2})[1]["rating"] == 2.0
    assert learner("PUT", f"/clips/{clip.code}/rating", {"stars": 6})[0] == 422
    assert learner("POST", f"/clips/{clip.code}/tags", {"name": "x" * 50})[0] == 422


def test_a_deleted_clip_is_gone_and_comes_back(clip: Clip, owner: Any) -> None:
    call = Caller(owner)
    assert call("DELETE", f"/clips/{clip.code}")[0] == 204
    assert call("GET", f"/clips/{clip.code}")[0] == 404
    assert call("GET", "/search?q=commit")[1]["total"] == 0
    assert call("POST", f"/clips/{clip.code}/restore")[0] == 200
    assert call("GET", "/search?q=commit")[1]["total"] == 1


def test_a_corrected_cue_is_read_and_found(clip: Clip, owner: Any) -> None:
    call = Caller(owner)
    assert (
        call("PUT", f"/clips/{clip.code}/transcript/cue", {"start": 2, "end": 5, "text": "publish upstream"})[0] == 200
    )
    _, transcript = call("GET", f"/clips/{clip.code}/transcript")
    assert [(cue["text"], cue["corrected"]) for cue in transcript["cues"]] == [
        ("reset the branch", False),
        ("publish upstream", True),
    ]
    _, found = call("GET", "/search?q=upstream")
    moment = found["hits"][0]["moments"][0]
    assert (moment["at_seconds"], moment["field"], moment["where"]) == (2.0, "speech", "Spoken")
    assert call("PUT", f"/clips/{clip.code}/transcript/cue", {"start": 5, "end": 2, "text": "x"})[0] == 422


def test_search_never_fails_whatever_is_typed(clip: Clip, owner: Any) -> None:
    call = Caller(owner)
    for text in ['"', "*", "NEAR(", "%F0%9F%98%80", "%00", "a" * 5000, "", "' OR 1=1 --"]:
        assert call("GET", f"/search?q={text.replace(' ', '+')}")[0] == 200


def test_the_openapi_document_and_its_page_stand(client_of: Any, make_user: Any) -> None:
    client = client_of(make_user("learner"))
    document = json.loads(client.get("/api/v1/openapi.json").content)
    page = client.get("/api/v1/docs").content.decode()
    assert len(document["paths"]) >= 8
    assert all(path in page for path in document["paths"])
    assert "<script>" not in page


def test_every_operation_is_named_in_the_docs(client_of: Any, make_user: Any) -> None:
    document = json.loads(client_of(make_user("learner")).get("/api/v1/openapi.json").content)
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"| {method.upper()} | `{path}` |" in page
