"""The media pipeline app."""

from django.apps import AppConfig


class TranscodeConfig(AppConfig):
    """Every table about a media file."""

    name = "transcode"
    verbose_name = "Pipeline"
