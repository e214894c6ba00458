"""The Celery app: workers are started with `celery -A videolib worker -Q media` and so on, beat with `beat`."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import worker_ready, worker_shutting_down

from transcode import nudge
from transcode.process import tell_to_end

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videolib.settings")

# What a worker prints once it takes work, whatever LOG_LEVEL is: `make run` waits for it.
READY_LINE = "videolib worker is ready"

# A broker that takes the call and then says nothing is waited for so long, in seconds.
SILENCE = 2


class Library(Celery):
    """Celery, in which whoever sends does not wait for a silent broker as long as a worker may wait for its work."""

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:
        """See the class: a nudge that gets lost is sent again by the sweeper."""
        options["transport_options"] = {"socket_timeout": SILENCE, **(options.get("transport_options") or {})}
        return super().connection_for_write(url, **options)


app = Library("videolib")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Rooms are plain packages, not Django apps, so they are named here.
ROOMS = ("search", "clips", "uploads", "analytics", "operations")
app.autodiscover_tasks(["transcode", *(f"videolib.{room}" for room in ROOMS)])


@worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    """Look for work that waits, or that a killed process left; and say so past Celery, which logs what is printed."""
    for queue in set(sender.app.amqp.queues.consume_from) - {"light"}:
        nudge.work_on(queue)
    if sys.__stdout__:
        print(READY_LINE, file=sys.__stdout__, flush=True)


@worker_shutting_down.connect
def end(**_: Any) -> None:
    """On SIGTERM, in the signal handler: each process of this worker gives back what it holds."""
    tell_to_end()
