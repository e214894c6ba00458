"""What admins say on the pages that need more than one room."""

from __future__ import annotations

from typing import Any

from django import forms

from videolib.accounts.models import Role, User
from videolib.clips.models import LibrarySettings, License, Visibility
from videolib.lib.sizes import GigabytesField


class SettingsForm(forms.Form):
    """What holds for the whole library."""

    default_visibility = forms.ChoiceField(
        choices=Visibility.choices,
        label="Who sees a new clip",
        help_text="Until its owner says otherwise. Clips that are here already stay as they are.",
    )
    max_upload_bytes = GigabytesField(label="Largest upload in GB")
    quota_bytes = GigabytesField(
        label="Quota of a person in GB", help_text="How much one person may keep, unless their own page says otherwise."
    )

    @classmethod
    def showing(cls, settings: LibrarySettings) -> SettingsForm:
        """The form, filled with what holds now."""
        return cls(initial={name: getattr(settings, name) for name in cls.base_fields})


class LicenseForm(forms.Form):
    """One more licence."""

    name = forms.CharField(max_length=80, label="Name", widget=forms.TextInput(attrs={"placeholder": "CC BY 4.0"}))
    url = forms.URLField(
        required=False, max_length=200, assume_scheme="https", label="Address of its text", widget=forms.URLInput
    )

    def clean_name(self) -> str:
        """Each name once."""
        name = str(self.cleaned_data["name"])
        if License.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError("There is a licence of this name already.")
        return name


class LicenseNameForm(forms.Form):
    """Which licence."""

    name = forms.ModelChoiceField(License.objects.all(), to_field_name="name")


class HandOverForm(forms.Form):
    """Who gets somebody's clips: anybody active who may have clips."""

    to = forms.ModelChoiceField(User.objects.none(), to_field_name="code", label="Hand all of it to")

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        takers = User.objects.named_like("").filter(is_active=True).exclude(role=Role.LEARNER)
        self.fields["to"].queryset = takers.exclude(pk=owner.pk)  # type: ignore[attr-defined]
        self.fields["to"].label_from_instance = _name_and_address  # type: ignore[attr-defined]


def _name_and_address(person: User) -> str:
    return f"{person.display_name} ({person.email})"
