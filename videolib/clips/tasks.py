"""What the clock asks of clips."""

from __future__ import annotations

from celery import shared_task

from videolib.clips import actions


@shared_task(name="clips.empty_trash")
def empty_trash() -> int:
    """Remove for good what lies in the trash for TRASH_DAYS. Returns how many clips went."""
    return actions.empty_trash()


@shared_task(name="clips.publish_playable")
def publish_playable() -> int:
    """Show what can be played though the news of it got lost on its way. Returns how many recordings."""
    return actions.publish_playable()
