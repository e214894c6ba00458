"""What curators send from the pages of this room."""

from __future__ import annotations

from django import forms

from videolib.analytics.models import MOST_CHARACTERS


class WordsForm(forms.Form):
    """Words that somebody looked for."""

    words = forms.CharField(max_length=MOST_CHARACTERS)
