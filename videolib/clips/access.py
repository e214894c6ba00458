"""Who may see and change a clip: decided here, once, for pages, search, API, captions, posters and video bytes."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypedDict

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import F, FloatField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast
from django.http import Http404
from django.utils import timezone

from transcode.models import Job, State
from videolib.accounts.models import AuditEntry, User

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from videolib.clips.models import Clip, Tag, Tagging

Viewer = User | AnonymousUser
Deed = Literal["see", "edit", "curate", "tag", "rate", "download", "restore"]

NO_SUCH_CLIP = "There is no such clip, or it is not shared with you."
# A player asks for many pieces of one clip: an admin's look at a private clip is remembered once in this time.
SAME_LOOK = timedelta(minutes=10)

# A clip is ranked as if PRIOR_VOTES people had given it PRIOR_STARS, the middle of the scale, before anybody else did.
# Not the library's own mean: where everybody gives about 4.6, that one would let a single 5 beat forty 4.6s.
PRIOR_VOTES = 5
PRIOR_STARS = 3.0
# An index is made of the same expression (models.py).
BAYESIAN_MEAN = (Cast(F("rating_sum"), FloatField()) + Value(PRIOR_VOTES * PRIOR_STARS)) / (
    F("rating_count") + Value(PRIOR_VOTES)
)


class ClipQuerySet(models.QuerySet["Clip"]):
    """Reads over clips."""

    def visible_to(self, user: Viewer) -> ClipQuerySet:
        """Clips `user` may open by their address."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        standing = self.filter(trashed_at=None)
        if user.is_admin:
            return standing
        own = Q(owner=user)
        shared = Q(visibility__in=("team", "unlisted"))
        if user.is_curator:
            # Before it plays, too, once its bytes are there: where work on it fails, curators help.
            shared &= Q(recording__isnull=False)
        else:
            shared &= Q(published_at__isnull=False, hidden_at=None)
        return standing.filter(own | shared)

    def listed_for(self, user: Viewer) -> ClipQuerySet:
        """Playable clips `user` comes across: home, browse, search, facets, counts, suggestions."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        shared = Q(visibility="team", hidden_at=None)
        if user.is_curator:
            shared = Q(visibility__in=("team", "unlisted"), hidden_at=None)
        return self.filter(trashed_at=None, published_at__isnull=False).filter(Q(owner=user) | shared)

    def with_card(self) -> ClipQuerySet:
        """With all that a card shows, in two queries however many clips. What no card shows is deferred."""
        parts = self.select_related("owner", "recording", "recording__storyboard").prefetch_related("tags")
        return parts.defer("description", "answers_text", "recording__facts", "recording__hints")

    def best_rated(self) -> ClipQuerySet:
        """By Bayesian mean, annotated as `bayesian_mean`: many good ratings go before one perfect one."""
        ranked = self.annotate(bayesian_mean=BAYESIAN_MEAN)
        return ranked.order_by("-bayesian_mean", "-rating_count", "-published_at", "-pk")

    def newest_first(self) -> ClipQuerySet:
        """By when they could first be played."""
        return self.order_by("-published_at", "-pk")

    def editable_by(self, user: Viewer) -> ClipQuerySet:
        """Clips whose words, visibility and cues `user` may change."""
        if not isinstance(user, User):
            return self.none()
        if user.is_curator:
            return self.visible_to(user).filter(Q(owner=user) | ~Q(visibility="private"))
        return self.visible_to(user).filter(owner=user)

    def owned_by(self, user: User) -> ClipQuerySet:
        """The clips of one person that are not in the trash, the newest first: drafts and failed ones, too."""
        return self.visible_to(user).filter(owner=user).order_by("-created_at", "-pk")

    def hidden_for(self, user: Viewer) -> ClipQuerySet:
        """Clips off the team's lists that `user` may show again: for curators."""
        return self.may(user, "curate").filter(hidden_at__isnull=False)

    def failed_for(self, user: Viewer) -> ClipQuerySet:
        """Clips that `user` may change and of which a step failed for good, the last one first (`failed_at`)."""
        failed = Job.objects.filter(state=State.FAILED)
        ends = failed.filter(recording=OuterRef("recording")).order_by("-ended_at").values("ended_at")
        theirs = self.editable_by(user).filter(recording__in=failed.values("recording"))
        return theirs.annotate(failed_at=Subquery(ends[:1])).order_by("-failed_at", "-pk")

    def in_trash_of(self, user: Viewer) -> ClipQuerySet:
        """Deleted clips `user` may bring back."""
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        trashed = self.filter(trashed_at__isnull=False)
        if not user.is_curator:
            return trashed.filter(owner=user)
        others = ~Q(visibility="private")
        if not user.is_admin:
            # Of drafts, curators saw nothing before they were deleted either.
            others &= Q(recording__isnull=False)
        return trashed.filter(Q(owner=user) | others)

    def may(self, user: Viewer, deed: Deed) -> ClipQuerySet:
        """Clips `user` may do `deed` to."""
        if deed == "restore":
            return self.in_trash_of(user)
        if deed == "edit":
            return self.editable_by(user)
        if deed == "curate":
            return self.editable_by(user) if isinstance(user, User) and user.is_curator else self.none()
        if deed == "download":
            return self.visible_to(user).filter(Q(owner__pk=user.pk) | Q(allow_download=True))
        return self.visible_to(user)


