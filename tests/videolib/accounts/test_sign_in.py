"""Signing in and out, by allauth."""

import pytest

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


def test_guessing_is_slowed_down(client, make_user):
    make_user(email="ann@example.com")
    for _ in range(5):
        sign_in(client, "ann@example.com", "wrong")
    page = sign_in(client, "ann@example.com")
    assert "Too many attempts" in page.text
    assert not page.wsgi_request.user.is_authenticated


@pytest.mark.parametrize("proxies", [0, 1])
def test_behind_a_proxy_each_visitor_has_their_own_limit(client, make_user, settings, proxies):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies  # as the settings have it for an https SITE_URL
    make_user(email="ann@example.com")

    def visitor(address, number):
        said = {"login": f"nobody{number}@example.com", "password": "wrong"}
        return client.post("/accounts/login/", said, headers={"x-forwarded-for": f"spoofed, {address}"}).text

    assert "Too many attempts" in [visitor("203.0.113.5", number) for number in range(15)][-1]
    assert ("Too many attempts" in visitor("203.0.113.6", 99)) is (proxies == 0)


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
