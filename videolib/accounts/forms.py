"""Forms about people."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError

from videolib.accounts.actions import LONGEST_EMAIL
from videolib.accounts.models import Invitation, Role, User
from videolib.lib.sizes import GigabytesField


class SignupForm(AllauthSignupForm):
    """Sign-up for people whose address is at one of SIGNUP_DOMAINS."""

    name = forms.CharField(max_length=80, label="Your name", help_text="As others shall see it.")
    field_order = ["email", "name", "password1", "password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = f"An address at {_domains()}."

    def clean_email(self) -> str:
        """Only addresses at the domains of this library."""
        if self.cleaned_data["email"].rpartition("@")[2].lower() not in settings.SIGNUP_DOMAINS:
            raise ValidationError(f"Only addresses at {_domains()} may sign up. Ask an admin to invite this one.")
        return str(super().clean_email())

    def custom_signup(self, _request: Any, user: User) -> None:
        """allauth's hook for what its own form does not ask."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


def _domains() -> str:
    return " or ".join(sorted(settings.SIGNUP_DOMAINS))


class AcceptForm(forms.Form):
    """What an invited person says of themselves."""

    email = forms.EmailField(
        label="E-mail", max_length=LONGEST_EMAIL, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    name = forms.CharField(max_length=80, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password1 = forms.CharField(
        label="Password",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )
    password2 = forms.CharField(
        label="Password again",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    # What only the mail to the invited address carried.
    mailed = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if invitation.email:
            self.fields["email"].initial = invitation.email
            # A disabled field always gives its initial value, whatever was posted.
            self.fields["email"].disabled = True

    def clean_email(self) -> str:
        """In lower case, as it is kept."""
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        """Both passwords alike, and hard to guess for this person."""
        data = self.cleaned_data
        password, again = data.get("password1"), data.get("password2")
        if password and again and password != again:
            self.add_error("password2", "This is not the same password. Type it again.")
        elif password:
            try:
                password_validation.validate_password(
                    password, User(email=data.get("email", ""), name=data.get("name", ""))
                )
            except ValidationError as error:
                self.add_error("password1", error)
        return data


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    addresses = forms.CharField(
        required=False,
        max_length=20_000,
        label="E-mail addresses",
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "ann@example.com\nbob@example.com"}),
        help_text="One a line, or parted by commas.",
    )
    role = forms.ChoiceField(choices=Role.choices, label="Role", help_text="You can change it later.")

    def clean_addresses(self) -> list[str]:
        """The lines as they stand; which of them can be invited, the action says. `Ann <ann@…>` is read as ann@…."""
        lines = (line.strip() for line in re.split(r"[\n,;]", self.cleaned_data["addresses"]))
        return [re.sub(r"^.*<([^<>]*)>$", r"\1", line) for line in lines if line]


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(choices=Role.choices)


class QuotaForm(forms.Form):
    """How much a person may keep."""

    quota = GigabytesField(required=False, label="Quota in GB", help_text="Empty: what everybody may keep.")


class EmailForm(forms.Form):
    """Another address to sign in by."""

    email = forms.EmailField(label="Sign-in e-mail", max_length=LONGEST_EMAIL)


class NameForm(forms.Form):
    """The name others see."""

    name = forms.CharField(max_length=80, label="Name", widget=forms.TextInput(attrs={"autocomplete": "name"}))


class TokenForm(forms.Form):
    """A new personal token, or the name of one."""

    name = forms.CharField(
        max_length=60, label="What it is for", widget=forms.TextInput(attrs={"placeholder": "Upload script"})
    )
