"""The Celery app: workers are started with `celery -A videolib worker -Q media` and so on, beat with `beat`."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videolib.settings")

# What a worker prints once it takes work, whatever LOG_LEVEL is: `make run` waits for it.
READY_LINE = "videolib worker is ready"

app = Celery("videolib")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Rooms are plain packages, not Django apps, so they are named here.
app.autodiscover_tasks(["transcode", "videolib.clips", "videolib.uploads"])


@worker_ready.connect
def say_ready(**_: Any) -> None:
    """Past Celery, which turns what is printed into log lines."""
    if sys.__stdout__:
        print(READY_LINE, file=sys.__stdout__, flush=True)
