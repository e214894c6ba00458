"""Forms of this room."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString

from videolib.accounts.models import User
from videolib.clips import actions
from videolib.clips.models import Clip, License, Term, Visibility, fold_term, tidy_term

WHO = [
    (Visibility.PRIVATE, "Only me. Nobody else finds or opens it; an admin can, and that is written down."),
    (Visibility.TEAM, "The whole team. Everybody who signs in here finds and watches it."),
    (Visibility.UNLISTED, "Team members with the link. Only curators come across it in lists and search."),
]
RELOAD = "Reload the page and try again."


class SureCheckbox(forms.CheckboxInput):
    """Sends an empty value where it is not ticked, so that "no" can be told from "was not asked"."""

    def render(self, name: str, *args: Any, **kwargs: Any) -> SafeString:
        """The box, behind a hidden field of the same name."""
        return format_html('<input type="hidden" name="{}" value="">{}', name, super().render(name, *args, **kwargs))


class EditForm(forms.Form):
    """The words of a clip, who may see it, and what others may do with it."""

    title = forms.CharField(max_length=200, error_messages={"required": "Give the clip a title."})
    description = forms.CharField(max_length=10_000, required=False, widget=forms.Textarea({"rows": 7}))
    tags = forms.CharField(
        required=False,
        help_text="Separate them with commas; 20 at most.",
        widget=forms.TextInput({"autocomplete": "off", "data-suggests": reverse_lazy("tag_suggestions")}),
    )
    visibility = forms.ChoiceField(label="Who may see it", choices=WHO, widget=forms.RadioSelect)
    license = forms.ModelChoiceField(
        License.objects.all(),
        label="Licence",
        required=False,
        empty_label="None named",
        help_text="What others may do.",
    )
    allow_download = forms.BooleanField(
        label="Others may download the original file", required=False, widget=SureCheckbox
    )

    def __init__(self, clip: Clip, sent: QueryDict | None = None) -> None:
        """Without `sent` as the clip stands. What was not sent stays, so a page may send one field alone."""
        now = as_it_stands(clip)
        super().__init__(None if sent is None else {**now, **_flat(sent)}, initial=now)
        self.clip = clip

    def clean_tags(self) -> list[str]:
        """The names alone."""
        return [name.strip() for name in self.cleaned_data["tags"].split(",") if name.strip()]

    def save(self, *, by: User) -> bool:
        """Change the clip; False when a tag cannot be, which the form then says."""
        try:
            actions.edit_clip(self.clip, by=by, **self.cleaned_data)
        except actions.TagError as refusal:
            self.add_error("tags", str(refusal))
            return False
        return True


def as_it_stands(clip: Clip) -> dict[str, Any]:
    """What EditForm shows of a clip."""
    columns = ("title", "description", "visibility", "allow_download")
    tags = ", ".join(clip.tags.values_list("name", flat=True))
    return {**{name: getattr(clip, name) for name in columns}, "license": clip.license_id or "", "tags": tags}


def _flat(sent: QueryDict) -> dict[str, str]:
    # Tags may come as one field or as many of one name; of any other the last counts, as everywhere in Django.
    return {name: ", ".join(sent.getlist(name)) if name == "tags" else str(sent[name]) for name in sent}


class TagForm(forms.Form):
    """Tags to put on a clip: one, or several parted by commas."""

    name = forms.CharField(max_length=400, error_messages={"required": "Write a tag first."})

    def clean_name(self) -> list[str]:
        """The names alone."""
        names = [name.strip() for name in self.cleaned_data["name"].split(",") if name.strip()]
        if not names:
            raise forms.ValidationError("Write a tag first.")
        return names

    def save(self, clip: Clip, *, by: User) -> str:
        """Put the tags on; what is wrong with one that cannot be, else nothing."""
        try:
            for name in self.cleaned_data["name"]:
                actions.tag_clip(clip, name, by=by)
        except actions.TagError as refusal:
            return str(refusal)
        return ""


class StretchForm(forms.Form):
    """A stretch of a clip's time, in seconds."""

    # No number to Django: nan and infinity.
    start = forms.FloatField()
    end = forms.FloatField()

    def clean(self) -> dict[str, Any]:
        """It has a length. The page wrote the times, so what helps is a fresh page."""
        times = super().clean() or self.cleaned_data
        if times.keys() >= {"start", "end"} and times["start"] >= times["end"]:
            raise forms.ValidationError(f"The start must come before the end. {RELOAD}")
        return times


class CueForm(StretchForm):
    """What is really spoken in a stretch; without text, nothing is."""

    text = forms.CharField(
        max_length=500,
        required=False,
        error_messages={"max_length": "Use at most 500 characters for one caption."},
    )

    def save(self, clip: Clip, *, by: User) -> bool:
        """Correct the words; False when there can be no correction, which the form then says."""
        try:
            actions.correct_cue(clip, by=by, **self.cleaned_data)
        except actions.CueError as refusal:
            self.add_error(None, f"{refusal} {RELOAD}")
            return False
        return True


class TermsForm(forms.Form):
    """Terms for the team's vocabulary: one a line, or parted by commas."""

    terms = forms.CharField(
        max_length=100_000,
        label="Names and acronyms",
        help_text="One a line or separated by commas, each written as it should be read.",
        widget=forms.Textarea({"rows": 3, "spellcheck": "false", "placeholder": "Grafana, PgBouncer, OKR"}),
        error_messages={"required": "Write a name first."},
    )
    said = ""

    def clean_terms(self) -> list[str]:
        """Each once, tidied."""
        tidied = [tidy_term(text) for text in re.split(r"[,\n]", self.cleaned_data["terms"])]
        terms = list({fold_term(text): text for text in tidied if fold_term(text)}.values())
        if not terms:
            raise forms.ValidationError("Write a name first.")
        for text in terms:
            if len(text) > 100:
                raise forms.ValidationError(f"A term has at most 100 characters; this one has more: “{text[:60]}…”.")
        return terms

    def save(self, *, by: User) -> bool:
        """Put them on the list and say so in `said`; False when they cannot be, which the form then says."""
        try:
            added = [term.text for term in actions.add_terms(self.cleaned_data["terms"], by=by)]
        except actions.TermError as refusal:
            self.add_error("terms", str(refusal))
            return False
        self.said = _added(added) if added else "That was on the list already."
        return True


def _added(terms: list[str]) -> str:
    named = f"“{terms[0]}” is" if len(terms) == 1 else f"{len(terms)} terms are"
    return f"{named} on the list. Clips that are heard from now on know it."


class TermForm(forms.Form):
    """Which term."""

    term = forms.ModelChoiceField(Term.objects.all(), to_field_name="text")
