"""The library app."""

from django.apps import AppConfig


class VideolibConfig(AppConfig):
    """Listens to the pipeline and checks the machine once everything is loaded."""

    name = "videolib"
    verbose_name = "Library"

    def ready(self) -> None:
        """Register what must be registered by importing it."""
        from videolib import checks, receivers  # noqa: F401, PLC0415 (registered by being imported, after the tables)
