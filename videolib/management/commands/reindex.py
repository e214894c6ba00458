"""`manage.py reindex`: what search knows of every clip, written anew."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from videolib.clips.access import ClipQuerySet
from videolib.clips.actions import index_clips
from videolib.clips.models import Clip
from videolib.search.backends import get_backend

# So many clips a transaction: on SQLite others wait with their writing meanwhile, a fraction of a second.
CLIPS_AT_ONCE = 20


class Command(BaseCommand):
    """See `help`."""

    help = (
        "Write anew what search knows of every clip, while people go on searching and editing. "
        "May be run at any time, and again after it was stopped."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        """Clip by clip, each replaced in one transaction: no moment at which anything cannot be found."""
        standing, done = Clip.objects.filter(trashed_at=None), 0
        with tqdm(total=standing.count(), unit="clip", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
            for numbers in _batches(standing):
                # As they stand now: one that was changed or deleted since its number was read is indexed as such.
                index_clips(numbers)
                done += len(numbers)
                bar.update(len(numbers))
        gone = _forget_gone(standing)
        self.stdout.write(f"Indexed {done} clip{'' if done == 1 else 's'}; took out {gone} no longer there.")


def _batches(clips: ClipQuerySet) -> Iterator[list[int]]:
    last = 0
    while numbers := list(clips.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CLIPS_AT_ONCE]):
        yield numbers
        last = numbers[-1]


@transaction.atomic
def _forget_gone(standing: ClipQuerySet) -> int:
    """Documents of clips that are deleted, whatever lost them: how many there were."""
    gone = get_backend().known_ids() - set(standing.values_list("pk", flat=True))
    get_backend().remove(gone)
    return len(gone)
