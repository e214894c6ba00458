"""What failed for good: who is told by e-mail, and the list of it for curators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from transcode.models import Job, State, Step
from videolib.accounts.models import User
from videolib.clips.failures import MOST_NAMED, NEWS_FOR, mail_failures, note_failure
from videolib.clips.models import Clip, FailureNotice

FAILED = "/clips/failed/"
BROKEN = "This file is no recording that can be read."


@pytest.fixture
def smtp(settings: Any) -> None:
    settings.HAS_SMTP = True


@pytest.fixture
def fail(make_clip: Callable[..., Clip]) -> Callable[..., Clip]:
    """`fail(title="Git", may_retry=True)`: a clip whose inspection failed; with `gap`, one that plays without words."""

    def make(owner: Any = None, *, may_retry: bool = False, gap: bool = False, **columns: Any) -> Clip:
        clip = make_clip(owner, playable=gap, **columns)
        step = Step.TRANSCRIBE if gap else Step.INSPECT
        ended = {"state": State.FAILED, "ended_at": timezone.now(), "error": BROKEN, "may_retry": may_retry}
        Job.objects.create(recording=clip.recording, step=step, queue="media", **ended)
        return clip

    return make


def tell(*clips: Clip) -> None:
    for clip in clips:
        assert clip.recording_id
        note_failure(clip.recording_id)


class TestMail:
    """One e-mail a person, however much failed."""

    def test_owner_and_curators_get_the_sentence_what_to_do_and_the_link(
        self, smtp: None, fail: Any, make_user: Any, mailoutbox: Any, settings: Any
    ) -> None:
        curator, admin = make_user("curator"), make_user("admin")
        make_user("learner"), make_user("contributor")
        clip = fail(title="Git bisect")
        tell(clip)
        assert mail_failures() == 3
        mails = {mail.to[0]: mail for mail in mailoutbox}
        assert set(mails) == {clip.owner.email, curator.email, admin.email}
        body = mails[clip.owner.email].body
        assert mails[clip.owner.email].subject == "A recording could not be worked on as it should"
        for words in ("Git bisect", BROKEN, "Upload another one", f"{settings.SITE_URL}/clips/{clip.code}/"):
            assert words in body
        assert f"Git bisect (by {clip.owner.display_name})" in mails[curator.email].body
        assert mail_failures() == 0

    @pytest.mark.parametrize(
        ("how", "words"),
        [
            ({"may_retry": True}, "press “Try again”"),
            ({"gap": True}, f"Writing down the words did not work. {BROKEN}"),
            ({"gap": True}, "What there is can be watched"),
        ],
    )
    def test_it_says_what_helps(self, how: Any, words: str, smtp: None, fail: Any, mailoutbox: Any) -> None:
        tell(fail(**how))
        mail_failures()
        assert words in mailoutbox[0].body

    def test_of_private_clips_their_owner_alone_is_told(
        self, smtp: None, fail: Any, make_user: Any, mailoutbox: Any
    ) -> None:
        make_user("curator"), make_user("admin")
        clip = fail(visibility="private")
        tell(clip)
        mail_failures()
        assert [mail.to for mail in mailoutbox] == [[clip.owner.email]]

    def test_every_owner_of_a_shared_recording_is_told_of_their_own_clip(
        self, smtp: None, fail: Any, make_user: Any, mailoutbox: Any
    ) -> None:
        clip, other = fail(title="Mine", visibility="private"), make_user("contributor")
        Clip.objects.create(owner=other, recording=clip.recording, title="Theirs", visibility="private")
        tell(clip)
        mail_failures()
        told = {mail.to[0]: mail.body for mail in mailoutbox}
        assert "Mine" in told[clip.owner.email] and "Theirs" not in told[clip.owner.email]
        assert "Theirs" in told[other.email] and "Mine" not in told[other.email]

    def test_many_failures_are_one_mail(
        self, smtp: None, fail: Any, make_user: Any, mailoutbox: Any, settings: Any
    ) -> None:
        owner = make_user("contributor")
        tell(*(fail(owner, title=f"Import {number}.") for number in range(MOST_NAMED + 5)))
        assert mail_failures() == 1
        (mail,) = mailoutbox
        assert mail.subject == f"{MOST_NAMED + 5} recordings could not be worked on as they should"
        assert mail.body.count("Import ") == MOST_NAMED
        assert f"And 5 more; all of them stand here:\n{settings.SITE_URL}/clips/mine/" in mail.body

    @pytest.mark.parametrize("change", ["trashed", "tried again", "made private", "deactivated"])
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_who_need_not_or_may_not_know_gets_none(
        self, change: str, when: str, smtp: None, fail: Any, make_user: Any, mailoutbox: Any
    ) -> None:
        curator, clip = make_user("curator"), fail()
        if when == "after":
            tell(clip)
        if change == "trashed":
            Clip.objects.update(trashed_at=timezone.now())
        if change == "tried again":
            Job.objects.update(state=State.QUEUED)
        if change == "made private":
            Clip.objects.update(visibility="private")
        if change == "deactivated":
            User.objects.filter(pk=curator.pk).update(is_active=False)
        if when == "before":
            tell(clip)
        mail_failures()
        owner_is_told = change in ("made private", "deactivated")
        assert [mail.to for mail in mailoutbox] == ([[clip.owner.email]] if owner_is_told else [])
        assert not FailureNotice.objects.exists()

    def test_a_mail_server_that_is_away_is_tried_again_for_a_day(
        self, smtp: None, fail: Any, mailoutbox: Any, settings: Any
    ) -> None:
        works = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        first, second = fail(), fail()
        tell(first, second)
        assert mail_failures() == 0
        FailureNotice.objects.filter(clip=first).update(created_at=timezone.now() - NEWS_FOR - timedelta(minutes=1))
        settings.EMAIL_BACKEND = works
        assert mail_failures() == 1
        assert [mail.to for mail in mailoutbox] == [[second.owner.email]]

    def test_without_a_mail_server_nothing_waits_for_one(self, fail: Any) -> None:
        tell(fail())
        assert not FailureNotice.objects.exists()


class TestList:
    """What curators find of it in the library."""

    @pytest.mark.parametrize("role", ["curator", "admin"])
    def test_a_curator_reads_why_and_tries_again(
        self, role: str, fail: Any, make_user: Any, client_of: Callable[..., Client]
    ) -> None:
        client = client_of(make_user(role))
        page = client.get(FAILED).text
        assert "Nothing has failed" in page
        clip, gap = fail(title="Git bisect", may_retry=True), fail(title="Without words", gap=True)
        page = client.get(FAILED).text
        assert page.index("Without words") < page.index("Git bisect")
        assert BROKEN in page and f"By {clip.owner.display_name}" in page
        assert f'action="/clips/{clip.code}/retry/"' in page
        assert f'action="/clips/{gap.code}/retry/"' not in page and "Trying again cannot help" in page
        assert '<span class="badge badge-bad number">2</span>' in client.get("/").text
        answer = client.post(f"/clips/{clip.code}/retry/", follow=True)
        assert answer.status_code == 200 and "It is tried again." in answer.text
        assert Job.objects.get(recording=clip.recording).state == State.QUEUED
        assert "Git bisect" not in client.get(FAILED).text

    @pytest.mark.parametrize("role", ["curator", "admin"])
    def test_what_others_keep_to_themselves_or_threw_away_is_not_there(
        self, role: str, fail: Any, make_user: Any, client_of: Callable[..., Client]
    ) -> None:
        person = make_user(role)
        fail(title="Somebody else", visibility="private")
        fail(title="Thrown away", trashed_at=timezone.now())
        fail(person, title="Their own", visibility="private")
        page = client_of(person).get(FAILED).text
        assert "Their own" in page and "Somebody else" not in page and "Thrown away" not in page

    @pytest.mark.parametrize("role", ["learner", "contributor"])
    def test_others_have_no_such_list(self, role: str, make_user: Any, client_of: Callable[..., Client]) -> None:
        client = client_of(make_user(role))
        assert client.get(FAILED).status_code == 403
        assert FAILED not in client.get("/").text

    @pytest.mark.django_db
    def test_signed_out_people_are_sent_to_sign_in(self, client: Client) -> None:
        assert client.get(FAILED).headers["Location"] == f"/accounts/login/?next={FAILED}"

    def test_queries_do_not_grow_with_what_failed(
        self, fail: Any, make_user: Any, client_of: Callable[..., Client], django_assert_num_queries: Any
    ) -> None:
        client = client_of(make_user("curator"))
        fail()
        with CaptureQueriesContext(connection) as few:
            client.get(FAILED)
        for _ in range(5):
            fail()
        with django_assert_num_queries(len(few)):
            client.get(FAILED)
