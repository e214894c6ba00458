"""What somebody may ask the browse page. Nothing they send is an error: what is not understood is left out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from videolib.accounts.models import User
from videolib.browse.filters import DATES, LENGTHS, MOST_TAGS, SORTS, Filters
from videolib.clips.models import fold_tag


class Menu(forms.Select):
    """Django's own takes a template for each of its options, and here are a hundred."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """As HTML."""
        del renderer  # of templates
        chosen = str(value or "")
        options = ((flatatt({"value": key, "selected": key == chosen}), label) for key, label in self.choices)
        return format_html(
            "<select{}>{}</select>",
            flatatt(self.build_attrs({**self.attrs, "name": name}, attrs)),
            format_html_join("", "<option{}>{}</option>", options),
        )


class BrowseForm(forms.Form):
    """The filters; tags travel as hidden fields, because they are chosen by links."""

    length = forms.ChoiceField(required=False, choices=[("", "Any length"), *((k, v[0]) for k, v in LENGTHS.items())])
    date = forms.ChoiceField(required=False, choices=[("", "Any time"), *((k, v[0]) for k, v in DATES.items())])
    person = forms.UUIDField(required=False, widget=Menu)
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
