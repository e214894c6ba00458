"""What goes wrong under /api/ is said in JSON, like all else there, also where no operation was reached."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]

SENTENCES = {
    400: "This request could not be read.",
    403: "You may not do this.",
    404: "There is nothing at this address. See /api/v1/docs.",
    405: "This address takes other methods: see the header Allow of this answer, or /api/v1/docs.",
    413: "This is larger than a request may be. Send less at once.",
    500: "Something broke here, and it is not your fault. Try again in a minute.",
}


def errors_in_json(get_response: Answer) -> Answer:
    """A middleware, because operations answer for themselves: what is left comes from Django, as a page for people."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path_info.startswith("/api/") and response.status_code >= 400 and not _is_json(response):
            _put_in_json(response)
        return response

    return answer


def _is_json(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("application/json")


def _put_in_json(response: HttpResponse) -> None:
    """In place: its other headers (Allow, cookies) still hold."""
    status = response.status_code
    response.content = json.dumps({"detail": SENTENCES.get(status, SENTENCES[400 if status < 500 else 500])}).encode()
    response.headers["Content-Type"] = "application/json"
    response.headers["Content-Length"] = str(len(response.content))
