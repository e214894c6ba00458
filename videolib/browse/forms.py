"""What somebody may ask the browse page. Nothing they send is an error: what is not understood is left out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from videolib.accounts.models import User
from videolib.browse.filters import DATES, LENGTHS, MOST_TAGS, SORTS, Filters
from videolib.clips.models import fold_tag


class BrowseForm(forms.Form):
    """The filters; tags travel as hidden fields, because they are chosen by links."""

    length = forms.ChoiceField(required=False, choices=[("", "Any length"), *((k, v[0]) for k, v in LENGTHS.items())])
    date = forms.ChoiceField(required=False, choices=[("", "Any time"), *((k, v[0]) for k, v in DATES.items())])
    person = forms.UUIDField(required=False, widget=forms.Select)
    sort = forms.ChoiceField(required=False, choices=[("" if k == "new" else k, v[0]) for k, v in SORTS.items()])

    def offer_people(self, people: list[tuple[User, int]]) -> None:
        """Put people, each with how many clips, into their choice."""
        offered = [(str(person.code), f"{person.display_name} ({number})") for person, number in people]
        widget: Any = self.fields["person"].widget
        widget.choices = [("", "Anyone"), *offered]

    def filters(self, data: QueryDict) -> Filters:
        """What was chosen and understood. `data` is what the form was made of."""
        self.is_valid()
        understood = {name: value for name, value in self.cleaned_data.items() if value}
        tags = tuple(dict.fromkeys(filter(None, map(fold_tag, data.getlist("tag")))))[:MOST_TAGS]
        return Filters(tags=tags, **understood)
