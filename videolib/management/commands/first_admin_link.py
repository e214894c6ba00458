"""Prints a one-time link that makes the first administrator; nothing once there is one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from videolib.accounts.actions import ensure_first_admin_link


class Command(BaseCommand):
    """`manage.py first_admin_link`: `make run` asks this at every start."""

    help = "Print a fresh one-time link that makes the first administrator. Prints nothing once there is one."

    def handle(self, *_: Any, **__: Any) -> None:
        """Only the newest link works: older ones end here."""
        link = ensure_first_admin_link()
        if link:
            self.stdout.write(link)
