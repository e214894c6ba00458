"""`manage.py export_library`: the whole library, written down elsewhere."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from videolib.backup.export import WARNING, Exported, export_library
from videolib.backup.place import BackupError, open_place
from videolib.lib.terminal import Progress


class Command(BaseCommand):
    """See `help`."""

    help = (
        "Write the whole library down at a folder or in a bucket, while people use it; the same place again is brought "
        "up to date, and what was cut off goes on. Exit status 1 if files of the library are missing or damaged."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("place", metavar="PLACE", help="a folder, or s3://BUCKET/PREFIX")
        parser.add_argument("--verify", action="store_true", help="read again what is there already, by its hash")
        parser.add_argument(
            "--without-files", action="store_true", help="rows only, for a library whose media stay where they are"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Say what was carried, and what could not be."""
        try:
            with open_place(options["place"], writable=True) as place, closing(Progress()) as tell:
                wanted = {"with_files": not options["without_files"], "verify": options["verify"]}
                exported = export_library(place, **wanted, tell=tell)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self._say(exported)
        if exported.missing or exported.damaged:
            sys.exit(1)

    def _say(self, exported: Exported) -> None:
        size = filesizeformat(exported.size_bytes).replace("\xa0", " ")
        self.stdout.write(
            f"{exported.rows} rows and {exported.files} files ({size}), {exported.copied} of them copied now."
        )
        if exported.under_way:
            self.stdout.write(f"Not carried: {exported.under_way} uploads under way.")
        for key in exported.missing:
            self.stdout.write(f"missing   {key}")
        for key in exported.damaged:
            self.stdout.write(f"damaged   {key}")
        if exported.missing or exported.damaged:
            self.stdout.write("The library itself lacks these; check_library says of what. All else is carried.")
        self.stdout.write(WARNING)
