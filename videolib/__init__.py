"""The library: every table that people see, and the pages over it."""

from videolib.celery import app as celery_app

__all__ = ["celery_app"]
