"""Correcting a cue from a script: within the clip, a caption or a few at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.videolib.api.test_api import Caller
from videolib.clips.models import Clip, CueEdit

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(make_clip: Callable[..., Clip]) -> Clip:
    return make_clip(cues=[(0, 2, "reset the branch"), (2, 5, "push it")])  # of 60 seconds


def put(client: Client, clip: Clip, body: str) -> tuple[int, Any]:
    """The body as it is: what no Python value becomes."""
    call = Caller(clip.owner)
    address = f"/api/v1/clips/{clip.code}/transcript/cue"
    answer = client.generic("PUT", address, body, "application/json", headers=call.headers)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    "times",
    [
        '"start": 0, "end": Infinity',
        '"start": 0, "end": 1e309',
        '"start": 1e308, "end": 1e309',
        '"start": NaN, "end": 2',
        '"start": -1, "end": 2',
        '"start": 2, "end": 2',
        '"start": 5000, "end": 5001',
        '"start": 59, "end": 61.5',
        '"start": 0, "end": 1e9',
        f'"start": 0, "end": {10**400}',
    ],
)
def test_times_outside_the_clip_are_a_422_and_change_nothing(
    clip: Clip, client: Client, client_of: Callable[..., Client], times: str
) -> None:
    status, answer = put(client, clip, f'{{{times}, "text": "x"}}')
    assert status == 422 and answer["detail"]
    assert not CueEdit.objects.exists()
    transcript = Caller(clip.owner)("GET", f"/clips/{clip.code}/transcript")[1]
    assert [cue["text"] for cue in transcript["cues"]] == ["reset the branch", "push it"]
    assert client_of(clip.owner).get(f"/clips/{clip.code}/captions.vtt").status_code == 200


def test_the_last_cue_may_end_a_little_after_the_picture(clip: Clip) -> None:
    cue = {"start": 58, "end": 60.4, "text": "bye"}
    assert Caller(clip.owner)("PUT", f"/clips/{clip.code}/transcript/cue", cue)[0] == 200


def test_one_correction_does_not_silence_a_whole_transcript(clip: Clip) -> None:
    call = Caller(clip.owner)
    status, answer = call("PUT", f"/clips/{clip.code}/transcript/cue", {"start": 0, "end": 60, "text": ""})
    assert (status, answer["detail"]) == (422, "One correction covers at most 30 seconds; correct cue by cue.")
    assert call("PUT", f"/clips/{clip.code}/transcript/cue", {"start": 0, "end": 30, "text": ""})[0] == 200


@pytest.mark.parametrize("text", [r"a\u0000b", r"\ud800", "x" * 501])
def test_words_that_no_caption_can_hold_are_a_422(clip: Clip, client: Client, text: str) -> None:
    assert put(client, clip, f'{{"start": 0, "end": 2, "text": "{text}"}}')[0] == 422
    assert not CueEdit.objects.exists()


def test_the_same_correction_again_is_still_one_however_short(clip: Clip) -> None:
    call = Caller(clip.owner)
    for end in (0.02, 0.02, 0.001):
        call("PUT", f"/clips/{clip.code}/transcript/cue", {"start": 0, "end": end, "text": "eh"})
    assert CueEdit.objects.count() == 1


def test_others_cannot_correct_and_learn_nothing_by_wrong_times(clip: Clip, make_user: Callable[..., Any]) -> None:
    for end in (2, 5000):
        cue = {"start": 0, "end": end, "text": "x"}
        assert Caller(make_user("learner"))("PUT", f"/clips/{clip.code}/transcript/cue", cue)[0] == 404
        assert Caller(None, "unknown")("PUT", f"/clips/{clip.code}/transcript/cue", cue)[0] == 401