def get_clip_for(user: Viewer, code: UUID | str, *, to: Deed = "see") -> Clip:
    """The clip with that code, for somebody who may do `to` with it.

    `code` is one, as every address sees to. Raises Http404 when they may not: nobody learns that a clip exists which
    they may not see. An admin who opens somebody's private clip is written down in the audit log.
    """
    from videolib.clips.models import Clip  # noqa: PLC0415 (models name the queryset of this module)

    clips = Clip.objects.may(user, to).select_related("owner", "recording", "license")
    clip = clips.filter(code=code).first()
    if clip is None:
        raise Http404(NO_SUCH_CLIP)
    remember_look(clip, user)
    return clip


def remember_look(clip: Clip, user: Viewer) -> None:
    """Write into the audit log that `user` opens somebody else's private clip; anything else is nobody's business."""
    if clip.visibility != "private" or clip.owner_id == user.pk:
        return
    look = {"deed": "open private clip", "thing": f"clip {clip.code}", "by_id": user.pk}
    if not AuditEntry.objects.filter(**look, at__gt=timezone.now() - SAME_LOOK).exists():
        AuditEntry.objects.create(**look, details={"title": clip.title, "owner": clip.owner.email})


def known_as(user: User, clips: Iterable[Clip]) -> dict[int, Clip]:
    """Of clips whose bytes were here before: as which clip, by pk (one query for any number).

    Only as one of their own, or one that `user` comes across: nobody learns of others by uploading the same bytes.
    """
    from videolib.clips.models import Clip  # noqa: PLC0415 (models name the queryset of this module)

    later = [clip for clip in clips if clip.recording_id]
    told = Clip.objects.listed_for(user) | Clip.objects.visible_to(user).filter(owner=user)
    copies: dict[int | None, list[Clip]] = defaultdict(list)
    for copy in told.filter(recording__in={clip.recording_id for clip in later}):
        copies[copy.recording_id].append(copy)
    firsts = [(clip, min(copies[clip.recording_id], key=_came, default=clip)) for clip in later]
    return {clip.pk: first for clip, first in firsts if _came(first) < _came(clip)}


def _came(clip: Clip) -> tuple[datetime, int]:
    """Where its bytes stand in the order in which they came: those that do not play yet come last."""
    return clip.published_at or datetime.max.replace(tzinfo=UTC), clip.pk


def may_do(user: Viewer, clip: Clip, deed: Deed) -> bool:
    """Whether `user` may do `deed` to this clip (one query)."""
    return type(clip).objects.may(user, deed).filter(pk=clip.pk).exists()


def get_tagging_for(user: Viewer, clip: Clip, name: str) -> Tagging:
    """The tag of that name on a clip, for somebody who may take it off: whoever put it on, or may edit the clip.

    Raises Http404 when there is none, PermissionDenied when it is not theirs to take off.
    """
    from videolib.clips.models import fold_tag  # noqa: PLC0415 (models name the queryset of this module)

    tagging = clip.taggings.select_related("tag").filter(tag__folded=fold_tag(name)).first()
    if tagging is None:
        raise Http404("The clip does not have this tag any more.")
    if tagging.by_id != user.pk and not may_do(user, clip, "edit"):
        raise PermissionDenied("Only whoever put a tag on, the clip's owner or a curator can take it off.")
    return tagging


class TagsPart(TypedDict):
    """What `clips/_tags.html` is drawn from: each tag, and whether this person may take it off."""

    clip: Clip
    tags: list[tuple[Tag, bool]]
    tag_error: str


def tags_part(user: Viewer, clip: Clip, error: str = "") -> TagsPart:
    """The tags of a clip as `user` sees them (two queries); the rule is that of `get_tagging_for`."""
    all_of_them = may_do(user, clip, "edit")
    taggings = clip.taggings.select_related("tag").order_by("tag__folded")
    tags = [(tagging.tag, all_of_them or tagging.by_id == user.pk) for tagging in taggings]
    return {"clip": clip, "tags": tags, "tag_error": error}
