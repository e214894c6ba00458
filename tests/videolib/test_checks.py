"""What is said of the machine and its settings before the first request."""

from __future__ import annotations

from typing import Any

import pytest

from videolib.checks import machine


@pytest.mark.parametrize("guessed", [True, False])
def test_an_open_door_without_an_address_to_come_by_is_a_warning_that_says_what_to_set(
    settings: Any, guessed: bool
) -> None:
    settings.SITE_URL_IS_A_GUESS = guessed
    warnings = {message.id: message for message in machine(None)}
    assert ("videolib.W004" in warnings) is guessed
    if guessed:
        assert "SITE_URL" in str(warnings["videolib.W004"].hint)
