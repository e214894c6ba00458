"""`manage.py run`: the whole library in the foreground, or one of its programs, for a container."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from videolib.accounts.actions import ensure_first_admin_link
from videolib.checks import database, machine
from videolib.lib import broker, programs
from videolib.lib.foreground import die_with_make, sole_supervisor, wait_for_port
from videolib.lib.supervisor import StartError, Supervisor


class Command(BaseCommand):
    """Thin: what must be true beforehand, then the supervisor."""

    help = "Starts the library in the foreground; Ctrl-C stops it. With a name, starts that one program only."
    # The checks that matter here are made below, and said in one sentence.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one program, if only one is wanted."""
        parser.add_argument("program", nargs="?", choices=programs.NAMES)

    def handle(self, *_: Any, program: str | None, **__: Any) -> None:
        """Run until stopped."""
        os.environ["VIDEOLIB_DATA"] = str(settings.VIDEOLIB_DATA)  # programs start in the clone, wherever we are
        settings.RUN_ROOT.mkdir(exist_ok=True)
        for warning in missing():
            self.stderr.write(f"videolib: {warning}")
        if program:
            self._become(program)
        try:
            with sole_supervisor(settings.VIDEOLIB_DATA):
                wait_for_port(settings.BIND_HOST, settings.BIND_PORT)
                if not is_migrated():
                    call_command("migrate", verbosity=0)
                self._supervise()
        except StartError as error:
            raise CommandError(str(error)) from error

    def _become(self, program: str) -> None:
        if not is_migrated():
            raise CommandError("The library's tables are not up to date; run manage.py migrate first.")
        if program == "web" and (link := ensure_first_admin_link()):
            self.stdout.write(f"To create the first administrator, open {link}")
            self.stdout.flush()
        chosen = programs.named(program)
        os.chdir(chosen.cwd or settings.BASE_DIR)
        os.execv(chosen.args[0], chosen.args)

    def _supervise(self) -> None:
        link = ensure_first_admin_link()
        connections.close_all()

        def tell_address() -> None:
            supervisor.say(f"videolib is ready at {settings.SITE_URL}")
            if link:
                supervisor.say(f"There is no administrator yet. To become the first one, open {link}")

        supervisor = Supervisor(programs.all_programs(), tell_address, as_json=settings.LOG_FORMAT == "json")
        supervisor.say(f"starting; everything is kept in {settings.VIDEOLIB_DATA}")
        die_with_make()
        try:
            supervisor.run()
        finally:
            broker.forget_address()


def missing() -> list[str]:
    """What the machine or database lacks and can be done without; what it cannot ends the start, in one sentence."""
    sentences = []
    for message in [*machine(), *database(databases=[DEFAULT_DB_ALIAS])]:
        sentences.append(f"{message.msg} {message.hint or ''}".strip())
        if message.is_serious():
            raise CommandError(sentences[-1])
    return sentences


def is_migrated() -> bool:
    """Asking is quick, where `migrate` is not."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
