"""Who may sign up, and how allauth talks to people."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """People sign up by invitation, or by an address at one of SIGNUP_DOMAINS (which the sign-up form checks)."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "No account has this address and password. Check both, or reset the password.",
        "email_taken": "Somebody with this address is here already. Sign in instead.",
        "enter_current_password": "That is not your current password.",
        "invalid_password_reset": "This link has been used already, or it has expired.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes, then try again.",
        "rate_limited": "Too many requests. Wait a minute, then try again.",
    }

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
