"""`manage.py import_library`: a library taken in from an export."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from videolib.backup.place import BackupError, open_place
from videolib.backup.restore import import_library
from videolib.lib.terminal import Progress


class Command(BaseCommand):
    """See `help`."""

    help = (
        "Take in what export_library wrote, into an empty library that is stopped; every file is checked by its hash. "
        "Run again, it goes on where it was cut off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("place", metavar="PLACE", help="a folder, or s3://BUCKET/PREFIX")

    def handle(self, *_: Any, **options: Any) -> None:
        """Say what came in."""
        try:
            with open_place(options["place"], writable=False) as place, closing(Progress()) as tell:
                imported = import_library(place, tell=tell)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{imported.rows} rows and {imported.files} files, {imported.copied} of them copied now.")
        self.stdout.write(f"This is the library as it was at {imported.as_of}.")
        for key in imported.missing:
            self.stdout.write(f"missing   {key}")
        if imported.missing:
            self.stdout.write("These were missing already when the library was exported.")
        self.stdout.write("Start the library; people sign in again, and work that was under way begins anew.")
