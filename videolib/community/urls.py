"""Addresses of this room."""

from django.urls import path

from videolib.community import views

urlpatterns = [
    path("clips/<uuid:code>/rate/", views.rate, name="clip_rate"),
    path("clips/<uuid:code>/pin/", views.pin, name="clip_pin"),
    path("clips/<uuid:code>/unpin/", views.unpin, name="clip_unpin"),
]
