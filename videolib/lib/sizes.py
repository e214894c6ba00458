"""Sizes of files as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

GIGABYTE = 1024**3


class GigabytesField(forms.DecimalField):
    """Asks for gigabytes, gives whole bytes; shows bytes as gigabytes."""

    def __init__(self, **kwargs: Any) -> None:
        bounds = {"min_value": Decimal("0.001"), "max_value": Decimal(1_000_000), "decimal_places": 3}
        super().__init__(**{**bounds, **kwargs})
        self.widget.attrs.setdefault("inputmode", "decimal")

    def clean(self, value: Any) -> int | None:
        """Bytes; None for an empty field that may be empty."""
        gigabytes = super().clean(value)
        return None if gigabytes is None else int(gigabytes * GIGABYTE)

    def prepare_value(self, value: Any) -> Any:
        """Bytes (a number) become gigabytes; what a person typed stays as it is."""
        if not isinstance(value, int):
            return value
        return f"{Decimal(value) / GIGABYTE:.3f}".rstrip("0").rstrip(".")
