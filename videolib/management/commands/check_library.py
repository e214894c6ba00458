"""`manage.py check_library`: is everything there, and does it agree."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from transcode.nudge import find_broker
from videolib.lib.terminal import printable
from videolib.operations import mend
from videolib.operations.check import check_library
from videolib.operations.faults import Fault
from videolib.operations.models import LibraryCheck

NOTHING_THERE = (
    "There is no recording in this database, so every file would be thrown away: it is the wrong database, or an "
    "import is under way. Nothing was removed."
)


class Command(BaseCommand):
    """See `help`."""

    help = (
        "Look whether the library is whole, while people use it: rows against rows, rows against files. "
        "Prints what is wrong, one a line; exit status 1 if anything still is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("--hash", action="store_true", help="read every original, and compare its SHA-256 (hours)")
        parser.add_argument("--mend", action="store_true", help="put right what can be without losing anything")
        parser.add_argument(
            "--remove-orphans",
            action="store_true",
            help="delete for good the files and recordings that nothing leads to; look without it first",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line, nothing else")

    def handle(self, *_: Any, **options: Any) -> None:
        """Tell each fault as it is found; what is wrong, and was not put right, is the exit status."""
        if options["remove_orphans"] and not mend.may_remove():
            raise CommandError(NOTHING_THERE)
        if options["mend"]:
            find_broker()
        self._done = 0
        check = check_library(read_originals=options["hash"], put_right=lambda fault: self._put_right(fault, options))
        if not options["json"]:
            self.stdout.write(self._summary(check))
        if check.number_of_faults:
            sys.exit(1)

    def _put_right(self, fault: Fault, options: dict[str, Any]) -> bool:
        done = ""
        if options["mend"] and mend.mend(fault):
            done = "mended"
        elif options["remove_orphans"] and mend.remove(fault):
            done = "removed"
        self._done += bool(done)
        if options["json"]:
            line = json.dumps({"kind": fault.kind.value, "thing": fault.thing, "what": fault.what, "done": done})
        else:
            line = printable("  ".join(filter(None, [f"{fault.kind.value:<12}", fault.thing, fault.what, done])))
        self.stdout.write(line)
        self.stdout.flush()
        return bool(done)

    def _summary(self, check: LibraryCheck) -> str:
        read = f", {check.originals_read} originals read" if check.originals_read else ""
        looked = f"{check.files} files, {check.size_bytes / 1e9:.1f} GB{read}"
        put_right = f"{self._done} put right; " if self._done else ""
        if not check.number_of_faults:
            return f"{put_right}All is well: {looked}."
        return f"{put_right}{check.number_of_faults} faults: {looked}."
