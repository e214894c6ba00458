"""Addresses that programs watch. `/healthz` is none of them: lib/alive.py answers it before anything else."""

from django.urls import path

from videolib.operations import views

urlpatterns = [
    path("readyz", views.readyz, name="readyz"),
    path("metrics", views.metrics, name="metrics"),
]
