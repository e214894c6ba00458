"""HEAD: whoever may read a page may ask whether it is there."""

from __future__ import annotations

from typing import Any

from videolib.clips.models import Clip


def test_every_page_that_answers_get_answers_head_alike(addresses: dict[str, str], admin: Any, client_of: Any) -> None:
    client = client_of(admin)
    differing = {}
    for name, address in addresses.items():
        shown, asked = client.get(address).status_code, client.head(address).status_code
        if shown not in (405, asked):
            differing[name] = (shown, asked)
    assert differing == {}


def test_asking_deletes_nothing(addresses: dict[str, str], admin: Any, client_of: Any) -> None:
    for name in ("clip_delete", "clip_hear_again"):
        assert client_of(admin).head(addresses[name]).status_code == 200
    assert Clip.objects.filter(trashed_at=None).count() == Clip.objects.count()
