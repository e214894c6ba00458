#!/usr/bin/env python
"""The command line of videolib: `python manage.py help` lists what it can do."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError, ProgrammingError


def main() -> None:
    """Run one management command; a wrong setting ends it with one sentence that names the setting."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videolib.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"videolib: {error}")
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"videolib: {_about_the_database(str(error))}")


def _about_the_database(problem: str) -> str:
    """What to do, for whoever never saw the database."""
    if any(sign in problem for sign in ("no such table", "no such column", "has no column", "does not exist\nLINE")):
        return "The database is not made ready for this version; run manage.py migrate first."
    if problem in ("disk I/O error", "database or disk is full"):
        return f"The database cannot be written ({problem}); make room where VIDEOLIB_DATA lies, then try again."
    if "unsupported startup parameter" in problem:
        return "DATABASE_URL leads to a pooler, such as PgBouncer; name the PostgreSQL server itself."
    reason = problem.splitlines()[0] if problem else "it says nothing"
    return f"The database does not answer ({reason}); is it up, and does DATABASE_URL name it?"


if __name__ == "__main__":
    main()
