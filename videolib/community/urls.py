"""Addresses of this room."""

from django.urls import path

from videolib.clips.urls import CLIP
from videolib.community import views

urlpatterns = [
    path(CLIP + "rate/", views.rate, name="clip_rate"),
    path(CLIP + "pin/", views.pin, name="clip_pin"),
    path(CLIP + "unpin/", views.unpin, name="clip_unpin"),
]
