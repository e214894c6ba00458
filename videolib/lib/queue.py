"""Tasks are sent by name, on commit, and never wait for a broker that is away."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from transcode import nudge


def send_on_commit(task: str, *args: Any, queue: str) -> None:
    """Send `task` to `queue` once the transaction that asked for it is committed."""
    transaction.on_commit(partial(nudge.send, task, *args, queue=queue))
