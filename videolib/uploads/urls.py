"""Addresses of this room: the page, and the tus endpoints."""

from django.urls import path

from videolib.uploads import pages, views

UPLOAD = "uploads/<uuid:code>"

urlpatterns = [
    path("upload/", pages.upload_page, name="upload"),
    path("upload/<uuid:code>/", pages.row, name="upload_row"),
    path("upload/<uuid:code>/cancel/", pages.cancel, name="upload_cancel"),
    path("uploads/", views.collection, name="tus_collection"),
    path("uploads", views.collection),
    path(f"{UPLOAD}/", views.one_upload, name="tus_upload"),
    path(UPLOAD, views.one_upload),
]
