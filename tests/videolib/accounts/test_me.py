"""A person's own page: name, and tokens for machines."""

from datetime import timedelta

import pytest
from django.utils import timezone

from videolib.accounts import actions
from videolib.accounts.access import user_of_token
from videolib.accounts.models import ApiToken, AuditEntry


class TestName:
    """What others see."""

    def test_a_person_changes_their_own(self, client_of, make_user):
        ann = make_user()
        page = client_of(ann).post("/me/", {"name": "Ann <Able>"}, follow=True)
        ann.refresh_from_db()
        assert ann.name == "Ann <Able>"
        assert "Ann &lt;Able&gt;" in page.text

    @pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
    def test_what_is_no_name_is_refused_beside_the_field(self, client_of, make_user, name):
        ann = make_user(name="Ann")
        page = client_of(ann).post("/me/", {"name": name})
        assert page.context["name_form"].errors["name"]
        ann.refresh_from_db()
        assert ann.name == "Ann"

    @pytest.mark.django_db
    def test_signed_out_people_are_sent_to_sign_in(self, client):
        answer = client.post("/me/", {"name": "Eve"}, headers={"referer": "http://testserver/me/"})
        assert answer["Location"] == "/accounts/login/?next=/me/"


class TestTokens:
    """Tokens for machines."""

    def test_a_new_one_is_shown_once_and_opens_the_door(self, client_of, make_user):
        ann = make_user("learner")
        page = client_of(ann).post("/me/tokens/", {"name": "Upload script"})
        secret = page.context["secret"]
        assert secret in page.text
        assert "no-store" in page["Cache-Control"]
        assert user_of_token(secret) == ann
        assert secret not in client_of(ann).get("/me/").text
        assert AuditEntry.objects.get(deed="create token").by == ann

    def test_only_a_hash_is_kept(self, make_user):
        secret = actions.create_token(make_user(), "script")
        token = ApiToken.objects.get()
        assert secret not in {token.secret_hash, token.name}
        assert len(token.secret_hash) == 64

    def test_a_revoked_one_opens_nothing(self, client_of, make_user):
        ann = make_user()
        secret = actions.create_token(ann, "script")
        client_of(ann).post("/me/tokens/revoke/", {"name": "script"})
        assert user_of_token(secret) is None

    def test_nobody_revokes_anothers(self, client_of, make_user):
        secret = actions.create_token(make_user(), "script")
        page = client_of(make_user()).post("/me/tokens/revoke/", {"name": "script"}, follow=True)
        assert "gone already" in page.text
        assert user_of_token(secret)

    @pytest.mark.parametrize("name", ["", "x" * 61, "a\x00b"])
    def test_it_needs_a_name(self, client_of, make_user, name):
        page = client_of(make_user()).post("/me/tokens/", {"name": name})
        assert page.context["token_form"].errors["name"]
        assert not ApiToken.objects.exists()

    def test_a_name_is_given_once(self, client_of, make_user):
        ann = make_user()
        actions.create_token(ann, "script")
        page = client_of(ann).post("/me/tokens/", {"name": "script"})
        assert "You have a token called &quot;script&quot; already" in page.text

    def test_there_is_a_most(self, make_user):
        ann = make_user()
        for number in range(actions.MOST_TOKENS):
            actions.create_token(ann, f"script {number}")
        with pytest.raises(actions.AccountError, match="Revoke one"):
            actions.create_token(ann, "one more")

    def test_its_last_use_is_written_down_at_most_once_a_minute(self, make_user, django_assert_num_queries):
        secret = actions.create_token(make_user(), "script")
        with django_assert_num_queries(2):
            user_of_token(secret)
        with django_assert_num_queries(1):
            user_of_token(secret)
        used = timezone.now() - timedelta(minutes=2)
        ApiToken.objects.update(last_used_at=used)
        user_of_token(secret)
        assert ApiToken.objects.get().last_used_at > used

    @pytest.mark.django_db
    @pytest.mark.parametrize("secret", ["", "nonsense", "vl_", "é\x00", "x" * 10_000])
    def test_what_is_no_token_is_nobodys(self, secret):
        assert user_of_token(secret) is None

    @pytest.mark.django_db
    @pytest.mark.parametrize("path", ["/me/tokens/", "/me/tokens/revoke/"])
    def test_signed_out_people_are_sent_to_sign_in(self, client, path):
        assert client.post(path, {"name": "script"}).status_code == 302

    def test_the_number_of_queries_does_not_grow_with_tokens(self, client_of, make_user, django_assert_num_queries):
        ann = make_user()
        client = client_of(ann)
        with django_assert_num_queries(3):
            client.get("/me/")
        for number in range(10):
            actions.create_token(ann, f"script {number}")
        with django_assert_num_queries(3):
            client.get("/me/")
