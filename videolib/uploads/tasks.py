"""Background work of this room."""

from __future__ import annotations

from celery import shared_task

from videolib.uploads import actions


@shared_task(name="uploads.remove_expired")
def remove_expired() -> int:
    """Every hour: cancel what nobody went on with."""
    return actions.remove_expired_uploads()
