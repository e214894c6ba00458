"""The log as JSON, one object a line, and what the lines of a request are about."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from transcode.log_fields import log_about, log_about_nothing, log_fields

Answer = Callable[[HttpRequest], HttpResponse]

# The addresses of one thing, and the field its code goes into.
OF_ONE_THING = re.compile(r"\^?(?:api/v1/)?(clip|upload)s?/.*\bcode\b")


class JsonLine(logging.Formatter):
    """A record as one line: time, level, logger, message, process, what it is about, and an exception in one field."""

    def format(self, record: logging.LogRecord) -> str:
        """Letters beyond ASCII are escaped: no file name can break a line, or be no text at all."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **log_fields(),
        }
        if record.exc_info and record.exc_info[0]:
            entry["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack"] = self.formatStack(record.stack_info)
        return json.dumps(entry)


class FieldsOfRequest:
    """A middleware: lines are about the clip or the upload whose address is asked.

    It forgets at the beginning of a request and not at its end: what is logged while a body is streamed, and Django's
    own line about an answer that is an error, come later than any middleware.
    """

    def __init__(self, get_response: Answer) -> None:
        """As Django makes every middleware."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One request, in a thread that served others before."""
        log_about_nothing()
        return self._get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, named: dict[str, Any]) -> None:
        """Once it is known which address was asked."""
        match = request.resolver_match and OF_ONE_THING.match(request.resolver_match.route)
        if match and "code" in named:
            log_about(**{match[1]: named["code"]})
