"""The one-time link that makes the first administrator."""

from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from videolib.accounts.actions import ensure_first_admin_link, invite_anybody
from videolib.accounts.models import Invitation, Role, User

pytestmark = pytest.mark.django_db


def printed() -> str:
    out = StringIO()
    call_command("first_admin_link", stdout=out)
    return out.getvalue()


def test_the_link_makes_an_admin_who_is_signed_in(client, settings, accepting):
    link = ensure_first_admin_link()
    assert link.startswith(settings.SITE_URL)
    assert "first administrator" in client.get(link).text
    answer = client.post(link, accepting(email="ann@example.com"), follow=True)
    assert answer.wsgi_request.user.is_admin


def test_the_command_prints_a_link_and_then_nothing_once_there_is_an_admin(client, accepting):
    link = printed().strip()
    client.post(link, accepting(email="ann@example.com"))
    assert printed() == ""


def test_only_the_newest_link_works(client):
    old, new = ensure_first_admin_link(), ensure_first_admin_link()
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert Invitation.objects.count() == 1


def test_a_link_that_lies_around_is_worthless_once_there_is_an_admin(client, make_user, accepting):
    link = ensure_first_admin_link()
    make_user("admin")
    page = client.post(link, accepting(email="eve@example.com"))
    assert "There is an administrator already" in page.text
    assert not User.objects.filter(email="eve@example.com").exists()


def test_a_deactivated_admin_does_not_count(make_user):
    make_user("admin", is_active=False)
    assert ensure_first_admin_link()


def test_invitations_of_people_are_left_alone(make_user):
    invite_anybody(role=Role.LEARNER, by=make_user("admin"))
    ensure_first_admin_link()
    assert Invitation.objects.open().count() == 1


def test_the_first_administrator_need_not_confirm_by_mail(client, smtp, mailoutbox, accepting):
    answer = client.post(urlsplit(ensure_first_admin_link()).path, accepting(email="ann@example.com"), follow=True)
    assert answer.wsgi_request.user.is_admin
    assert not mailoutbox
