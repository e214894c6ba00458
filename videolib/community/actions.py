"""What people say of clips: stars by everybody, pins by curators. Web pages, the API and commands call these."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Count, OuterRef, PositiveIntegerField, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from videolib.accounts.actions import write_audit
from videolib.accounts.models import User
from videolib.clips.actions import lock_clip
from videolib.clips.models import Clip, Visibility
from videolib.community.models import Rating


class RatingError(ValueError):
    """A rating that cannot be; the message says why."""


class PinError(ValueError):
    """A pin that cannot be; the message says why."""


@transaction.atomic
def rate_clip(clip: Clip, stars: int, *, by: User) -> None:
    """Give a clip 1 to 5 stars, in place of those given before. Raises RatingError.

    `clip.rating_sum` and `clip.rating_count` are up to date afterwards.
    """
    if not 1 <= stars <= 5:
        raise RatingError("Give 1 to 5 stars.")
    if clip.published_at is None:
        raise RatingError("This clip cannot be played yet; rate it once you have seen it.")
    # Two raters of one clip go one after the other, so that the second counts what the first has written.
    lock_clip(clip)
    Rating.objects.update_or_create(clip=clip, by=by, defaults={"stars": stars, "at": timezone.now()})
    recount_ratings(clip)


@transaction.atomic
def unrate_clip(clip: Clip, *, by: User) -> None:
    """Take back the stars this person gave, if any."""
    lock_clip(clip)
    clip.ratings.filter(by=by).delete()
    recount_ratings(clip)


@transaction.atomic
def pin_clip(clip: Clip, *, by: User) -> None:
    """Put a clip first for everybody. Raises PinError for one that not everybody may see."""
    now = timezone.now()
    # Asked of the row, not of the clip that was read: its owner may have made it private since.
    of_the_team = Clip.objects.filter(pk=clip.pk, visibility=Visibility.TEAM, hidden_at=None)
    if of_the_team.filter(pinned_at=None).update(pinned_at=now):
        write_audit("pin clip", f"clip {clip.code}", by=by, title=clip.title)
    elif not of_the_team.exists():
        raise PinError("Only a clip that the whole team finds can be pinned; change who may see it first.")
    clip.pinned_at = now


@transaction.atomic
def unpin_clip(clip: Clip, *, by: User) -> None:
    """Take a clip from its place in front."""
    clip.pinned_at = None
    if Clip.objects.filter(pk=clip.pk, pinned_at__isnull=False).update(pinned_at=None):
        write_audit("unpin clip", f"clip {clip.code}", by=by, title=clip.title)


@transaction.atomic
def recount_ratings(clip: Clip) -> None:
    """The rows are the truth: count them afresh instead of adding up, so that no error can stay."""
    lock_clip(clip)
    stars = Rating.objects.filter(clip=OuterRef("pk")).order_by().values("clip")
    Clip.objects.filter(pk=clip.pk).update(
        rating_sum=_none_as_zero(stars.annotate(answer=Sum("stars")).values("answer")),
        rating_count=_none_as_zero(stars.annotate(answer=Count("pk")).values("answer")),
    )
    clip.refresh_from_db(fields=["rating_sum", "rating_count"])


def _none_as_zero(number: object) -> Coalesce:
    return Coalesce(Subquery(number, output_field=PositiveIntegerField()), 0)  # type: ignore[arg-type]
