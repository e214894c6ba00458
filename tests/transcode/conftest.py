"""What tests of the pipeline share."""

from __future__ import annotations

import pytest

from transcode import claim
from transcode.machine import Room


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with room for everything: this one may be busy with other tests, and take one job at a time for it."""
    monkeypatch.setattr(claim, "look_around", lambda *folders: Room(memory=2**62, load=0.0, disk=2**62))
