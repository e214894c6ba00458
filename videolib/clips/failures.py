"""Who is told by e-mail that work on a recording failed for good: the owners of its clips, and curators of those they
may change. In the library owners read it in My clips, curators in their list of what failed."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from videolib.accounts.models import Role, User
from videolib.clips.models import Clip, FailureNotice
from videolib.clips.status import statuses_of
from videolib.lib.mail import compose, send_mails

# So many clips are named in one e-mail; the others are counted.
MOST_NAMED = 20
# A mail server that takes none for so long is not asked any more: the lists in the library tell of it all the same.
NEWS_FOR = timedelta(days=1)


def note_failure(recording_id: int) -> None:
    """Put down who is to be told, where there is a mail server. It is sent by `mail_failures`."""
    if not settings.HAS_SMTP:
        return
    told = Q(role__in=(Role.CURATOR, Role.ADMIN)) | Q(clips__recording=recording_id)
    for person in User.objects.filter(told, is_active=True).distinct():
        clips = Clip.objects.failed_for(person).filter(recording=recording_id)
        FailureNotice.objects.bulk_create(FailureNotice(clip=clip, person=person) for clip in clips)


def mail_failures() -> int:
    """Tell people by e-mail what failed since the last round, one e-mail a person however much that is. Returns how
    many were sent; who could not be reached is tried again with the next round."""
    FailureNotice.objects.filter(created_at__lt=timezone.now() - NEWS_FOR).delete()
    people = User.objects.filter(pk__in=FailureNotice.objects.values("person")).order_by("pk")
    return sum(_mail(person) for person in people)


def _mail(person: User) -> bool:
    notices = list(person.failure_notices.values_list("pk", "clip"))
    # Asked again: meanwhile it may work after all, lie in the trash, or be no longer theirs to see.
    theirs = Clip.objects.failed_for(person).select_related("owner", "recording")
    failed = list(theirs.filter(pk__in={clip for _, clip in notices}))
    if failed and not _send(person, failed):
        return False
    # Only now: whoever is killed in between sends it twice, and never not at all.
    FailureNotice.objects.filter(pk__in=[notice for notice, _ in notices]).delete()
    return bool(failed)


def _send(person: User, failed: list[Clip]) -> bool:
    named = failed[:MOST_NAMED]
    statuses = statuses_of(named)
    context = {
        "person": person,
        "number": len(failed),
        "rows": [(clip, statuses[clip.pk]) for clip in named],
        "more": len(failed) - len(named),
        "site": settings.SITE_URL,
    }
    return send_mails([compose("failed", person.email, **context)])
