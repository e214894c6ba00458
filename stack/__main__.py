"""`make stack`: the whole topology in the foreground, one log; Ctrl-C ends it."""

from __future__ import annotations

import os
import subprocess
import sys

import django
from django.core.exceptions import ImproperlyConfigured

from stack.topology import ENVIRONMENT_FILE, ROOT, Stack, prepare
from videolib.lib import env
from videolib.lib.foreground import die_with_make, sole_supervisor, wait_for_port
from videolib.lib.supervisor import StartError, Supervisor


def main() -> int:
    """Until it is stopped."""
    try:
        # A library of its own beside that of `make run`: with another database, and nothing in common.
        folder = env.data_folder("VIDEOLIB_DATA", ROOT / "data") / "stack"
        front = env.address("BIND", "127.0.0.1:8000")
        (folder / "run").mkdir(parents=True, exist_ok=True, mode=0o700)
        with sole_supervisor(folder):
            wait_for_port(*front)
            _supervise(prepare(folder, front))
    except (StartError, ImproperlyConfigured) as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{error.stderr or ''}stack: a server could not be prepared ({error}).", file=sys.stderr)
        return 1
    return 0


def _supervise(stack: Stack) -> None:
    os.environ.update(stack.settings, DJANGO_SETTINGS_MODULE="videolib.settings")
    os.chdir(ROOT)
    django.setup()
    from django.conf import settings  # noqa: PLC0415 (read from the environment above)

    def tell_address() -> None:
        supervisor.say(f"videolib is ready at {settings.SITE_URL}")
        supervisor.say(f"for commands: set -a; . {stack.folder / ENVIRONMENT_FILE}; .venv/bin/python manage.py …")
        if link := _first_admin_link():
            supervisor.say(f"There is no administrator yet. To become the first one, open {link}")

    supervisor = Supervisor(stack.stages(), tell_address, as_json=settings.LOG_FORMAT == "json")
    supervisor.say(f"starting; everything is kept in {stack.folder}")
    die_with_make()
    supervisor.run()


def _first_admin_link() -> str | None:
    from django.db import connections  # noqa: PLC0415 (Django is set up only now)

    from videolib.accounts.actions import ensure_first_admin_link  # noqa: PLC0415

    try:
        return ensure_first_admin_link()
    finally:
        connections.close_all()


if __name__ == "__main__":
    sys.exit(main())
