"""Pages for what went wrong, each with a sentence that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string

from videolib.lib.limits import TooOften

Answer = Callable[[HttpRequest], HttpResponse]

log = logging.getLogger(__name__)

TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
# When even the page for errors cannot be made.
LAST_WORDS = "<!doctype html><title>Something broke</title><h1>Something broke</h1><p>Try again in a minute.</p>"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request nobody could read, one by an address that is not ours, or (413) one that is too large for a form."""
    if isinstance(exception, TOO_LARGE):
        return too_large()
    if isinstance(exception, DisallowedHost):
        return wrong_address(request)
    # No request in the context: whatever could not be read would be read again by whoever asks for the user.
    return HttpResponse(render_to_string("400.html"), status=400)


def wrong_address(request: HttpRequest) -> HttpResponse:
    """Whoever runs the machine has not said that people come by this address. Nothing here may ask for the host."""
    asked = request.headers.get("Host", "")[:100]
    log.warning("asked by the address %r, which is not in ALLOWED_HOSTS; SITE_URL is %s", asked, settings.SITE_URL)
    return HttpResponse(render_to_string("400_host.html"), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Something this person may not do; the view's own sentence where it gave one."""
    sentence = str(exception) if isinstance(exception, PermissionDenied) else ""
    return render(request, "403.html", {"sentence": sentence}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django passes it)
    """Nothing there, or nothing this person may know of."""
    return render(request, "404.html", status=404)


def page_for_wrong_methods(get_response: Answer) -> Answer:
    """A middleware, because Django has no handler for 405: views refuse methods by an answer with nothing in it."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            response.content = render_to_string("405.html", request=request).encode()
        return response

    return answer


def too_large() -> HttpResponse:
    """A form with more in it than forms are for."""
    return HttpResponse(render_to_string("413.html"), status=413)


class PageForTooOften:
    """A middleware, so that whatever counts (lib/limits.py) only raises: views, forms, and what allauth asks of us."""

    def __init__(self, get_response: Answer) -> None:
        """As Django makes every middleware."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing, as long as nobody raises."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page with the sentence; htmx shows the sentence alone (base.js)."""
        if not isinstance(exception, TooOften):
            return None
        sentence, headers = str(exception), {"Retry-After": str(exception.retry_after)}
        if request.headers.get("HX-Request"):
            return HttpResponse(sentence, content_type="text/plain", status=429, headers=headers)
        page = render_to_string("429.html", {"sentence": sentence}, request)
        return HttpResponse(page, status=429, headers=headers)


def too_many_requests(_request: HttpRequest) -> HttpResponse:
    """For allauth, which asks for this where it counts: in windows of a minute, and it does not say since when."""
    raise TooOften("You tried this very often in a short time.", 60)


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (Django passes it)
    """Our own mistake. Asks neither the database nor the session: either may be what broke."""
    try:
        return HttpResponse(render_to_string("500.html"), status=500)
    except Exception:
        log.exception("the page for errors could not be made")
        return HttpResponse(LAST_WORDS, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose protection did not fit: most often a page that stood open for days."""
    log.info("CSRF check failed for %s: %s", request.path, reason)
    return render(request, "403_csrf.html", status=403)
