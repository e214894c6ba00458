"""The page of one's own clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from transcode.models import Job, State, Step
from videolib.clips import actions
from videolib.clips.models import Clip


def add_job(clip: Clip, step: Step, state: State, **columns: Any) -> Job:
    assert clip.recording
    return Job.objects.create(recording=clip.recording, step=step, state=state, queue="media", **columns)


@pytest.fixture
def owner(make_user: Callable[..., Any]) -> Any:
    return make_user("contributor")


def test_drafts_failed_and_ready_clips_stand_with_their_status(
    owner: Any, make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    actions.create_draft("On its way", by=owner, visibility="team")
    failed = make_clip(owner, title="Broken", playable=False)
    add_job(failed, Step.INSPECT, State.FAILED, error="This file holds no picture.")
    working = make_clip(owner, title="Under way", playable=False)
    add_job(working, Step.INSPECT, State.RUNNING)
    ready = make_clip(owner, title="All there")
    add_job(ready, Step.MAKE_PLAYABLE, State.DONE)
    page = client_of(owner).get("/clips/mine/").content.decode()
    for words in ("On its way", "Waits for its file", "Broken", "Failed", "This file holds no picture."):
        assert words in page
    for words in ("Under way", "Being made ready", "All there", "Ready"):
        assert words in page


def test_clips_of_others_and_trashed_ones_are_not_there(
    owner: Any, make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    make_clip(title="Somebody else's")
    actions.trash_clip(make_clip(owner, title="Thrown away"), by=owner)
    page = client_of(owner).get("/clips/mine/").content.decode()
    assert "Somebody else" not in page and "Thrown away" not in page and "You have no clips yet" in page


@pytest.mark.parametrize(
    ("asked", "found"), [("rebase", True), ("REBASE", True), ("docker", False), ("a\0b", False), ("%", False)]
)
def test_the_title_filters(
    asked: str, found: bool, owner: Any, make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    make_clip(owner, title="How to rebase")
    page = client_of(owner).get("/clips/mine/", {"q": asked}).content.decode()
    assert ("How to rebase" in page) is found


@pytest.mark.parametrize("number", ["0", "-1", "2", "last", "99", "x" * 5000])
def test_odd_page_numbers_show_a_page(
    number: str, owner: Any, make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    make_clip(owner)
    assert client_of(owner).get("/clips/mine/", {"page": number}).status_code == 200


def test_many_clips_are_paged(owner: Any, client_of: Callable[..., Client]) -> None:
    Clip.objects.bulk_create(Clip(owner=owner, title=f"Clip {number}") for number in range(30))
    client = client_of(owner)
    assert client.get("/clips/mine/").content.decode().count("clip-list-about") == 25
    assert client.get("/clips/mine/?page=2").content.decode().count("clip-list-about") == 5


def test_queries_do_not_grow_with_the_clips(
    owner: Any, make_clip: Callable[..., Clip], client_of: Callable[..., Client]
) -> None:
    client = client_of(owner)

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/clips/mine/")
        return len(queries)

    def fill(number: int) -> None:
        for _ in range(number):
            clip = make_clip(owner, tags=["git"])
            add_job(clip, Step.TRANSCRIBE, State.QUEUED)

    fill(2)
    few = count()
    fill(10)
    assert count() == few


def test_signed_out_people_are_sent_to_sign_in(client: Client, db: None) -> None:
    for page in ("/clips/mine/", "/clips/trash/"):
        assert client.get(page).headers["Location"] == f"/accounts/login/?next={page}"
