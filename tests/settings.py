"""Settings of the tests: a data folder of their own whatever the shell has set, quick password hashes, no manifest.

With TEST_DATABASE=postgres they run on a PostgreSQL of their own, otherwise on SQLite.
"""

import os
import tempfile

from tests import SETTINGS_OF_THE_SHELL, postgres

for _name in SETTINGS_OF_THE_SHELL:
    os.environ.pop(_name, None)
# Playwright keeps an event loop open beside the tests that follow it; nothing of Django runs in that loop.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
if os.environ.get("TEST_DATABASE") == "postgres":
    os.environ["DATABASE_URL"] = postgres.start()
os.environ["VIDEOLIB_DATA"] = tempfile.mkdtemp(prefix="videolib-tests-")

from videolib.settings import *  # noqa: E402, F403
from videolib.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Tests ask in a second what people ask in a day; those that are about limits set their own.
UPLOADS_PER_HOUR = SEARCHES_PER_MINUTE = 0
# The weights take a second and a quarter of a gigabyte in each process; tests that are about meaning set it, and those
# about on-screen text, the other.
SEARCH_MEANING = SCREEN_ENGINE = "none"
