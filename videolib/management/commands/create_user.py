"""Makes a person from the command line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from videolib.accounts.actions import AccountError, create_person, make_reset_link
from videolib.accounts.models import Role, User


class Command(BaseCommand):
    """`manage.py create_user EMAIL --role ROLE [--name NAME] [--password-stdin]`."""

    help = (
        "Make a person. Asks for a password on a terminal; reads it from standard input with --password-stdin; "
        "else makes the person without one and prints a one-time link to set it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The role is checked below: one sentence instead of a usage text."""
        parser.add_argument("email", help="the address they sign in with")
        parser.add_argument("--role", required=True, help=f"one of {', '.join(Role.values)}")
        parser.add_argument("--name", default="", help="how others see them; else what stands before the @")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *_: Any, email: str, role: str, name: str, password_stdin: bool, **__: Any) -> None:
        """Exit status 1 and one sentence when the person cannot be made."""
        email = email.strip().lower()
        if role not in Role.values:
            raise CommandError(f"There is no role {role!r}; choose one of {', '.join(Role.values)}.")
        if len(name) > 80:
            raise CommandError("The name is longer than 80 characters.")
        password = _password_from_stdin() if password_stdin else _asked_password() if sys.stdin.isatty() else None
        if password is not None:
            _check(password, User(email=email, name=name))
        try:
            person = create_person(email, role=Role(role), name=name, password=password, by=None)
        except AccountError as error:
            raise CommandError(f"{email}: {error}") from error
        self.stdout.write(f"Made {person.email}, role {person.role}.")
        if password is None:
            self.stdout.write(f"They set their password here, once: {make_reset_link(person, by=None)}")


def _password_from_stdin() -> str:
    """The first line, without its end: spaces inside and around belong to the password."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise CommandError("Standard input holds no password; write it there, or leave --password-stdin out.")
    return password


def _asked_password() -> str:
    password = getpass("Password: ")
    if password != getpass("Password again: "):
        raise CommandError("These were two different passwords; start again.")
    return password


def _check(password: str, person: User) -> None:
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
