"""What admins do about work that stands still."""

from __future__ import annotations

from django.db import transaction

from transcode.actions import send_again, try_again
from videolib.accounts.actions import write_audit
from videolib.accounts.models import User
from videolib.clips.models import Clip


@transaction.atomic
def retry_work(clip: Clip, *, by: User) -> int:
    """Queue what failed of a clip once more, and send anew what waits or went silent. Returns how many jobs."""
    if clip.recording is None:
        return 0
    jobs = send_again(clip.recording) + try_again(clip.recording)
    if jobs:
        write_audit("retry work", f"clip {clip.code}", by=by, jobs=jobs)
    return jobs
