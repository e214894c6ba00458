"""Clips: what people find, watch and rate."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone

from transcode.models import Recording
from videolib.clips.access import BAYESIAN_MEAN, ClipQuerySet

# How long a clip that was still uploading can be brought back: its bytes wait for the rest, and take up room.
DRAFT_KEPT = timedelta(hours=1)


class Visibility(models.TextChoices):
    """Who may open a clip; private until its owner says otherwise."""

    PRIVATE = "private", "Only me"
    TEAM = "team", "The whole team"
    UNLISTED = "unlisted", "Team members with the link"


class License(models.Model):
    """What others may do with a clip."""

    name = models.CharField(max_length=80, unique=True)
    url = models.URLField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def fold_tag(name: str) -> str:
    """What all spellings of one tag share: case, spaces, a leading # and the way accents are typed do not matter."""
    words = unicodedata.normalize("NFKC", name.replace(",", " ").replace("\x00", "")).split()
    return " ".join(words).lstrip("#").strip().casefold()[:40]


class Tag(models.Model):
    """A word people file clips under. `folded` makes "Git Hub" and "git  hub" one tag."""

    name = models.CharField(max_length=40)
    folded = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ["folded"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The list of the clips that have it."""
        return f"/browse/?tag={quote(self.folded)}"


class Clip(models.Model):
    """One clip: the words people gave a recording, who may see it, and what others think of it."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="clips")
    # Empty while the bytes travel: then it is a draft. Two clips may share one recording.
    recording = models.ForeignKey(Recording, on_delete=models.PROTECT, null=True, related_name="clips")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=10_000)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    license = models.ForeignKey(License, on_delete=models.SET_NULL, null=True, blank=True)
    allow_download = models.BooleanField(default=False)
    tags = models.ManyToManyField(Tag, through="Tagging", related_name="clips")
    created_at = models.DateTimeField(default=timezone.now)
    # When it could first be played; others see nothing of it before.
    published_at = models.DateTimeField(null=True, db_index=True)
    trashed_at = models.DateTimeField(null=True)
    hidden_at = models.DateTimeField(null=True, help_text="a curator took it off the team's lists")
    # Written down here by the rooms above, for cards and ranking. Pinned is only what is for the whole team.
    pinned_at = models.DateTimeField(null=True)
    rating_sum = models.PositiveIntegerField(default=0)
    rating_count = models.PositiveIntegerField(default=0)
    answers_text = models.TextField(blank=True)

    objects = ClipQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(F("published_at").desc(), "id", name="newest_first"),
            models.Index(fields=["pinned_at"], name="pinned", condition=Q(pinned_at__isnull=False)),
            # The other orders of lists, so that the first page of a hundred thousand clips needs no sort.
            models.Index(F("created_at").desc(), F("id").desc(), name="last_come_first"),
            models.Index(Lower("title"), F("id").desc(), name="by_title"),
            models.Index(
                BAYESIAN_MEAN.desc(),
                F("rating_count").desc(),
                F("published_at").desc(),
                F("id").desc(),
                name="best_rated",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The page where it is watched: the link people share."""
        return f"/clips/{self.code}/"

    @property
    def is_draft(self) -> bool:
        """Still waiting for its bytes."""
        return self.recording_id is None

    @property
    def is_for_the_team(self) -> bool:
        """The whole team comes across it, or will once it can be played."""
        return self.visibility == Visibility.TEAM and self.hidden_at is None

    @property
    def gone_at(self) -> datetime | None:
        """When it is deleted for good, if it lies in the trash."""
        kept = DRAFT_KEPT if self.is_draft else timedelta(days=settings.TRASH_DAYS)
        return self.trashed_at + kept if self.trashed_at else None

    @property
    def rating(self) -> float | None:
        """The plain mean of the stars, 1 to 5."""
        return self.rating_sum / self.rating_count if self.rating_count else None


class FailureNotice(models.Model):
    """An e-mail to be sent: somebody is to know that work on a clip failed for good. The row goes when it was."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="failure_notices")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="failure_notices")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.clip_id} for {self.person_id}"


class Tagging(models.Model):
    """Who put which tag on which clip."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="taggings")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="taggings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clip", "tag"], name="a_tag_once_a_clip")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.clip_id}"


class CueEdit(models.Model):
    """A correction of what the engine heard, laid over the recording's cues. No later run touches it."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="cue_edits")
    start = models.FloatField(help_text="seconds")
    end = models.FloatField(help_text="seconds")
    text = models.TextField(blank=True, max_length=500, help_text="empty: nothing is said here")
    # As it stood when it was corrected: another hearing may get right what taught us a name.
    heard = models.TextField(blank=True, help_text="what the engine had written there")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["start", "id"]

    def __str__(self) -> str:
        return self.text


def tidy_term(text: str) -> str:
    """The term as it is kept: single spaces, nothing invisible; empty when nothing is left."""
    visible = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    return " ".join(unicodedata.normalize("NFC", visible).split()).strip(",;").strip()


def fold_term(text: str) -> str:
    """What all spellings of one term share: case, spaces and the way accents are typed do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())[:300]


class Term(models.Model):
    """A name that the team says and an engine cannot know; curators keep the list. `text` is how it is written."""

    text = models.CharField(max_length=100)
    folded = models.CharField(max_length=300, unique=True)  # folding may lengthen: one ligature becomes three letters
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["folded"]

    def __str__(self) -> str:
        return self.text


class LibrarySettings(models.Model):
    """What admins set for the whole library: the one row with pk 1."""

    default_visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE)
    max_upload_bytes = models.BigIntegerField(default=4 * 1024**3)
    quota_bytes = models.BigIntegerField(default=50 * 1024**3, help_text="a person, unless they have their own")

    class Meta:
        verbose_name_plural = "library settings"

    def __str__(self) -> str:
        return "Library settings"

    @classmethod
    def current(cls) -> LibrarySettings:
        """The settings as they stand; the defaults until an admin saves them."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    @classmethod
    def locked(cls) -> LibrarySettings:
        """The settings, for whoever counts against a limit of the whole library: one at a time, until they commit."""
        cls.objects.get_or_create(pk=1)
        return cls.objects.select_for_update().get(pk=1)
