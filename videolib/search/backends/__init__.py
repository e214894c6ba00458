"""Which search backend serves this library: one of the four places that know the machine room."""

from __future__ import annotations

from functools import cache

from django.db import connection

from videolib.search.backends.base import SearchBackend


@cache
def get_backend() -> SearchBackend:
    """The backend of the database in use."""
    if connection.vendor == "postgresql":
        from videolib.search.backends.postgres import PostgresBackend  # noqa: PLC0415 (only the one in use is loaded)

        return PostgresBackend()
    if connection.vendor == "sqlite":
        from videolib.search.backends.sqlite import SqliteBackend  # noqa: PLC0415 (the same)

        return SqliteBackend()
    raise LookupError(f"There is no search backend for {connection.vendor}.")
