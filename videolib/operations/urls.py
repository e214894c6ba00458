"""Addresses that programs and admins watch. `/healthz` is none of them: lib/alive.py answers before all else."""

from django.urls import path

from videolib.clips.urls import CLIP
from videolib.operations import views

urlpatterns = [
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
    path("work/", views.work, name="work"),
    path(CLIP + "work/", views.clip_work, name="clip_work"),
]
