"""E-mail: rendered from templates/emails/, sent over one connection; a deaf server never breaks a deed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string

log = logging.getLogger(__name__)


def compose(template: str, to: str, **context: Any) -> EmailMessage:
    """The e-mail templates/emails/<template>.txt makes; its first line is the subject."""
    subject, _, body = render_to_string(f"emails/{template}.txt", context).strip().partition("\n")
    return EmailMessage(subject.strip(), body.strip() + "\n", to=[to])


def send_mails(mails: Sequence[EmailMessage]) -> bool:
    """Send them, over one connection; False when the mail server took none or not all of them (the log says why)."""
    try:
        get_connection().send_messages(list(mails))
    except OSError as error:
        # SMTPException is an OSError: refused, unreachable, timed out and not allowed are all the same to the caller.
        log.warning("%d e-mails were not sent: %s", len(mails), error)
        return False
    return True
