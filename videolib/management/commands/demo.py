"""`manage.py demo`: a dozen clips in an empty library, so that a newcomer sees it alive."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from demo.draw import NoFont
from demo.make import make_recording
from demo.stories import PEOPLE, STORIES, Person, Story
from scripts.say import VoiceError
from videolib.accounts.models import User
from videolib.clips.actions import edit_clip
from videolib.clips.models import Clip, License
from videolib.community.actions import pin_clip, rate_clip
from videolib.uploads.actions import cancel_upload, take_file
from videolib.uploads.following import Outcome, follow
from videolib.uploads.models import Upload

LICENCES = (("Inside our team only", ""), ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"))


class Command(BaseCommand):
    """See `help`."""

    help = "Fill an empty library with a dozen clips it makes itself. An interrupted demo goes on where it stopped."

    def handle(self, *_: Any, **__: Any) -> None:
        """Draw and speak the recordings, take them in, wait for them, and let people rate them."""
        if Clip.objects.exclude(owner__email__in=[person.email for person in PEOPLE]).exists():
            raise CommandError(
                "This library has clips of its own, and the demo is for an empty one; "
                "name another folder in VIDEOLIB_DATA."
            )
        people = {person.email: _person(person) for person in PEOPLE}
        licence, *_others = [License.objects.get_or_create(name=n, defaults={"url": url})[0] for n, url in LICENCES]
        _forget_drafts()
        missing = [story for story in STORIES if not Clip.objects.filter(title=story.title).exists()]
        try:
            for story in self._bar(missing, "drawing and speaking"):
                _take_in(story, people[story.owner], licence)
        except (NoFont, VoiceError) as error:
            raise CommandError(str(error)) from error
        self._wait()
        _rate(people)
        self.stdout.write(
            f"{Clip.objects.count()} clips stand in {settings.VIDEOLIB_DATA}. `make run`, and have a look."
        )

    def _wait(self) -> None:
        outcomes = [Outcome(clip.title, code=str(clip.code)) for clip in Clip.objects.order_by("pk")]
        with tqdm(total=len(outcomes), desc="making playable and listening", unit="clip", file=sys.stderr) as bar:
            for outcome in follow(outcomes):
                bar.update()
                if outcome.error or outcome.warnings:
                    tqdm.write(f"{outcome.path}: {outcome.error or outcome.warnings[0]}", file=sys.stderr)

    def _bar(self, stories: list[Story], what: str) -> tqdm[Story]:
        return tqdm(stories, desc=what, unit="clip", file=sys.stderr)


def _person(person: Person) -> User:
    """Somebody nobody can sign in as: no password."""
    found = User.objects.filter(email=person.email).first()
    return found or User.objects.create_user(person.email, None, name=person.name, role=person.role)


def _forget_drafts() -> None:
    """What a demo that was killed took in by half is made again."""
    for upload in Upload.objects.filter(clip__recording=None).select_related("clip__owner"):
        cancel_upload(upload, by=upload.clip.owner)


def _take_in(story: Story, owner: User, licence: License) -> None:
    voice = next(person.voice for person in PEOPLE if person.email == story.owner)
    settings.SCRATCH_ROOT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.SCRATCH_ROOT) as folder:
        recording = make_recording(story, voice, Path(folder))
        clip = take_file(recording, by=owner, title=story.title, visibility="team", tags=story.tags)
    edit_clip(clip, by=owner, description=story.description, license=licence, allow_download=True)


def _rate(people: dict[str, User]) -> None:
    curator = people[PEOPLE[0].email]
    for story in STORIES:
        clip = Clip.objects.get(title=story.title)
        if clip.published_at is None:
            continue
        judges = [person for email, person in people.items() if email != story.owner]
        for judge, stars in zip(judges, story.ratings, strict=False):
            rate_clip(clip, stars, by=judge)
        if story.pinned and clip.pinned_at is None:
            pin_clip(clip, by=curator)
