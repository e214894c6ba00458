"""`manage.py search`: the search page, on a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from videolib.accounts.models import User
from videolib.browse.search import ClipHit, search_clips
from videolib.lib.terminal import printable
from videolib.search.types import Snippet
from videolib.templatetags.library import duration, field_name, has_seconds, number_of_clips, watch_at

MOST = 200
# One dash, and neither -h nor -v, which every command has: names of options are written out here, with two dashes.
WORD_WITH_DASH = re.compile(r"-(?!-|h$|v\d?$)")


class Command(BaseCommand):
    """See `help`."""

    help = "Find the moment: what that person would find with these words, best first."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument(
            "query", nargs="+", metavar="QUERY", help="what to look for: any text, which -- parts from options"
        )
        parser.add_argument("--as", dest="email", required=True, metavar="EMAIL", help="whose eyes to look with")
        parser.add_argument("--limit", type=int, default=20, metavar="N", help=f"so many clips, 1 to {MOST}")
        parser.add_argument("--json", action="store_true", help="a JSON list on standard output, nothing else")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Words and options in any order."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def run_from_argv(self, argv: list[str]) -> None:
        """Any text may be looked for, with a dash before it or after --: a blank hides both from argparse."""
        at = argv.index("--") if "--" in argv else len(argv)
        before = [f" {each}" if WORD_WITH_DASH.match(each) else each for each in argv[:at]]
        super().run_from_argv([*before, *(f" {each}" for each in argv[at + 1 :])])

    def handle(self, *_: Any, **options: Any) -> None:
        """Print what is found; nothing found is no error."""
        if not 1 <= options["limit"] <= MOST:
            raise CommandError(f"--limit is {options['limit']}; choose a number from 1 to {MOST}.")
        person = User.objects.filter(email__iexact=options["email"].strip(), is_active=True).first()
        if person is None:
            raise CommandError(f"Nobody here signs in as {options['email']}; name the e-mail address of a person.")
        found = search_clips(person, " ".join(options["query"]), limit=options["limit"])
        if options["json"]:
            self.stdout.write(json.dumps(found.as_data()))
            return
        self.stdout.write(f"{number_of_clips(found.total, found.is_cut)} found.")
        for rank, hit in enumerate(found.hits, 1):
            self._print(rank, hit)

    def _print(self, rank: int, hit: ClipHit) -> None:
        self.stdout.write(f"\n{rank}. {printable(hit.clip.title)}")
        for moment in hit.moments:
            at = duration(moment.at_seconds) if has_seconds(moment.field) else ""
            self.stdout.write(f"   {at:>7}  {field_name(moment.field)}: {self._marked(moment.snippet)}")
            self.stdout.write(f"            {settings.SITE_URL}{watch_at(hit.clip, moment.at_seconds)}")

    def _marked(self, snippet: Snippet) -> str:
        """Matches in the terminal's own emphasis, or in brackets where there is none."""
        plain = self.style.SUCCESS("x") == "x"
        mark = "[{}]".format if plain else self.style.SUCCESS
        return "".join(mark(printable(part)) if matched else printable(part) for part, matched in snippet.parts)
