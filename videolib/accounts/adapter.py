"""Who may sign up, and how allauth talks to people."""

from __future__ import annotations

import logging
import math
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse

from videolib.lib.limits import TooOften

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """People sign up by invitation, or by an address at one of SIGNUP_DOMAINS (which the sign-up form checks)."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "No account has this address and password. Check both, or reset the password.",
        "email_taken": "Somebody with this address is here already. Sign in instead.",
        "enter_current_password": "That is not your current password.",
        "invalid_password_reset": "This link has been used already, or it has expired.",
        "rate_limited": "Too many requests. Wait a minute, then try again.",
    }

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count one more password. TooOften where that is too many: as an error of the form it would be answered 200.

        By the address that was typed, whether or not somebody has it, and by the visitor's machine.
        """
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as refusal:
            wait = _longest_wait(request, self._get_login_attempts_cache_key(request, **credentials))
            raise TooOften("Too many passwords were wrong.", wait) from refusal

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Only where some domains may."""
        return bool(settings.SIGNUP_DOMAINS)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send one of allauth's e-mails; when the mail server does not take it, the page says so."""
        try:
            super().send_mail(template_prefix, email, {"site_url": settings.SITE_URL, **context})
        except OSError as error:
            log.warning("an e-mail (%s) was not sent: %s", template_prefix, error)
            messages.error(self.request, "The e-mail could not be sent. Try again later, or ask an admin for a link.")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a reset e-mail: at SITE_URL, whatever host the request named."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def get_email_confirmation_url(self, _request: HttpRequest, emailconfirmation: Any) -> str:
        """The link of a confirmation e-mail: at SITE_URL, whatever host the request named."""
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_password_change_redirect_url(self, _request: HttpRequest) -> str:
        """Back to where the link to the form stands."""
        return reverse("me")


def _longest_wait(request: HttpRequest, key: str) -> int:
    """Seconds until the oldest try that is counted is forgotten, by each of allauth's limits that is used up."""
    asked, wait = {"app": "allauth.account", "action": "login_failed"}, 1.0
    for rate in ratelimit.get_rates(**asked):
        tries = cache.get(ratelimit.get_cache_key(request, rate=rate, key=key, **asked), [])
        if len(tries) >= rate.amount:
            wait = max(wait, tries[-1] + rate.duration - time.time())
    return math.ceil(wait)
