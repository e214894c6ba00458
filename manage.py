#!/usr/bin/env python
"""The command line of videolib: `python manage.py help` lists what it can do."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError


def main() -> None:
    """Run one management command; a wrong setting ends it with one sentence that names the setting."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videolib.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"videolib: {error}")
    except OperationalError as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"videolib: {_about_the_database(str(error))}")


def _about_the_database(problem: str) -> str:
    """What to do, for whoever never saw the database."""
    if problem.startswith(("no such table", "no such column")) or "has no column" in problem:
        return "The database is not made ready for this version; run manage.py migrate first."
    if problem in ("disk I/O error", "database or disk is full"):
        return f"The database cannot be written ({problem}); make room where VIDEOLIB_DATA lies, then try again."
    return f"The database does not answer: {problem}."


if __name__ == "__main__":
    main()
