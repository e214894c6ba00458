"""What a person keeps, and handing it to somebody else."""

import pytest
from django.utils import timezone

from videolib.accounts.models import AuditEntry


@pytest.fixture
def ann(make_user):
    return make_user("contributor", name="Ann")


@pytest.fixture
def bob(make_user):
    return make_user("contributor", name="Bob")


@pytest.fixture
def client(client_of, make_user):
    return client_of(make_user("admin"))


def test_everything_goes_to_the_other_person(client, ann, bob, make_clip):
    make_clip(ann)
    make_clip(ann, visibility="private")
    make_clip(ann, trashed_at=timezone.now())
    page = client.get(f"/people/{ann.code}/clips/")
    assert "3 clips" in page.text
    page = client.post(f"/people/{ann.code}/clips/", {"to": bob.code}, follow=True)
    assert "Bob owns 3 more clips now." in page.text
    assert (ann.clips.count(), bob.clips.count()) == (0, 3)
    assert AuditEntry.objects.get(deed="hand over clips").details == {"to": bob.email, "clips": 3}


def test_learners_deactivated_people_and_the_owner_get_none(client, ann, make_user, make_clip):
    make_clip(ann)
    for taker in (make_user("learner"), make_user("curator", is_active=False), ann):
        page = client.post(f"/people/{ann.code}/clips/", {"to": taker.code})
        assert page.context["form"].errors["to"]
    assert ann.clips.count() == 1


@pytest.mark.parametrize("to", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_nobody_is_no_choice(client, ann, make_clip, to):
    make_clip(ann)
    assert client.post(f"/people/{ann.code}/clips/", {"to": to}).context["form"].errors["to"]


@pytest.mark.parametrize("role", [None, "learner", "contributor", "curator"])
def test_nobody_else_may(client_of, make_user, ann, bob, make_clip, role):
    make_clip(ann)
    client = client_of(make_user(role) if role else None)
    assert client.post(f"/people/{ann.code}/clips/", {"to": bob.code}).status_code == (403 if role else 302)
    assert ann.clips.count() == 1


def test_the_number_of_queries_does_not_grow(client, ann, make_clip, make_user, django_assert_max_num_queries):
    make_clip(ann)
    with django_assert_max_num_queries(10) as few:
        client.get(f"/people/{ann.code}/clips/")
    for _ in range(5):
        make_clip(ann)
        make_user("contributor")
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(f"/people/{ann.code}/clips/")
