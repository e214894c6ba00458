"""The ids a query set selects, as SQL."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet


def selected(among: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """The ids that `among` selects, in no order, as SQL and its parameters. Raises EmptyResultSet."""
    asked = among.query.chain()
    asked.clear_ordering(force=False)
    sql, parameters = asked.sql_with_params()
    return sql, parameters
