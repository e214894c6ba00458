"""Changing a password, and asking for a new one."""

import pytest

from tests.videolib.accounts.conftest import PASSWORD


class TestReset:
    """A password that was forgotten."""

    @pytest.mark.django_db
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_without_smtp_the_page_says_to_ask_an_admin(self, client, method, mailoutbox):
        page = getattr(client, method)("/accounts/password/reset/", {"email": "ann@example.com"})
        assert "Ask an admin" in page.text
        assert not mailoutbox

    def test_with_smtp_the_link_goes_out(self, client, make_user, smtp, mailoutbox, settings):
        ann = make_user(email="ann@example.com")
        client.post("/accounts/password/reset/", {"email": "Ann@example.com"})
        link = next(word for word in mailoutbox[0].body.split() if word.startswith("http"))
        assert link.startswith(settings.SITE_URL)
        form = client.get(link, follow=True)
        client.post(form.wsgi_request.path, {"password1": PASSWORD, "password2": PASSWORD})
        ann.refresh_from_db()
        assert ann.check_password(PASSWORD)

    def test_the_link_names_this_library_whatever_host_was_asked(self, client, make_user, smtp, mailoutbox, settings):
        make_user(email="ann@example.com")
        settings.ALLOWED_HOSTS = ["*"]
        client.post("/accounts/password/reset/", {"email": "ann@example.com"}, HTTP_HOST="evil.example")
        assert "evil.example" not in mailoutbox[0].body

    def test_an_unknown_address_gets_the_same_page(self, client, make_user, smtp, mailoutbox):
        page = client.post("/accounts/password/reset/", {"email": "nobody@example.com"}, follow=True)
        assert "Look into your mailbox" in page.text
        assert "There is no account with this address" in mailoutbox[0].body

    def test_a_deactivated_person_gets_no_link(self, client, make_user, smtp, mailoutbox):
        make_user(email="ann@example.com", is_active=False)
        client.post("/accounts/password/reset/", {"email": "ann@example.com"})
        assert "/password/reset/key/" not in mailoutbox[0].body

    def test_asking_again_and_again_is_turned_away(self, client, smtp):
        answers = [client.post("/accounts/password/reset/", {"email": "ann@example.com"}) for _ in range(6)]
        assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (429, "60")
        assert "You tried this very often in a short time. Go on in a minute." in answers[-1].text

    @pytest.mark.django_db
    @pytest.mark.parametrize("key", ["1-abc-def", "zzzzzzzzzzzz-x-y", "0-set-password", "1-é"])
    def test_a_wrong_link_says_what_to_do(self, client, key):
        page = client.get(f"/accounts/password/reset/key/{key}/", follow=True)
        assert "This link does not work" in page.text


class TestChange:
    """A new password for somebody signed in."""

    def change(self, client, **fields):
        data = {"oldpassword": "correct horse", "password1": PASSWORD, "password2": PASSWORD, **fields}
        return client.post("/accounts/password/change/", data, follow=True)

    def test_they_stay_signed_in_here_and_nowhere_else(self, client_of, make_user):
        ann = make_user()
        here, elsewhere = client_of(ann), client_of(ann)
        page = self.change(here)
        assert page.wsgi_request.path == "/me/"
        assert "Your password is changed" in page.text
        assert here.get("/me/").status_code == 200
        assert elsewhere.get("/me/").status_code == 302

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"oldpassword": "wrong"}, "not your current password"),
            ({"password2": "another one"}, "same password"),
            ({"password1": "short", "password2": "short"}, "too short"),
        ],
    )
    def test_what_cannot_be_is_said(self, client_of, make_user, fields, sentence):
        ann = make_user()
        assert sentence in self.change(client_of(ann), **fields).text
        ann.refresh_from_db()
        assert ann.check_password("correct horse")

    @pytest.mark.django_db
    def test_signed_out_people_are_sent_to_sign_in(self, client):
        assert "/accounts/login/" in self.change(client).redirect_chain[0][0]
