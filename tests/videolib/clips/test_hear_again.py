"""Having the words of a clip written down anew: its owner and curators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from transcode.models import Cue, Job, State, Step, Transcript
from transcode.workspace import run_job
from videolib.accounts.models import AuditEntry
from videolib.clips import actions
from videolib.clips.documents import cues_of
from videolib.clips.models import Clip


@pytest.fixture
def clip(make_clip: Callable[..., Clip]) -> Clip:
    """A clip that was heard, and not well."""
    clip = make_clip(cues=[(0, 2, "open the graph on a"), (2, 4, "then look")])
    clip.recording.has_sound = True
    clip.recording.save()
    Job.objects.create(
        recording=clip.recording, step=Step.TRANSCRIBE, queue="speech", state=State.DONE, percent=100, attempt=2
    )
    return clip


def address(clip: Clip) -> str:
    return f"/clips/{clip.code}/hear-again/"


def job() -> Job:
    return Job.objects.get(step=Step.TRANSCRIBE)


@pytest.mark.parametrize("who", ["owner", "curator", "admin"])
def test_owner_and_curators_have_a_clip_heard_again(
    who: str, clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    actions.add_terms(["Grafana"], by=make_user("curator"))
    client = client_of(clip.owner if who == "owner" else make_user(who))
    assert address(clip) in client.get(clip.get_absolute_url()).text
    assert "Corrections that people make stay" in client.get(address(clip)).text
    answer = client.post(address(clip), follow=True)
    assert "It is listened to again" in answer.text
    assert (job().state, job().attempt, job().percent, job().ended_at) == (State.QUEUED, 0, 0, None)
    assert job().recording.hints == {"vocabulary": "Grafana.", "log": {"clip": str(clip.code)}}
    assert AuditEntry.objects.filter(deed="hear clip again").exists() == (who != "owner")


@pytest.mark.parametrize("role", ["learner", "contributor"])
def test_others_do_not(role: str, clip: Clip, make_user: Callable[..., Any], client_of: Callable[..., Client]) -> None:
    client = client_of(make_user(role))
    assert client.get(address(clip)).status_code == client.post(address(clip)).status_code == 404
    assert address(clip) not in client.get(clip.get_absolute_url()).text
    assert job().state == State.DONE


def test_signed_out_nobody_does(clip: Clip, client: Client) -> None:
    assert client.post(address(clip)).headers["Location"].startswith("/accounts/login/")
    assert job().state == State.DONE


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_while_it_is_heard_a_second_press_does_nothing(
    state: State, clip: Clip, client_of: Callable[..., Client]
) -> None:
    Job.objects.update(state=state, percent=40, attempt=1)
    client = client_of(clip.owner)
    page = client.get(address(clip)).text
    assert "Being heard" in page and "disabled" in page
    assert "It is being listened to already" in client.post(address(clip), follow=True).text
    assert (job().state, job().percent, job().attempt) == (state, 40, 1)
    assert address(clip) not in client.get(clip.get_absolute_url()).text


@pytest.mark.parametrize("state", [State.RUNNING, State.QUEUED])
def test_progress_shows_beside_the_words_there_are(state: State, clip: Clip, client_of: Callable[..., Client]) -> None:
    Job.objects.update(state=state, percent=40)
    part = client_of(clip.owner).get(f"{clip.get_absolute_url()}?part=transcript").text
    assert "then look" in part and "<progress" in part and 'hx-trigger="every' in part


@pytest.mark.parametrize("state", [State.FAILED, State.SKIPPED])
def test_what_failed_or_was_skipped_can_be_heard_too(state: State, clip: Clip) -> None:
    Job.objects.update(state=state, error="No.", may_retry=True)
    assert actions.hear_again(clip, by=clip.owner)
    assert (job().state, job().error, job().may_retry) == (State.QUEUED, "", False)


def test_a_clip_whose_job_was_never_made_gets_one(clip: Clip) -> None:
    Job.objects.all().delete()
    assert actions.hear_again(clip, by=clip.owner)
    assert job().state == State.QUEUED


@pytest.mark.parametrize("why", ["no sound", "no engine", "not playable"])
def test_it_is_not_offered_where_nothing_can_be_heard(
    why: str, clip: Clip, client_of: Callable[..., Client], settings: Any
) -> None:
    settings.SPEECH_ENGINE = "none" if why == "no engine" else "faster_whisper"
    clip.recording.has_sound = why != "no sound"
    clip.recording.playable_at = None if why == "not playable" else clip.recording.playable_at
    clip.recording.save()
    client = client_of(clip.owner)
    assert address(clip) not in client.get(clip.get_absolute_url()).text
    assert '<button class="button"' not in client.get(address(clip)).text
    assert client.post(address(clip)).status_code == 302
    assert job().state == State.DONE


def test_corrections_stay_laid_over_the_new_words(clip: Clip, data_folder: Any) -> None:
    actions.correct_cue(clip, start=0, end=2, text="Open Grafana", by=clip.owner)
    actions.hear_again(clip, by=clip.owner)

    def hear(work: Any) -> None:
        with work.finishing():
            Transcript.objects.filter(recording=work.recording).delete()
            transcript = Transcript.objects.create(recording=work.recording, engine="test", model="none")
            Cue.objects.create(transcript=transcript, start=0.1, end=1.9, text="open the gravano")
            Cue.objects.create(transcript=transcript, start=2.1, end=4, text="then look at Loki")

    assert run_job(job().pk, hear)
    assert [cue.text for cue in cues_of(clip)] == ["Open Grafana", "then look at Loki"]
    assert job().state == State.DONE


def test_curators_find_it_on_the_page_of_the_vocabulary(
    clip: Clip, make_clip: Callable[..., Clip], make_user: Callable[..., Any], client_of: Callable[..., Client]
) -> None:
    client, silent = client_of(make_user("curator")), make_clip(title="A silent one")
    page = client.get("/vocabulary/").text
    assert address(clip) in page and address(silent) not in page
    assert address(clip) not in client.get("/vocabulary/?q=nothing").text
    assert address(clip) in client.get("/vocabulary/?q=a+CL").text
    Job.objects.update(state=State.QUEUED)
    page = client.get("/vocabulary/").text
    assert address(clip) not in page and "Being heard" in page
