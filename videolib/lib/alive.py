"""`/healthz`: whether this process answers at all. Whoever asks restarts it when it does not."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

Answer = Callable[[HttpRequest], HttpResponse]

ADDRESS = "/healthz"


def answer_when_asked_for_health(get_response: Answer) -> Answer:
    """A middleware, and the first of all: a container asks by 127.0.0.1, which may be no address of the library's, and
    a database that is away is no reason to restart the web server."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path_info != ADDRESS:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return HttpResponse("ok", content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})

    return answer
