"""Whether there is room for one more job: from numbers alone."""

from __future__ import annotations

from typing import Any

import pytest

from transcode.admission import FULL_LOAD, KEPT_FREE, MB, Admission, needs_of
from transcode.machine import Room
from transcode.models import Job, Recording, Step

GB = 1024**3


def job(step: Step = Step.MAKE_RENDITIONS, **columns: Any) -> Job:
    plain = {"size_bytes": 100 * MB, "duration": 600.0, "width": 1920, "height": 1080}
    return Job(step=step, recording=Recording(**{**plain, **columns}))


def admission(*others: Job, memory: int = 8 * GB, load: float = 0.0, disk: int = 100 * GB) -> Admission:
    return Admission(Room(memory, load, disk), others, fetched=False)


def test_with_plenty_of_everything_there_is_room() -> None:
    assert not admission(job()).is_crowded_for(job())
    assert admission(job()).lacks_space_for(job()) == ""


@pytest.mark.parametrize("little", [{"memory": 100 * MB}, {"load": FULL_LOAD + 1}])
def test_a_full_machine_is_a_reason_to_wait_only_while_something_of_ours_runs_there(little: dict[str, Any]) -> None:
    assert admission(job(), **little).is_crowded_for(job())
    assert not admission(**little).is_crowded_for(job())


def test_a_large_picture_needs_more_memory_and_listening_most() -> None:
    small, large = (needs_of(job(width=w, height=h), fetched=False).memory for w, h in ((640, 360), (7680, 4320)))
    assert small < 200 * MB < 2 * GB < large
    assert needs_of(job(Step.TRANSCRIBE), fetched=False).memory > 500 * MB


def test_a_disk_that_is_too_small_is_a_reason_in_any_case_and_says_how_much_is_missing() -> None:
    needed = needs_of(job(), fetched=False).disk
    assert admission(disk=KEPT_FREE + needed).lacks_space_for(job()) == ""
    sentence = admission(disk=KEPT_FREE + needed - 5 * MB).lacks_space_for(job())
    assert "6 MB more" in sentence
    # What others will still write is spoken for.
    assert admission(job(), disk=KEPT_FREE + needed).lacks_space_for(job())


def test_an_original_in_a_bucket_takes_its_own_room() -> None:
    for step in Step:
        kept, fetched = (needs_of(job(step), fetched=fetched).disk for fetched in (False, True))
        assert fetched - kept == 100 * MB


def test_two_hours_to_listen_to_need_room_for_their_samples_whatever_the_picture_takes() -> None:
    heard = needs_of(job(Step.TRANSCRIBE, duration=7200.0, size_bytes=50 * GB), fetched=False)
    assert 400 * MB < heard.disk < GB
