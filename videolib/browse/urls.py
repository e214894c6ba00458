"""Addresses of the pages that lead to a clip, and of the page where it is watched."""

from django.urls import path

from videolib.browse import admin_pages, views
from videolib.browse.watch import like, watch
from videolib.clips.urls import CLIP

urlpatterns = [
    path("", views.home, name="home"),
    path("browse/", views.browse, name="browse"),
    path("search/", views.search, name="search"),
    path("tags/", views.tag_suggestions, name="tag_suggestions"),
    path(CLIP, watch, name="watch"),
    path(CLIP + "like/", like, name="clip_like"),
    path("settings/", admin_pages.library_settings, name="library_settings"),
    path("settings/licences/", admin_pages.license_add, name="license_add"),
    path("settings/licences/remove/", admin_pages.license_remove, name="license_remove"),
    path("people/<uuid:code>/clips/", admin_pages.person_clips, name="person_clips"),
]
