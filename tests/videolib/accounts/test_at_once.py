"""Deeds on people at once, on PostgreSQL, where they overlap."""

from __future__ import annotations

from functools import partial

import pytest

from tests.videolib.at_once import race
from videolib.accounts import actions
from videolib.accounts.models import ApiToken, Invitation, Role, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("deed", ["change_role", "deactivate_person"])
def test_two_admins_who_dismiss_each_other_leave_one(make_user, monkeypatch, deed):
    ada, bob = make_user("admin", "Ada"), make_user("admin", "Bob")
    role = (Role.LEARNER,) if deed == "change_role" else ()
    deeds = [
        partial(getattr(actions, deed), User.objects.get(pk=person.pk), *role, by=by)
        for person, by in ((ada, bob), (bob, ada))
    ]
    first, second = race(monkeypatch, *deeds, stop_after=(actions, "write_audit"))
    assert (first.error, second.had_to_wait) == (None, True)
    assert isinstance(second.error, actions.AccountError)
    assert "last administrator" in str(second.error)
    assert list(User.objects.active_admins()) == [bob]


def test_an_invitation_lets_one_in(make_user, monkeypatch):
    actions.invite_anybody(role=Role.LEARNER, by=make_user("admin"))
    deeds = [
        partial(
            actions.accept_invitation, Invitation.objects.get(), email=email, name="", password="correct horse battery"
        )
        for email in ("ann@example.com", "bob@example.com")
    ]
    first, second = race(monkeypatch, *deeds, stop_after=(actions, "_add_person"))
    assert (first.error, second.had_to_wait) == (None, True)
    assert isinstance(second.error, actions.AccountError)
    assert not User.objects.filter(email="bob@example.com").exists()


def test_one_address_is_one_person(make_user, monkeypatch):
    make = partial(actions.create_person, "ann@example.com", role=Role.LEARNER, by=None)
    first, second = race(monkeypatch, make, make, stop_after=(actions, "_add_person"))
    assert first.error is None
    assert isinstance(second.error, actions.AccountError)


def test_an_address_is_given_to_one_of_two_who_want_it(make_user, monkeypatch):
    deeds = [
        partial(actions.change_email, person, "new@example.com", by=person)
        for person in (make_user("learner"), make_user("learner"))
    ]
    first, second = race(monkeypatch, *deeds, stop_after=(actions, "write_audit"))
    assert first.error is None
    assert isinstance(second.error, actions.AccountError)


@pytest.mark.parametrize(("names", "most"), [(("one", "one"), 20), (("one", "other"), 1)])
def test_tokens_are_counted_and_named_one_at_a_time(make_user, monkeypatch, names, most):
    monkeypatch.setattr(actions, "MOST_TOKENS", most)
    person = make_user("learner")
    deeds = [partial(actions.create_token, person, name) for name in names]
    first, second = race(monkeypatch, *deeds, stop_after=(actions, "write_audit"))
    assert (first.error, second.had_to_wait) == (None, True)
    assert isinstance(second.error, actions.AccountError)
    assert ApiToken.objects.count() == 1
