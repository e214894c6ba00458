"""Signing up: closed, or for addresses at SIGNUP_DOMAINS."""

import pytest

from tests.videolib.accounts.conftest import PASSWORD
from videolib.accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def domains(settings):
    settings.SIGNUP_DOMAINS = frozenset({"example.com", "example.org"})


def sign_up(client, email):
    data = {"email": email, "name": "Ann Able", "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/accounts/signup/", data, follow=True)


def test_without_domains_the_page_says_how_to_get_in(client):
    assert "by invitation" in client.get("/accounts/signup/").text
    assert "by invitation" in sign_up(client, "ann@example.com").text
    assert not User.objects.exists()


def test_an_address_at_such_a_domain_becomes_a_learner_and_is_signed_in(client, domains):
    assert "example.com or example.org" in client.get("/accounts/signup/").text
    answer = sign_up(client, "Ann@Example.com")
    assert answer.wsgi_request.user == User.objects.get(email="ann@example.com", name="Ann Able", role="learner")


@pytest.mark.parametrize(
    "email",
    ["ann@elsewhere.org", "ann@mail.example.com", "ann@example.com.evil.org", "ann@notexample.com"],
)
def test_any_other_address_is_refused_with_a_sentence(client, domains, email):
    page = sign_up(client, email)
    assert "Only addresses at example.com or example.org may sign up. Ask an admin to invite this one." in page.text
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "nonsense", '"a@example.com"@evil.org', "a\x00@example.com", "a@example.com@b"])
def test_what_is_no_address_is_refused(client, domains, email):
    assert sign_up(client, email).status_code == 200
    assert not User.objects.exists()


def test_a_taken_address_is_refused(client, domains, make_user):
    make_user(email="ann@example.com")
    assert "here already" in sign_up(client, "ann@example.com").text
    assert User.objects.count() == 1


def test_a_weak_password_is_refused(client, domains):
    data = {"email": "ann@example.com", "name": "Ann", "password1": "password123", "password2": "password123"}
    assert "too common" in client.post("/accounts/signup/", data).text


class TestWithMail:
    """Where SMTP is set, addresses are confirmed first."""

    def test_nobody_is_signed_in_before(self, client, domains, smtp, mailoutbox, settings):
        page = sign_up(client, "ann@example.com")
        assert not page.wsgi_request.user.is_authenticated
        assert "mailbox" in page.text
        assert f"{settings.SITE_URL}/accounts/confirm-email/" in mailoutbox[0].body

    def test_a_taken_address_is_told_only_to_its_owner(self, client, domains, smtp, mailoutbox, make_user):
        make_user(email="ann@example.com")
        assert "mailbox" in sign_up(client, "ann@example.com").text
        assert mailoutbox[0].to == ["ann@example.com"]
        assert "account with this address already" in mailoutbox[0].body

    def test_a_mail_server_that_is_away_is_said(self, client, domains, smtp, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        assert "The e-mail could not be sent" in sign_up(client, "ann@example.com").text
