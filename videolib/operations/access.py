"""Who may look inside the machine: not secret, and yet nobody else's business."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from videolib.accounts.models import User

View = Callable[[HttpRequest], HttpResponseBase]

WHO_MAY = "Ask from the library's own machine or private network, as an admin, or with METRICS_TOKEN."
# Python's `is_private` counts many more: addresses of documentation, for one, and every mapped IPv4 address.
NEAR = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10"),
    )
)
# One of these says that a proxy stands between.
OF_PROXIES = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def internals_only(view: View) -> View:
    """For programs that watch the library: from nearby, with METRICS_TOKEN, or for an admin who is signed in."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponseBase:
        # In this order: only the last asks the database, which may be what is wrong.
        if not (is_near(request) or brings_token(request) or _is_admin(request)):
            raise PermissionDenied(WHO_MAY)
        return view(request)

    return checked


def is_near(request: HttpRequest) -> bool:
    """Whether whoever asks is on this machine or in a private network.

    The visitor's address is told as for sign-in (allauth: the last one in X-Forwarded-For, behind an https SITE_URL).
    A proxy that is not believed, or that does not tell it, makes everybody look near, so then nobody is.
    """
    is_told = settings.ALLAUTH_TRUSTED_PROXY_COUNT > 0 and "X-Forwarded-For" in request.headers
    if not is_told and any(name in request.headers for name in OF_PROXIES):
        return False
    try:
        visitor = get_adapter(request).get_client_ip(request)
    except PermissionDenied:
        return False
    # Who comes past the proxy may write anything into its header.
    return _is_private(visitor) and _is_private(request.META.get("REMOTE_ADDR", ""))


def _is_private(text: str) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in NEAR)


def brings_token(request: HttpRequest) -> bool:
    """Whether the request carries METRICS_TOKEN."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and hmac.compare_digest(secret.strip().encode(), wanted.encode())


def _is_admin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_admin
