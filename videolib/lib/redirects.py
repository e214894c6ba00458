"""Redirects that fit: whatever is typed after the question mark, nobody gets an error page for its length."""

from __future__ import annotations

from django.core.exceptions import DisallowedRedirect
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.common import CommonMiddleware
from django.utils.http import MAX_URL_REDIRECT_LENGTH


class FittingRedirects(CommonMiddleware):
    """Django's own middleware; but an address that is too long to be redirected loses its query and is tried again.

    Pages send people who are signed out to sign in, with the whole address as the way back, and Django redirects to
    no more than MAX_URL_REDIRECT_LENGTH characters. (After signing in it follows 2,048 at most.)
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """For redirects of views, those of Django's and allauth's included."""
        path, _, query = request.get_full_path().partition("?")
        return HttpResponseRedirect(path) if query and isinstance(exception, DisallowedRedirect) else None

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """For the redirect to the address with a slash at its end."""
        path = super().get_full_path_with_slash(request)
        return path if len(path) <= MAX_URL_REDIRECT_LENGTH else path.partition("?")[0]
