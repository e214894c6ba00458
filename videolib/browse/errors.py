"""Pages for what went wrong, each with a sentence that says what to do."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

log = logging.getLogger(__name__)

TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
# When even the page for errors cannot be made.
LAST_WORDS = "<!doctype html><title>Something broke</title><h1>Something broke</h1><p>Try again in a minute.</p>"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django passes it)
    """A request nobody could read, or (413) one that is too large for a form."""
    if isinstance(exception, TOO_LARGE):
        return too_large()
    # No request in the context: whatever could not be read would be read again by whoever asks for the user.
    return HttpResponse(render_to_string("400.html"), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Something this person may not do; the view's own sentence where it gave one."""
    sentence = str(exception) if isinstance(exception, PermissionDenied) else ""
    return render(request, "403.html", {"sentence": sentence}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 (Django passes it)
    """Nothing there, or nothing this person may know of."""
    return render(request, "404.html", status=404)


def too_large() -> HttpResponse:
    """A form with more in it than forms are for."""
    return HttpResponse(render_to_string("413.html"), status=413)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Asked too often: allauth calls this for sign-in and password resets."""
    return render(request, "429.html", status=429)


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
