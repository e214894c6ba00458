"""What the clock asks of analytics."""

from __future__ import annotations

from celery import shared_task

from videolib.analytics import actions


@shared_task(name="analytics.forget_old_searches")
def forget_old_searches() -> int:
    """Remove what was looked for more than a year ago. Returns how many rows went."""
    return actions.forget_old_searches()
