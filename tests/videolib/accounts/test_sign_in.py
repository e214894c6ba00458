"""Signing in and out, by allauth."""

import time

import pytest
from allauth.account import app_settings
from allauth.core.internal.ratelimit import parse_rates
from django.test import Client

from videolib.accounts import actions


def sign_in(client, email, password="correct horse", **more):
    return client.post("/accounts/login/", {"login": email, "password": password, **more}, follow=True)


def test_a_person_signs_in_by_address_in_any_case(client, make_user):
    ann = make_user(email="ann@example.com")
    assert sign_in(client, " Ann@Example.COM").wsgi_request.user == ann


def test_they_come_to_where_they_wanted_to_go(client, make_user):
    make_user(email="ann@example.com")
    assert client.get("/me/")["Location"] == "/accounts/login/?next=/me/"
    assert sign_in(client, "ann@example.com", next="/me/").wsgi_request.path == "/me/"


def test_nobody_is_led_to_another_site(client, make_user):
    make_user(email="ann@example.com")
    answer = sign_in(client, "ann@example.com", next="https://evil.example/")
    assert answer.redirect_chain[0][0] == "/"


@pytest.mark.parametrize(("email", "password"), [("ann@example.com", "wrong"), ("nobody@example.com", "wrong")])
def test_a_wrong_password_and_an_unknown_address_sound_alike(client, make_user, email, password):
    make_user(email="ann@example.com")
    page = sign_in(client, email, password)
    assert "No account has this address and password" in page.text
    assert not page.wsgi_request.user.is_authenticated


@pytest.mark.parametrize("email", ["", "no address", "a\x00b@example.com", "x" * 500 + "@example.com", "'; --@x.y"])
@pytest.mark.django_db
def test_odd_addresses_are_refused_without_an_error_page(client, email):
    assert sign_in(client, email).status_code == 200


def test_a_deactivated_person_is_told_so(client, make_user):
    make_user(email="ann@example.com", is_active=False)
    page = sign_in(client, "ann@example.com")
    assert "Your account is deactivated" in page.text
    assert not page.wsgi_request.user.is_authenticated


def test_a_deactivated_person_with_a_wrong_password_learns_nothing(client, make_user):
    make_user(email="ann@example.com", is_active=False)
    assert "deactivated" not in sign_in(client, "ann@example.com", "wrong").text


class TestGuessing:
    """Wrong passwords: too many are answered 429, and by when the right one is looked at again."""

    @pytest.fixture(autouse=True)
    def _clock(self, monkeypatch):
        self.now = time.time()
        monkeypatch.setattr(time, "time", lambda: self.now)

    def guess(self, client, email, password="wrong"):
        """A second after the one before."""
        self.now += 1
        return sign_in(client, email, password)

    @pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
    def test_five_for_one_address_are_enough_whether_or_not_somebody_has_it(self, client, make_user, email):
        make_user(email="ann@example.com")
        answers = [self.guess(client, email) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 200, 429]
        assert answers[5]["Retry-After"] == "295"
        assert "<h1>Too often</h1>\n  <p>Too many passwords were wrong. Go on in 5 minutes.</p>" in answers[5].text

    def test_the_right_one_is_let_in_when_it_was_said_and_no_second_before(self, client, make_user):
        ann = make_user(email="ann@example.com")
        for _ in range(5):
            self.guess(client, "ann@example.com")
        refused = self.guess(client, "ann@example.com", "correct horse")
        assert refused.status_code == 429
        assert not refused.wsgi_request.user.is_authenticated
        self.now += int(refused["Retry-After"]) - 2
        assert self.guess(client, "ann@example.com", "correct horse").status_code == 429
        assert self.guess(client, "ann@example.com", "correct horse").wsgi_request.user == ann

    def test_many_from_one_machine_are_put_off_for_a_minute(self, client, make_user):
        ann = make_user(email="ann@example.com")
        answers = [self.guess(client, f"nobody{number}@example.com") for number in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert answers[10]["Retry-After"] == "50"
        assert "Too many passwords were wrong. Go on in a minute." in answers[10].text
        assert self.guess(client, "ann@example.com", "correct horse").status_code == 429
        self.now += 49
        assert self.guess(client, "ann@example.com", "correct horse").wsgi_request.user == ann

    def test_somebody_else_elsewhere_is_let_in_meanwhile(self, client, make_user):
        ann = make_user(email="ann@example.com")
        for _ in range(6):
            self.guess(client, "bob@example.com")
        assert self.guess(client, "ann@example.com", "correct horse").wsgi_request.user == ann

    @pytest.mark.parametrize("proxies", [0, 1])
    def test_behind_a_proxy_each_visitor_has_their_own_limit(self, client, db, settings, proxies):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies  # as the settings have it for an https SITE_URL

        def visitor(address, number):
            said = {"login": f"nobody{number}@example.com", "password": "wrong"}
            headers = {"x-forwarded-for": f"spoofed, {address}"}
            return client.post("/accounts/login/", said, headers=headers).status_code

        assert [visitor("203.0.113.5", number) for number in range(15)][-1] == 429
        assert visitor("203.0.113.6", 99) == (429 if proxies == 0 else 200)


def test_very_many_passwords_from_one_machine_are_put_off_even_if_they_were_right(make_user):
    make_user(email="ann@example.com")
    said = {"login": "ann@example.com", "password": "correct horse"}
    answers = [Client().post("/accounts/login/", said) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [302] * 30 + [429]
    assert answers[30]["Retry-After"] == "60"
    assert "You tried this very often in a short time. Go on in a minute." in answers[30].text


def test_wherever_allauth_counts_by_itself_a_minute_is_enough():
    known = {"login_failed", "confirm_email"}  # told exactly; not told at all: the mail is on its way
    texts = [text for action, text in app_settings.RATE_LIMITS.items() if action not in known]
    assert {rate.duration for text in texts for rate in parse_rates(text)} == {60, 30}


def test_signing_out_is_a_post(client_of, make_user):
    client = client_of(make_user())
    assert "Sign out?" in client.get("/accounts/logout/").text
    assert client.get("/me/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/me/").status_code == 302


def test_without_smtp_nothing_has_to_be_confirmed(client, admin):
    actions.change_email(admin, "new@example.com", by=admin)
    assert sign_in(client, "new@example.com").wsgi_request.user == admin


@pytest.mark.parametrize("path", ["email/", "reauthenticate/", "login/code/confirm/", "phone/change/"])
def test_pages_this_library_does_not_offer_are_404(client_of, make_user, path):
    assert client_of(make_user()).get(f"/accounts/{path}").status_code == 404


def test_an_address_cannot_be_added_by_hand(client_of, make_user):
    client = client_of(make_user())
    assert client.post("/accounts/email/", {"action_add": "", "email": "eve@example.com"}).status_code == 404


def test_the_bare_address_leads_to_the_account(client_of, make_user):
    assert client_of(make_user()).get("/accounts/")["Location"] == "/me/"
