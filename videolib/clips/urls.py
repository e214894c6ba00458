"""Addresses of clips: first what people do to them, then their bytes."""

from django.urls import path, re_path
from django.urls.converters import UUIDConverter

from videolib.clips import corrections, media, terms, views

# Every address of a clip begins so, in other rooms as well.
CLIP = "clips/<uuid:code>/"
CLIP_PATTERN = rf"^clips/(?P<code>{UUIDConverter.regex})/"
# A name as plan.py gives them ("source", "720p"): nothing that could lead out of the clip's own rows.
NAME = CLIP_PATTERN + "(?P<name>[a-z0-9]{1,20})"

urlpatterns = [
    path("clips/mine/", views.my_clips, name="my_clips"),
    path("clips/trash/", views.trash, name="trash"),
    path("clips/hidden/", views.hidden, name="hidden"),
    path("clips/failed/", views.failed, name="failed"),
    path("vocabulary/", terms.vocabulary, name="vocabulary"),
    path("vocabulary/add/", terms.add, name="vocabulary_add"),
    path("vocabulary/remove/", terms.remove, name="vocabulary_remove"),
    path(CLIP + "hear-again/", views.hear_again, name="clip_hear_again"),
    path(CLIP + "status/", views.status, name="clip_status"),
    path(CLIP + "retry/", views.retry, name="clip_retry"),
    path(CLIP + "edit/", views.edit, name="clip_edit"),
    path(CLIP + "delete/", views.delete, name="clip_delete"),
    path(CLIP + "restore/", views.restore, name="clip_restore"),
    path(CLIP + "hide/", views.hide, name="clip_hide"),
    path(CLIP + "unhide/", views.unhide, name="clip_unhide"),
    path(CLIP + "tag/", views.tag, name="clip_tag"),
    path(CLIP + "untag/", views.untag, name="clip_untag"),
    path(CLIP + "cue/", corrections.cue, name="clip_cue"),
    path(CLIP + "cue/undo/", corrections.cue_undo, name="clip_cue_undo"),
    path(CLIP + "main.m3u8", media.main_playlist, name="clip_main"),
    re_path(NAME + r"\.m3u8$", media.media_playlist, name="clip_playlist"),
    re_path(NAME + r"\.mp4$", media.rendition, name="clip_rendition"),
    path(CLIP + "poster.jpg", media.poster, name="clip_poster"),
    path(CLIP + "storyboard.vtt", media.storyboard, name="clip_storyboard"),
    path(CLIP + "storyboard-<int:number>.jpg", media.sheet, name="clip_sheet"),
    re_path(CLIP_PATTERN + r"captions\.(?P<kind>vtt|srt|txt)$", media.captions, name="clip_captions"),
    path(CLIP + "original", media.original, name="clip_original"),
]
