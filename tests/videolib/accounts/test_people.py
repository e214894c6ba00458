"""The people page: who is here, who is invited."""

import pytest

from videolib.accounts.models import AuditEntry, Invitation, User


def links_on(page) -> list[str]:
    return [sent.link for sent in page.context["invited"].sent]


class TestInvite:
    """Inviting, on the people page."""

    def test_an_admin_invites_many_and_is_shown_each_link_once(self, client_of, admin):
        client = client_of(admin)
        page = client.post("/people/", {"addresses": "ann@example.com\nbob@example.com", "role": "curator"})
        links = links_on(page)
        assert len(links) == 2
        assert all(link in page.text for link in links)
        assert "no-store" in page["Cache-Control"]
        assert Invitation.objects.filter(role="curator", created_by=admin).count() == 2
        assert links[0] not in client.get("/people/").text
        assert AuditEntry.objects.filter(deed="invite", by=admin).count() == 2

    def test_only_a_hash_of_the_link_is_kept(self, client_of, admin):
        page = client_of(admin).post("/people/", {"role": "learner", "anybody": "1"})
        secret = links_on(page)[0].rstrip("/").rpartition("/")[2]
        assert not Invitation.objects.filter(secret_hash__contains=secret).exists()

    def test_bad_lines_are_named_one_by_one_and_good_ones_still_invited(self, client_of, admin):
        lines = (
            "ann@example.com, not an address\nada@example.com; Bob Bee <BOB@example.com>\n\n"
            + "x" * 300
            + "@example.com"
        )
        page = client_of(admin).post("/people/", {"addresses": lines, "role": "learner"})
        assert sorted(Invitation.objects.values_list("email", flat=True)) == ["ann@example.com", "bob@example.com"]
        refused = page.context["invited"].refused
        assert refused[0] == "not an address: This is not an e-mail address."
        assert refused[1] == "ada@example.com: Somebody with this address is here already."
        assert len(refused) == 3

    def test_inviting_somebody_again_gives_a_fresh_link_and_ends_the_old_one(self, client, client_of, admin, invite):
        old = invite("ann@example.com")
        page = client_of(admin).post("/people/", {"addresses": "Ann@example.com", "role": "learner"})
        assert client.get(old).status_code == 404
        assert client.get(links_on(page)[0]).status_code == 200

    def test_the_same_address_twice_is_invited_once(self, client_of, admin):
        client_of(admin).post("/people/", {"addresses": "a@example.com\nA@example.com", "role": "learner"})
        assert Invitation.objects.count() == 1

    def test_no_address_at_all_is_said(self, client_of, admin):
        page = client_of(admin).post("/people/", {"addresses": " \n,", "role": "learner"})
        assert "at least one address" in page.text

    def test_too_many_at_once_are_refused(self, client_of, admin):
        lines = "\n".join(f"p{n}@example.com" for n in range(101))
        page = client_of(admin).post("/people/", {"addresses": lines, "role": "learner"})
        assert "at most 100" in page.text
        assert not Invitation.objects.exists()

    def test_a_role_that_is_none_is_refused(self, client_of, admin):
        page = client_of(admin).post("/people/", {"addresses": "ann@example.com", "role": "owner"})
        assert page.status_code == 200
        assert not Invitation.objects.exists()

    def test_mails_go_out_where_smtp_is_set(self, client_of, admin, smtp, mailoutbox, settings):
        page = client_of(admin).post("/people/", {"addresses": "ann@example.com, bob@example.com", "role": "learner"})
        assert [mail.to for mail in mailoutbox] == [["ann@example.com"], ["bob@example.com"]]
        assert mailoutbox[0].subject == "You are invited to our library of screen recordings"
        assert f"{settings.SITE_URL}/accounts/invitation/" in mailoutbox[0].body
        assert "on their way" in page.text

    def test_links_are_shown_when_the_mail_server_is_away(self, client_of, admin, smtp, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        page = client_of(admin).post("/people/", {"addresses": "ann@example.com", "role": "learner"})
        assert "on their way" not in page.text
        assert "Hand over this link" in page.text

    @pytest.mark.parametrize("role", ["learner", "contributor", "curator"])
    def test_nobody_else_may(self, client_of, make_user, role):
        answer = client_of(make_user(role)).post("/people/", {"role": "admin", "anybody": "1"})
        assert answer.status_code == 403
        assert not Invitation.objects.exists()

    @pytest.mark.django_db
    def test_signed_out_people_are_sent_to_sign_in(self, client):
        came_from = {"referer": "http://testserver/people/"}
        answer = client.post("/people/", {"role": "admin", "anybody": "1"}, headers=came_from)
        assert answer["Location"] == "/accounts/login/?next=/people/"
        assert not Invitation.objects.exists()


class TestRevoke:
    """Ending an open invitation."""

    def test_the_link_is_worthless_afterwards(self, client, client_of, admin, invite):
        path = invite("ann@example.com")
        answer = client_of(admin).post(f"/people/invitations/{Invitation.objects.get().code}/revoke/", follow=True)
        assert "is revoked" in answer.text
        assert client.get(path).status_code == 404
        assert AuditEntry.objects.filter(deed="revoke invitation", thing="ann@example.com").exists()

    def test_one_that_was_used_is_not_there(self, client, client_of, admin, invite, accepting):
        client.post(invite("ann@example.com"), accepting())
        code = Invitation.objects.get().code
        assert client_of(admin).post(f"/people/invitations/{code}/revoke/").status_code == 404

    def test_a_curator_may_not(self, client_of, make_user, invite):
        invite("ann@example.com")
        code = Invitation.objects.get().code
        assert client_of(make_user("curator")).post(f"/people/invitations/{code}/revoke/").status_code == 403
        assert Invitation.objects.count() == 1

    def test_signed_out_people_may_not(self, client, invite):
        invite("ann@example.com")
        assert client.post(f"/people/invitations/{Invitation.objects.get().code}/revoke/").status_code == 302
        assert Invitation.objects.count() == 1


class TestList:
    """Who is here."""

    def test_it_is_searched_by_name_and_address(self, client_of, admin, make_user):
        make_user(name="Ann Able", email="one@example.com")
        make_user(name="Bob", email="bob.able@example.com")
        make_user(name="Carl", email="carl@example.com")
        page = client_of(admin).get("/people/", {"q": "able"})
        assert [person.name for person in page.context["page"]] == ["Ann Able", "Bob"]
        page = client_of(admin).get("/people/", {"q": "able ann"})
        assert [person.name for person in page.context["page"]] == ["Ann Able"]

    @pytest.mark.parametrize("words", ["%", "_", "'", "\x00", "é🎬", "x " * 300, "nobody-of-that-name"])
    def test_odd_words_find_nobody_or_somebody_but_never_fail(self, client_of, admin, words):
        assert client_of(admin).get("/people/", {"q": words}).status_code == 200

    @pytest.mark.parametrize("number", ["2", "0", "-1", "x", "99999999999999999999"])
    def test_odd_page_numbers_show_some_page(self, client_of, admin, number):
        assert client_of(admin).get("/people/", {"page": number}).status_code == 200

    def test_the_number_of_queries_does_not_grow_with_people(
        self, client_of, admin, make_user, invite, django_assert_num_queries, django_assert_max_num_queries
    ):
        client = client_of(admin)
        with django_assert_max_num_queries(8) as few:
            client.get("/people/")
        for number in range(12):
            make_user(is_active=number % 2 == 0)
            invite(f"p{number}@example.com")
        with django_assert_num_queries(len(few.captured_queries)):
            client.get("/people/")

    def test_the_link_of_the_first_administrator_is_nobodys_invitation(self, client_of, admin):
        Invitation.objects.create(secret_hash="0" * 64, role="admin", expires_at=admin.date_joined.replace(year=2090))
        assert not client_of(admin).get("/people/").context["invitations"]

    def test_a_name_that_looks_like_markup_is_shown_as_text(self, client_of, admin, make_user):
        make_user(name="<script>alert(1)</script>")
        page = client_of(admin).get("/people/")
        assert "<script>alert(1)" not in page.text
        assert User.objects.count() == 2
