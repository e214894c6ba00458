"""Rows that contradict each other: a query or two for each kind of fault, over tables of any size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from transcode.models import Job, Recording, State, Step, Transcript
from videolib.clips.models import Clip, Visibility
from videolib.operations.faults import Fault, Kind
from videolib.search.backends import get_backend
from videolib.uploads.models import Upload

# What is younger may be under way: a deed in several steps, the sweep that mends it by itself.
GRACE = timedelta(hours=1)
PIECE = 500


def faults_in_rows(now: datetime, *, grace: timedelta = GRACE) -> Iterator[Fault]:
    """Everything that rows say against each other; `grace` is how old it must be where the library mends itself."""
    before = now - grace
    yield from _unused(before)
    yield from _drafts()
    yield from _stuck(before)
    yield from _not_playable()
    yield from _unpublished(before)
    yield from _half_heard()
    yield from _jobs()
    yield from _untold(before)
    yield from _ratings()
    yield from _pins()
    yield from _index()


def _of(kind: Kind, name: str, rows: QuerySet[Any], what: str) -> Iterator[Fault]:
    for pk, found in rows.order_by("pk").values_list("pk", "code").iterator():
        yield Fault(kind, f"{name} {found}", what, pk)


def _unused(before: datetime) -> Iterator[Fault]:
    unused = Recording.objects.filter(clips=None, created_at__lt=before)
    return _of(Kind.UNUSED, "recording", unused, "No clip uses it, so nobody can reach it.")


def _drafts() -> Iterator[Fault]:
    coming = Upload.objects.open().values("clip")
    waiting = Clip.objects.filter(recording=None).exclude(pk__in=coming)
    return _of(
        Kind.DRAFT, "clip", waiting, "It has neither a recording nor an upload under way; its owner may delete it."
    )


def _stuck(before: datetime) -> Iterator[Fault]:
    at_work = Job.objects.filter(state__in=(State.QUEUED, State.RUNNING, State.FAILED))
    still = Recording.objects.filter(playable_at=None, created_at__lt=before)
    still = still.exclude(pk__in=at_work.values("recording"))
    return _of(Kind.STUCK, "recording", still, "It cannot be played, and no job waits, runs or failed.")


def _not_playable() -> Iterator[Fault]:
    empty = Recording.objects.filter(playable_at__isnull=False, renditions=None)
    yield from _of(Kind.NOT_PLAYABLE, "recording", empty, "It counts as playable, but has no rendition.")
    done = Job.objects.filter(step=Step.MAKE_PLAYABLE, state=State.DONE, recording__playable_at=None)
    recordings = Recording.objects.filter(pk__in=done.values("recording"))
    yield from _of(Kind.NOT_PLAYABLE, "recording", recordings, "It was made playable, but does not count as such.")


def _unpublished(before: datetime) -> Iterator[Fault]:
    hidden = Clip.objects.filter(published_at=None, recording__playable_at__lt=before)
    return _of(Kind.UNPUBLISHED, "clip", hidden, "It can be played, but was never published.")


def _half_heard() -> Iterator[Fault]:
    heard = Job.objects.filter(step=Step.TRANSCRIBE)
    done = heard.filter(state=State.DONE).values("recording")
    said = Transcript.objects.filter(complete=False)
    # Of a hearing that failed, what was heard stays, and its job says so.
    broken = said.filter(recording__in=done) | said.exclude(recording__in=heard.values("recording"))
    what = "Its words are not complete, and nobody listens any more."
    yield from _of(Kind.HALF_HEARD, "recording", Recording.objects.filter(transcript__in=broken), what)
    silent = Recording.objects.filter(pk__in=done, transcript=None)
    yield from _of(Kind.HALF_HEARD, "recording", silent, "It was listened to, but has no transcript.")


def _jobs() -> Iterator[Fault]:
    over = Job.objects.filter(state__in=(State.DONE, State.FAILED, State.SKIPPED))
    odd = over.filter(Q(claim__isnull=False) | Q(ended_at=None)) | Job.objects.filter(
        Q(claim=None) | Q(lease_until=None), state=State.RUNNING
    )
    for pk, step, state, code in odd.order_by("pk").values_list("pk", "step", "state", "recording__code"):
        what = f"Job {pk} ({step}) is {state}, and its claim, lease and end say otherwise."
        yield Fault(Kind.JOB, f"recording {code}", what, pk)


def _untold(before: datetime) -> Iterator[Fault]:
    untold = Job.objects.untold().filter(ended_at__lt=before)
    for pk, step, state, code in untold.values_list("pk", "step", "state", "recording__code"):
        what = f"Its clips do not show yet that job {pk} ({step}) is {state}; each sweep tries, and the log says why."
        yield Fault(Kind.UNTOLD, f"recording {code}", what, pk)


def _ratings() -> Iterator[Fault]:
    counted = Clip.objects.annotate(number=Count("ratings"), stars=Coalesce(Sum("ratings__stars"), 0))
    wrong = counted.exclude(number=F("rating_count"), stars=F("rating_sum"))
    columns = ("pk", "code", "rating_sum", "rating_count", "stars", "number")
    for pk, code, had, of, stars, number in wrong.order_by("pk").values_list(*columns):
        what = f"It says {had} stars by {of} people; there are {stars} by {number}."
        yield Fault(Kind.RATING, f"clip {code}", what, pk)


def _pins() -> Iterator[Fault]:
    pinned = Clip.objects.filter(pinned_at__isnull=False)
    shut = pinned.filter(~Q(visibility=Visibility.TEAM) | Q(hidden_at__isnull=False))
    return _of(Kind.PIN, "clip", shut, "It is pinned, but is not for the whole team.")


def _index() -> Iterator[Fault]:
    """Ids of both sides in memory: some tens of bytes a clip. What changed between the two reads is asked again."""
    known = get_backend().known_ids()
    standing = set(Clip.objects.filter(trashed_at=None).values_list("pk", flat=True))
    missing, gone = standing - known, known - standing
    if missing or gone:
        again = get_backend().known_ids()
        missing, gone = missing - again, gone & again
    waiting = iter(sorted(missing))
    while piece := list(islice(waiting, PIECE)):
        yield from _of(Kind.UNFINDABLE, "clip", Clip.objects.filter(pk__in=piece), "Search does not know it.")
    for pk in sorted(gone - set(Clip.objects.filter(trashed_at=None).values_list("pk", flat=True))):
        yield Fault(Kind.GHOST, f"document {pk}", "Search knows it, but there is no such clip.", pk)
