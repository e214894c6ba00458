"""Where an invitation leads: one person, once, within two weeks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.videolib.accounts.conftest import PASSWORD
from videolib.accounts import actions
from videolib.accounts.models import AuditEntry, Invitation, Role, User

# Right in every part, and two characters longer than an address may be.
LONG_EMAIL = f"{'a' * 61}@{'.'.join(['b' * 63] * 3)}.co"


def test_an_invited_person_chooses_name_and_password_and_is_signed_in(client, invite, accepting):
    page = client.get(invite("ann@example.com", "contributor"))
    assert page.status_code == 200
    assert "contributor" in page.text
    answer = client.post(page.wsgi_request.path, accepting(), follow=True)
    assert answer.wsgi_request.user == User.objects.get(email="ann@example.com", name="Ann Able", role="contributor")
    assert User.objects.get(email="ann@example.com").check_password(PASSWORD)
    assert AuditEntry.objects.filter(deed="accept invitation", by__email="ann@example.com").exists()


def test_a_link_for_anybody_asks_for_the_address(client, invite, accepting):
    client.post(invite(), accepting(email="Bob@Example.com"))
    assert User.objects.get(name="Ann Able").email == "bob@example.com"


def test_whoever_is_invited_by_address_cannot_take_another_one(client, invite, accepting):
    client.post(invite("ann@example.com"), accepting(email="ada@elsewhere.org"))
    assert User.objects.filter(email="ann@example.com").exists()
    assert not User.objects.filter(email="ada@elsewhere.org").exists()


def test_a_link_works_once(client, client_of, invite, accepting):
    path = invite()
    client.post(path, accepting(email="ann@example.com"))
    again = client_of(None).post(path, accepting(email="eve@example.com"))
    assert again.status_code == 410
    assert "once" in again.text
    assert not User.objects.filter(email="eve@example.com").exists()


def test_of_two_who_are_equally_quick_one_comes_in(invite):
    invite("ann@example.com")
    first, second = Invitation.objects.get(), Invitation.objects.get()
    actions.accept_invitation(first, email="", name="Ann", password=PASSWORD)
    with pytest.raises(actions.AccountError, match="used already"):
        actions.accept_invitation(second, email="", name="Ann", password=PASSWORD)


def test_an_expired_link_says_when_it_ended(client, invite, accepting):
    path = invite()
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    page = client.get(path)
    assert page.status_code == 410
    assert "expired" in page.text
    assert client.post(path, accepting(email="ann@example.com")).status_code == 410


@pytest.mark.parametrize("secret", ["nonsense", "x" * 2000, "a%00b", "%F0%9F%8E%AC"])
@pytest.mark.django_db
def test_a_wrong_link_says_what_to_do(client, secret):
    page = client.get(f"/accounts/invitation/{secret}/")
    assert page.status_code == 404
    assert "Copy the whole link" in page.text


def test_an_address_that_is_taken_is_refused_and_the_link_stays_good(client, admin, invite, accepting):
    path = invite()
    page = client.post(path, accepting(email="ADA@example.com"))
    assert "here already" in page.text
    client.post(path, accepting(email="ann@example.com"))
    assert User.objects.filter(email="ann@example.com").exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password2": "something else"}, "not the same password"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "password123", "password2": "password123"}, "too common"),
        ({"password1": "ann.able@example", "password2": "ann.able@example"}, "too similar"),
        ({"name": "  "}, "required"),
        ({"email": "no address"}, "valid email"),
        ({"email": LONG_EMAIL}, "at most 254 characters"),
        ({"name": "a\x00b"}, "Null characters"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(client, invite, accepting, fields, sentence):
    page = client.post(invite(), accepting(**{"email": "ann.able@example.com", **fields}))
    assert page.status_code == 200
    assert sentence in page.text
    assert User.objects.filter(name="Ann Able").count() == 0


@pytest.mark.parametrize("email", ["no address", "", LONG_EMAIL])
def test_an_address_that_is_none_is_refused_whichever_door_it_comes_by(invite, email):
    invite()
    with pytest.raises(actions.AccountError, match="not an e-mail address"):
        actions.accept_invitation(Invitation.objects.get(), email=email, name="Ann", password=PASSWORD)
    assert Invitation.objects.open().count() == 1


def test_somebody_signed_in_is_told_to_sign_out_first(client_of, make_user, invite, accepting):
    client, path = client_of(make_user()), invite()
    assert "sign out first" in client.get(path).text
    assert client.post(path, accepting(email="ann@example.com")).status_code == 403
    assert Invitation.objects.open().count() == 1


def test_signing_out_there_leads_back_to_the_invitation(client_of, make_user, invite):
    client, path = client_of(make_user()), invite()
    page = client.post("/accounts/logout/", {"next": path}, follow=True)
    assert page.wsgi_request.path == path
    assert "Come in" in page.text


def test_an_invitation_ends_when_its_person_is_made_another_way(client, invite, admin):
    path = invite("ann@example.com")
    actions.create_person("ann@example.com", role=Role.LEARNER, by=admin)
    assert client.get(path).status_code == 404


def test_the_page_is_kept_by_no_cache(client, invite):
    assert "no-store" in client.get(invite())["Cache-Control"]


class TestWithMail:
    """What counts as a confirmed address where SMTP is set."""

    def test_who_came_by_the_mail_is_confirmed_and_signed_in(self, client, admin, smtp, mailoutbox, accepting):
        actions.invite_people(["ann@example.com"], role=Role.LEARNER, by=admin)
        link = next(word for word in mailoutbox[0].body.split() if word.startswith("http"))
        page = client.get(link)
        answer = client.post(link, accepting(mailed=page.context["form"]["mailed"].value()), follow=True)
        assert answer.wsgi_request.user.email == "ann@example.com"
        assert len(mailoutbox) == 1

    def test_who_came_by_the_link_the_admin_saw_must_confirm(self, client, smtp, mailoutbox, invite, accepting):
        answer = client.post(invite("ann@example.com"), accepting(mailed="made-up"), follow=True)
        assert not answer.wsgi_request.user.is_authenticated
        assert "mailbox" in answer.text
        assert "/accounts/confirm-email/" in mailoutbox[-1].body
        assert mailoutbox[-1].to == ["ann@example.com"]

    def test_the_mailed_link_of_one_proves_nothing_for_another(self, admin, smtp, mailoutbox):
        actions.invite_people(["ann@example.com", "bob@example.com"], role=Role.LEARNER, by=admin)
        proof = mailoutbox[0].body.split("?mailed=")[1].split()[0]
        ann, bob = Invitation.objects.get(email="ann@example.com"), Invitation.objects.get(email="bob@example.com")
        assert actions.came_by_mail(ann, proof)
        assert not actions.came_by_mail(bob, proof)

    def test_confirming_by_the_mail_lets_them_sign_in(self, client, smtp, mailoutbox, invite, accepting):
        client.post(invite("ann@example.com"), accepting())
        link = next(word for word in mailoutbox[-1].body.split() if word.startswith("http"))
        assert "Is <strong>ann@example.com</strong> your address" in client.get(link).text
        client.post(link)
        answer = client.post("/accounts/login/", {"login": "ann@example.com", "password": PASSWORD}, follow=True)
        assert answer.wsgi_request.user.is_authenticated


def test_links_of_an_admin_end_when_they_are_deactivated(client, admin, make_user, invite):
    path = invite("", "admin")
    actions.deactivate_person(admin, by=make_user("admin"))
    assert client.get(path).status_code == 404


def test_links_of_an_admin_end_when_they_are_one_no_more(client, admin, make_user, invite):
    path = invite("", "admin")
    actions.change_role(admin, Role.CURATOR, by=make_user("admin"))
    assert client.get(path).status_code == 404
