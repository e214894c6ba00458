"""What the clock, and deeds that need not be waited for, ask of clips."""

from __future__ import annotations

from celery import shared_task

from videolib.clips import actions, failures


@shared_task(name="clips.empty_trash")
def empty_trash() -> int:
    """Remove for good what lies in the trash for TRASH_DAYS. Returns how many clips went."""
    return actions.empty_trash()


@shared_task(name="clips.tell_vocabulary")
def tell_vocabulary() -> int:
    """The vocabulary changed: tell clips that still wait for their hearing. Returns how many were told."""
    return actions.tell_vocabulary()


@shared_task(name="clips.mail_failures")
def mail_failures() -> int:
    """Tell people by e-mail what failed for good. Returns how many e-mails were sent."""
    return failures.mail_failures()
