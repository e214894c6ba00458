"""The large library of benchmarks.load: whole, the same for the same seed, and every address of it answers."""

from __future__ import annotations

import random

import pytest
from django.core.management import call_command
from django.db.models import Count, Sum

from benchmarks.load_pages import addresses
from benchmarks.many_clips import CUES_A_CLIP, ManyClips
from transcode.models import Cue
from videolib.accounts.models import Role, User
from videolib.clips.models import Clip, Tag

pytestmark = pytest.mark.django_db


def test_a_generated_library_is_whole_and_answers(client_of) -> None:
    ManyClips(40).fill()
    call_command("reindex", verbosity=0)
    assert Cue.objects.count() == 40 * CUES_A_CLIP
    told = {clip.pk: (clip.rating_sum or None, clip.rating_count) for clip in Clip.objects.all()}
    counted = Clip.objects.annotate(stars=Sum("ratings__stars"), people=Count("ratings"))
    assert told == {clip.pk: (clip.stars, clip.people) for clip in counted}
    client = client_of(User.objects.filter(role=Role.ADMIN)[0])
    asked = dict(addresses(random.Random(1), 1))
    assert {name: client.get(some[0]).status_code for name, some in asked.items()} == dict.fromkeys(asked, 200)
    # Ids that were given are not given again.
    assert Tag.objects.create(name="new", folded="new").pk > 1


def test_the_same_seed_makes_the_same_library() -> None:
    one, other = ManyClips(10, seed=3), ManyClips(10, seed=3)
    assert [one._clip(n) for n in range(1, 11)] == [other._clip(n) for n in range(1, 11)]
