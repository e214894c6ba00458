"""Files and folders that rows let go of: removed once that is committed, or by the sweep where whoever did it was
killed just then, or the storage was away."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from transcode.models import Leftover

log = logging.getLogger(__name__)

# Whoever wrote it down removes it within this time, or not at all.
LEFT_AFTER = timedelta(minutes=1)
AT_ONCE = 100


def let_go(keys: Iterable[str]) -> None:
    """Remove these files once the transaction is committed, however this process ends; a key that ends in a slash is a
    folder with all there is in it."""
    for leftover in Leftover.objects.bulk_create(Leftover(key=key) for key in keys):
        transaction.on_commit(partial(_try_to_remove, leftover))


def remove_leftovers() -> int:
    """What nobody removed, oldest first. Returns how many."""
    now = timezone.now()
    left = list(Leftover.objects.filter(created_at__lt=now - LEFT_AFTER).order_by("created_at", "pk")[:AT_ONCE])
    for number, leftover in enumerate(left):
        if not _try_to_remove(leftover):
            # The others wait for the same storage, and come first next time: it may be this one file.
            Leftover.objects.filter(pk=leftover.pk).update(created_at=now)
            return number
    return len(left)


def _try_to_remove(leftover: Leftover) -> bool:
    try:
        if leftover.key.endswith("/"):
            default_storage.delete_folder(leftover.key)  # type: ignore[attr-defined]
        else:
            default_storage.delete(leftover.key)
        leftover.delete()
    except Exception:
        log.exception("%s could not be removed, and is tried again", leftover.key)
        return False
    return True
