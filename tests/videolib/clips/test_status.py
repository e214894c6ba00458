"""How far a clip is: Job rows put into sentences, and the part that asks again by itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from transcode.models import Job, Recording, State, Step
from transcode.waiting import Wait
from videolib.clips.models import Clip
from videolib.clips.status import compose, in_words, look_again_after, status_of, statuses_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(make_user) -> Any:
    return make_user("contributor")


@pytest.fixture
def clip(owner) -> Clip:
    """A clip whose bytes have just arrived."""
    recording = Recording.objects.create(original_key="x", size_bytes=1)
    return Clip.objects.create(owner=owner, title="T", recording=recording)


def job(clip: Clip, step: Step, state: State = State.QUEUED, **columns: Any) -> Job:
    columns = {"queue": "speech" if step == Step.TRANSCRIBE else "media", "priority": 0, **columns}
    return Job.objects.create(recording=clip.recording, step=step, state=state, **columns)


def play(clip: Clip) -> None:
    clip.recording.playable_at = timezone.now()
    clip.recording.save()
    job(clip, Step.INSPECT, State.DONE)
    job(clip, Step.MAKE_PLAYABLE, State.DONE)


def test_a_draft_is_uploading(owner):
    status = status_of(Clip.objects.create(owner=owner, title="T"))
    assert (status.state, status.percent, status.is_final) == ("uploading", 0, False)


def test_what_waits_knows_its_place(clip):
    for _ in range(2):
        other = Recording.objects.create(original_key="x", size_bytes=1)
        Job.objects.create(recording=other, step=Step.INSPECT, queue="media", priority=0)
    job(clip, Step.INSPECT)
    status = status_of(clip)
    assert (status.state, status.position) == ("waiting", 3)
    assert status.sentence == "Waiting for its turn: 2 ahead of it."


def test_the_first_in_line_is_told_so(clip):
    job(clip, Step.INSPECT)
    assert status_of(clip).sentence == "Next in line."


def test_what_is_tried_again_says_so(clip):
    job(clip, Step.INSPECT, attempt=1)
    assert "tried again" in status_of(clip).sentence


def test_what_runs_tells_step_and_percent(clip):
    job(clip, Step.INSPECT, State.DONE)
    job(clip, Step.MAKE_PLAYABLE, State.RUNNING, percent=40)
    job(clip, Step.TRANSCRIBE)
    status = status_of(clip)
    assert (status.state, status.sentence) == ("working", "Making it playable.")
    assert (status.current.step, status.current.percent, status.position) == (Step.MAKE_PLAYABLE, 40, None)
    assert 0 < status.percent < 40
    assert [step.state for step in status.steps] == ["done", "running", "queued", "to come"]


def test_a_clip_that_plays_is_ready_while_the_rest_follows(clip):
    play(clip)
    job(clip, Step.TRANSCRIBE, State.RUNNING, percent=10)
    job(clip, Step.MAKE_RENDITIONS)
    status = status_of(clip)
    assert (status.state, status.is_final) == ("ready", False)
    assert status.sentence == "You can watch it now. Still to come: the words and smaller versions."


def test_at_the_end_nothing_is_left(clip):
    play(clip)
    job(clip, Step.TRANSCRIBE, State.SKIPPED)
    job(clip, Step.MAKE_RENDITIONS, State.DONE)
    status = status_of(clip)
    assert (status.state, status.percent, status.is_final, status.warnings) == ("ready", 100, True, ())
    assert status.sentence == "You can watch it now."


def test_a_step_that_was_never_wanted_holds_nothing_up(clip):
    play(clip)
    status = status_of(clip)
    assert status.is_final
    assert [step.step for step in status.steps] == [Step.INSPECT, Step.MAKE_PLAYABLE]


def test_a_later_step_that_failed_is_a_warning(clip):
    play(clip)
    job(clip, Step.TRANSCRIBE, State.FAILED, error="The speech engine is away.", may_retry=True)
    job(clip, Step.MAKE_RENDITIONS, State.DONE)
    status = status_of(clip)
    assert (status.state, status.is_final, status.may_retry) == ("ready", True, True)
    assert status.warnings == ("Writing down the words did not work. The speech engine is away.",)
    assert "not everything" in status.sentence


@pytest.mark.parametrize("step", [Step.INSPECT, Step.MAKE_PLAYABLE])
def test_without_a_picture_it_has_failed_and_says_why(clip, step):
    if step == Step.MAKE_PLAYABLE:
        job(clip, Step.INSPECT, State.DONE)
    job(clip, step, State.FAILED, error="This is not a recording.")
    status = status_of(clip)
    assert (status.state, status.sentence, status.may_retry) == ("failed", "This is not a recording.", False)
    assert status.is_final
    assert status.warnings == ()


def test_a_failure_is_told_at_once_though_the_words_are_still_listened_to(clip):
    job(clip, Step.INSPECT, State.DONE)
    job(clip, Step.TRANSCRIBE, State.RUNNING)
    job(clip, Step.MAKE_PLAYABLE, State.FAILED, error="No picture in it.", may_retry=True)
    status = status_of(clip)
    assert (status.state, status.sentence, status.may_retry) == ("failed", "No picture in it.", True)


def test_between_two_steps_nobody_is_told_that_it_failed(clip):
    job(clip, Step.INSPECT, State.DONE)
    status = status_of(clip)
    assert (status.state, status.is_final) == ("working", False)


def test_pages_ask_often_at_first_then_less_and_at_the_end_no_more(clip):
    waiting = job(clip, Step.INSPECT)
    assert look_again_after(status_of(clip), 0) == 1
    assert look_again_after(status_of(clip), 100) == 4
    assert look_again_after(status_of(clip), 1000) == 15
    waiting.delete()
    play(clip)
    assert look_again_after(status_of(clip), 0) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (70, "about a minute"),
        (100, "about 2 minutes"),
        (13 * 60, "about 15 minutes"),
        (44 * 60, "about 40 minutes"),
        (100 * 60, "about 2 hours"),
        (26 * 3600, "about 26 hours"),
    ],
)
def test_a_guess_is_no_more_exact_than_it_is(seconds, words):
    assert in_words(seconds) == words


def test_what_waits_says_for_how_long_where_that_is_known(clip):
    waiting = job(clip, Step.INSPECT)
    rows = [waiting]
    assert compose(clip, rows, wait=Wait(3, 130)).sentence == "Waiting for its turn: 3 ahead of it, about 2 minutes."
    assert compose(clip, rows, wait=Wait(0, 20)).sentence == "Next in line, less than a minute."
    assert compose(clip, rows, wait=Wait(0, None)).sentence == "Next in line."


def test_what_waits_for_room_or_for_the_storage_says_so(clip):
    job(clip, Step.INSPECT, times_put_off=1, attempt=1)
    sentence = "The library cannot store anything just now; admins see why. Then it goes on by itself."
    assert status_of(clip).sentence == sentence


def test_one_clip_costs_a_handful_of_queries_at_most(clip, django_assert_max_num_queries):
    job(clip, Step.INSPECT)
    clip = Clip.objects.select_related("recording").get(pk=clip.pk)
    with django_assert_max_num_queries(5):
        status_of(clip)


def test_a_list_costs_one_query_however_long(make_clip, owner, django_assert_num_queries):
    clips = [make_clip(owner) for _ in range(3)] + [Clip.objects.create(owner=owner, title="Draft")]
    for clip in clips[:3]:
        job(clip, Step.TRANSCRIBE)
    clips = list(Clip.objects.select_related("recording"))
    with django_assert_num_queries(1):
        statuses = statuses_of(clips)
    assert sorted(status.state for status in statuses.values()) == ["ready", "ready", "ready", "uploading"]


class TestPart:
    def address(self, clip: Clip) -> str:
        return f"/clips/{clip.code}/status/"

    def test_it_asks_again_while_something_changes(self, clip, owner, client_of):
        job(clip, Step.INSPECT)
        answer = client_of(owner).get(self.address(clip))
        text = answer.content.decode()
        assert 'hx-trigger="every 1s"' in text
        assert "looks=1" in text
        assert "Next in line." in text
        assert "no-store" in answer["Cache-Control"]

    def test_it_backs_off(self, clip, owner, client_of):
        job(clip, Step.INSPECT)
        text = client_of(owner).get(self.address(clip), {"looks": "100"}).content.decode()
        assert 'hx-trigger="every 4s"' in text
        assert "looks=101" in text

    @pytest.mark.parametrize("looks", ["-1", "x", "9" * 500, "²"])
    def test_odd_counts_are_zero(self, clip, owner, client_of, looks):
        job(clip, Step.INSPECT)
        assert "looks=1" in client_of(owner).get(self.address(clip), {"looks": looks}).content.decode()

    def test_it_stops_at_the_end_with_the_link(self, clip, owner, client_of):
        play(clip)
        text = client_of(owner).get(self.address(clip)).content.decode()
        assert "hx-trigger" not in text
        assert clip.get_absolute_url() in text

    def test_the_owner_may_try_again_where_it_may_help(self, clip, owner, client_of):
        failed = job(clip, Step.INSPECT, State.FAILED, error="Odd.", may_retry=True)
        assert "Try again" in client_of(owner).get(self.address(clip)).content.decode()
        Job.objects.filter(pk=failed.pk).update(may_retry=False)
        assert "Try again" not in client_of(owner).get(self.address(clip)).content.decode()

    def test_others_read_but_do_not_try_again(self, make_clip, make_user, client_of):
        clip = make_clip()
        job(clip, Step.TRANSCRIBE, State.FAILED, may_retry=True)
        answer = client_of(make_user("learner")).get(self.address(clip))
        assert answer.status_code == 200
        assert "Try again" not in answer.content.decode()

    def test_who_may_not_see_the_clip_learns_nothing(self, clip, make_user, client_of):
        assert client_of(make_user("curator")).get(self.address(clip)).status_code == 404
        assert client_of().get(self.address(clip)).status_code == 302


class TestRetry:
    @pytest.fixture
    def failed(self, clip) -> Job:
        return job(clip, Step.INSPECT, State.FAILED, error="Odd.", may_retry=True, attempt=3)

    def test_the_owner_queues_it_again(self, clip, failed, owner, client_of):
        answer = client_of(owner).post(f"/clips/{clip.code}/retry/", headers={"HX-Request": "true"})
        assert "Next in line." in answer.content.decode()
        failed.refresh_from_db()
        assert (failed.state, failed.attempt) == (State.QUEUED, 0)

    def test_without_javascript_the_person_comes_back_to_the_clip(self, clip, failed, owner, client_of):
        answer = client_of(owner).post(f"/clips/{clip.code}/retry/")
        assert (answer.status_code, answer["Location"]) == (302, clip.get_absolute_url())

    def test_nobody_else_does(self, clip, failed, make_user, client_of):
        assert client_of(make_user("contributor")).post(f"/clips/{clip.code}/retry/").status_code == 404
        assert client_of().post(f"/clips/{clip.code}/retry/").status_code == 302
        failed.refresh_from_db()
        assert failed.state == State.FAILED

    def test_a_link_does_not(self, clip, failed, owner, client_of):
        assert client_of(owner).get(f"/clips/{clip.code}/retry/").status_code == 405
