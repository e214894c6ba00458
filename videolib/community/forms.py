"""Forms of this room."""

from __future__ import annotations

from django import forms

from videolib.accounts.models import User
from videolib.clips.models import Clip
from videolib.community import actions

RANGE = "Give 1 to 5 stars."


class RatingForm(forms.Form):
    """1 to 5 stars, or 0 to take them back."""

    stars = forms.IntegerField(
        min_value=0,
        max_value=5,
        error_messages={
            "required": "Choose 1 to 5 stars first.",
            "invalid": RANGE,
            "min_value": RANGE,
            "max_value": RANGE,
        },
    )

    def rate(self, clip: Clip, *, by: User) -> None:
        """Do what was asked. Raises RatingError."""
        if stars := self.cleaned_data["stars"]:
            actions.rate_clip(clip, stars, by=by)
        else:
            actions.unrate_clip(clip, by=by)
