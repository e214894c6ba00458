"""`manage.py import_clips`: recordings from a folder become clips."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from transcode.nudge import find_broker
from videolib.accounts.models import User
from videolib.clips.actions import TagError, get_tag
from videolib.clips.models import Visibility
from videolib.lib.terminal import printable
from videolib.uploads.following import Outcome, follow, look
from videolib.uploads.importing import Found, Wish, find_files, import_file


class Command(BaseCommand):
    """See `help`."""

    help = "Take recordings in from files and folders. Exit status 1 if any failed; a bad one never stops the rest."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder walked in name order")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="whose clips they become")
        parser.add_argument(
            "--tag", action="append", default=[], metavar="T", help="a tag for each clip; may be repeated"
        )
        parser.add_argument("--visibility", choices=Visibility.values, default=Visibility.PRIVATE.value)
        parser.add_argument(
            "--wait", action="store_true", help="follow each to its end; does the work itself where no worker does"
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a line on standard output, nothing else"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Import, print a line a file as each ends, and say by the exit status whether all went well."""
        wish = self._wish(options)
        files = list(find_files(options["paths"]))
        any_failed = False
        with tqdm(total=len(files), unit="file", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
            for outcome in _outcomes(files, wish, wait=options["wait"]):
                any_failed |= outcome.state == "failed"
                self._print(outcome, as_json=options["json"])
                bar.update()
        if any_failed:
            sys.exit(1)

    def _wish(self, options: dict[str, Any]) -> Wish:
        owner = User.objects.filter(email__iexact=options["owner"].strip(), is_active=True).first()
        if owner is None:
            raise CommandError(f"Nobody here signs in as {options['owner']}; make them with manage.py create_user.")
        if not owner.is_contributor:
            raise CommandError(
                f"{owner.email} is a learner, and importing is for contributors; "
                "name somebody else, or have an admin make them one on the People page."
            )
        try:
            tags = tuple(get_tag(name).name for name in options["tag"])
        except TagError as error:
            raise CommandError(str(error)) from error
        return Wish(owner, options["visibility"], tags)

    def _print(self, outcome: Outcome, *, as_json: bool) -> None:
        if as_json:
            line = json.dumps(outcome.as_dict())
        else:
            parts = [f"{outcome.state:<8}", outcome.path, outcome.error or "", *outcome.warnings]
            line = printable("  ".join(filter(None, parts)))
        with tqdm.external_write_mode():
            self.stdout.write(line)
        self.stdout.flush()


def _outcomes(files: list[Found], wish: Wish, *, wait: bool) -> Iterator[Outcome]:
    taken = (import_file(found, wish) for found in files)
    if wait:
        return follow(taken)
    # Asked once: where no broker answers, not every file waits for it.
    find_broker()
    return map(look, taken)
