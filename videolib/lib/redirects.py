"""Redirects that fit: to addresses that are short enough, and to pages that can be read."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import DisallowedRedirect
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.middleware.common import CommonMiddleware
from django.shortcuts import resolve_url
from django.utils.http import MAX_URL_REDIRECT_LENGTH, url_has_allowed_host_and_scheme

# Of what it is given, sign-in follows no more.
LONGEST_WAY_BACK = 2048


class FittingRedirects(CommonMiddleware):
    """Django's own middleware; but an address that is too long to be redirected loses its query and is tried again,
    and signing in leads nobody to an address that only takes forms.

    Pages send people who are signed out to sign in, with the whole address as the way back, and Django redirects to
    no more than MAX_URL_REDIRECT_LENGTH characters. (After signing in it follows LONGEST_WAY_BACK.)
    """

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """For redirects of views, those of Django's and allauth's included; the address of a form may take no GET."""
        if not isinstance(exception, DisallowedRedirect):
            return None
        path, _, query = request.get_full_path().partition("?")
        if request.method == "POST":
            return HttpResponseRedirect(_page_of_form(request))
        return HttpResponseRedirect(path) if query else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """A form that is sent when the session has ended: signing in leads back to the page it stood on."""
        if request.method == "POST" and _leads_back_to(request.get_full_path(), response.headers.get("Location", "")):
            response.headers["Location"] = redirect_to_login(_page_of_form(request)).url
        return super().process_response(request, response)

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """For the redirect to the address with a slash at its end."""
        path = super().get_full_path_with_slash(request)
        return path if len(path) <= MAX_URL_REDIRECT_LENGTH else path.partition("?")[0]


def _leads_back_to(address: str, location: str) -> bool:
    parts = urlsplit(location)
    return parts.path == resolve_url(settings.LOGIN_URL) and QueryDict(parts.query).get("next") == address


def _page_of_form(request: HttpRequest) -> str:
    """What the browser says of it, if that is a page of ours; else where people come to who just sign in."""
    origin = f"{request.scheme}://{request.get_host()}"
    page = request.headers.get("Referer", "").partition("#")[0]
    path = page.removeprefix(origin)
    # Without the origin, a path that begins with two slashes would be another site's address.
    ours = page.startswith(f"{origin}/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    if ours and len(page) <= LONGEST_WAY_BACK:
        return path
    return resolve_url(settings.LOGIN_REDIRECT_URL)
