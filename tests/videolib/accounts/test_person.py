"""One person's page, and what an admin does about them."""

import pytest

from videolib.accounts import actions
from videolib.accounts.access import user_of_token
from videolib.accounts.models import AuditEntry, Role, User

GIGABYTE = 1024**3


@pytest.fixture
def ann(make_user):
    return make_user("contributor", name="Ann", email="ann@example.com")


class TestRole:
    """Giving another role."""

    def test_an_admin_gives_it(self, client_of, admin, ann):
        page = client_of(admin).post(f"/people/{ann.code}/role/", {"role": "curator"}, follow=True)
        ann.refresh_from_db()
        assert ann.is_curator
        assert "Ann has this role now: curator." in page.text
        entry = AuditEntry.objects.get(deed="change role")
        assert (entry.by, entry.thing) == (admin, "person ann@example.com")
        assert entry.details == {"before": "contributor", "after": "curator"}

    def test_from_the_list_one_comes_back_to_the_list(self, client_of, admin, ann):
        data = {"role": "learner", "next": "/people/?q=ann&page=1"}
        assert client_of(admin).post(f"/people/{ann.code}/role/", data)["Location"] == "/people/?q=ann&page=1"

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
    def test_nobody_is_led_elsewhere(self, client_of, admin, ann, elsewhere):
        answer = client_of(admin).post(f"/people/{ann.code}/role/", {"role": "learner", "next": elsewhere})
        assert answer["Location"] == f"/people/{ann.code}/"

    def test_the_last_admin_stays_one(self, client_of, admin, make_user):
        make_user("admin", is_active=False)
        page = client_of(admin).post(f"/people/{admin.code}/role/", {"role": "learner"}, follow=True)
        admin.refresh_from_db()
        assert admin.is_admin
        assert "is the last administrator. Make somebody else one first." in page.text

    def test_one_of_two_admins_may_step_down(self, client_of, admin, make_user):
        make_user("admin")
        client_of(admin).post(f"/people/{admin.code}/role/", {"role": "curator"})
        admin.refresh_from_db()
        assert admin.role == "curator"

    def test_two_who_change_it_at_once_do_not_overwrite_each_other(self, admin, ann):
        seen_earlier = User.objects.get(pk=ann.pk)
        actions.change_role(ann, Role.CURATOR, by=admin)
        with pytest.raises(actions.AccountError, match="Somebody else has just changed"):
            actions.change_role(seen_earlier, Role.LEARNER, by=admin)

    def test_a_role_that_is_none_is_refused(self, client_of, admin, ann):
        page = client_of(admin).post(f"/people/{ann.code}/role/", {"role": "owner"}, follow=True)
        assert "owner is not one of the available choices" in page.text
        ann.refresh_from_db()
        assert ann.role == "contributor"


class TestDeactivate:
    """Keeping a person out, and letting them in again."""

    def test_their_sessions_end_at_once_and_for_good(self, client_of, admin, ann):
        theirs = client_of(ann)
        assert theirs.get("/me/").status_code == 200
        client_of(admin).post(f"/people/{ann.code}/deactivate/")
        assert theirs.get("/me/").status_code == 302
        client_of(admin).post(f"/people/{ann.code}/reactivate/")
        assert theirs.get("/me/").status_code == 302

    def test_sessions_of_others_go_on(self, client_of, admin, ann, make_user):
        other = client_of(make_user())
        client_of(admin).post(f"/people/{ann.code}/deactivate/")
        assert other.get("/me/").status_code == 200

    def test_their_tokens_rest(self, client_of, admin, ann):
        secret = actions.create_token(ann, "script")
        client_of(admin).post(f"/people/{ann.code}/deactivate/")
        assert user_of_token(secret) is None
        client_of(admin).post(f"/people/{ann.code}/reactivate/")
        assert user_of_token(secret) == ann

    def test_their_clips_stay(self, client_of, admin, ann, make_clip, make_user):
        clip = make_clip(ann)
        client_of(admin).post(f"/people/{ann.code}/deactivate/")
        assert type(clip).objects.listed_for(make_user()).get() == clip

    def test_both_are_remembered(self, client_of, admin, ann):
        client = client_of(admin)
        client.post(f"/people/{ann.code}/deactivate/")
        client.post(f"/people/{ann.code}/deactivate/")
        client.post(f"/people/{ann.code}/reactivate/")
        assert [entry.deed for entry in AuditEntry.objects.order_by("at")] == ["deactivate", "reactivate"]

    def test_the_last_admin_cannot_be(self, client_of, admin):
        page = client_of(admin).post(f"/people/{admin.code}/deactivate/", follow=True)
        assert "is the last administrator" in page.text
        admin.refresh_from_db()
        assert admin.is_active

    def test_an_admin_may_deactivate_themselves_where_another_one_stays(self, client_of, admin, make_user):
        make_user("admin")
        client = client_of(admin)
        client.post(f"/people/{admin.code}/deactivate/")
        assert client.get("/people/").status_code == 302


class TestQuota:
    """How much a person may keep."""

    @pytest.mark.parametrize(("typed", "kept"), [("2.5", int(2.5 * GIGABYTE)), ("1", GIGABYTE), ("", None)])
    def test_an_admin_sets_it_in_gigabytes(self, client_of, admin, ann, typed, kept):
        page = client_of(admin).post(f"/people/{ann.code}/quota/", {"quota": typed}, follow=True)
        ann.refresh_from_db()
        assert ann.quota_bytes == kept
        assert f'value="{typed}"' in page.text or not typed

    @pytest.mark.parametrize("typed", ["-1", "0", "much", "1e99", "NaN", "Infinity", "9" * 40])
    def test_what_is_no_size_is_refused_with_a_sentence(self, client_of, admin, ann, typed):
        page = client_of(admin).post(f"/people/{ann.code}/quota/", {"quota": typed}, follow=True)
        assert page.context["messages"]
        ann.refresh_from_db()
        assert ann.quota_bytes is None


class TestEmail:
    """Signing in by another address."""

    def test_the_new_one_signs_in_and_the_old_one_does_not(self, client, client_of, admin, ann):
        client_of(admin).post(f"/people/{ann.code}/email/", {"email": "Ann.New@example.com"})
        ann.refresh_from_db()
        assert ann.email == "ann.new@example.com"
        old = client.post("/accounts/login/", {"login": "ann@example.com", "password": "correct horse"})
        assert old.status_code == 200
        new = client.post("/accounts/login/", {"login": "ann.new@example.com", "password": "correct horse"})
        assert new.status_code == 302

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [("ADA@example.com", "here already"), ("nonsense", "valid email"), ("", "required")],
    )
    def test_one_that_cannot_be_is_refused(self, client_of, admin, ann, typed, sentence):
        page = client_of(admin).post(f"/people/{ann.code}/email/", {"email": typed}, follow=True)
        assert sentence in page.text
        ann.refresh_from_db()
        assert ann.email == "ann@example.com"

    def test_where_smtp_is_set_it_must_be_confirmed(self, client, client_of, admin, ann, smtp, mailoutbox):
        client_of(admin).post(f"/people/{ann.code}/email/", {"email": "new@example.com"})
        login = {"login": "new@example.com", "password": "correct horse"}
        answer = client.post("/accounts/login/", login, follow=True)
        assert not answer.wsgi_request.user.is_authenticated
        assert mailoutbox[-1].to == ["new@example.com"]


class TestResetLink:
    """A link to set a new password, where no mail goes out."""

    def test_the_person_sets_a_new_password_once(self, client, client_of, admin, ann):
        link = client_of(admin).post(f"/people/{ann.code}/reset-link/").context["reset_link"]
        form = client.get(link, follow=True)
        passwords = {"password1": "plum-tower-9 lantern", "password2": "plum-tower-9 lantern"}
        done = client.post(form.wsgi_request.path, passwords, follow=True)
        assert "Your password is set" in done.text
        ann.refresh_from_db()
        assert ann.check_password("plum-tower-9 lantern")
        assert "does not work" in client.get(link, follow=True).text

    def test_their_old_sessions_end(self, client, client_of, admin, ann):
        theirs = client_of(ann)
        link = client_of(admin).post(f"/people/{ann.code}/reset-link/").context["reset_link"]
        form = client.get(link, follow=True)
        client.post(form.wsgi_request.path, {"password1": "plum-tower-9 l", "password2": "plum-tower-9 l"})
        assert theirs.get("/me/").status_code == 302

    def test_it_ends_after_a_time(self, client, client_of, admin, ann, settings):
        link = client_of(admin).post(f"/people/{ann.code}/reset-link/").context["reset_link"]
        settings.PASSWORD_RESET_TIMEOUT = -1
        assert "does not work" in client.get(link, follow=True).text

    def test_it_is_shown_once_and_remembered(self, client_of, admin, ann):
        page = client_of(admin).post(f"/people/{ann.code}/reset-link/")
        assert page.context["reset_link"] in page.text
        assert "no-store" in page["Cache-Control"]
        assert AuditEntry.objects.get(deed="make reset link").by == admin
        assert client_of(admin).get(f"/people/{ann.code}/reset-link/")["Location"] == f"/people/{ann.code}/"

    def test_none_is_made_for_a_deactivated_person(self, client_of, admin, ann):
        actions.deactivate_person(ann, by=admin)
        page = client_of(admin).post(f"/people/{ann.code}/reset-link/", follow=True)
        assert "Reactivate them first" in page.text


DEEDS = ["role", "deactivate", "reactivate", "quota", "email", "reset-link"]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", ["learner", "contributor", "curator"])
def test_nobody_but_an_admin_may(client_of, make_user, ann, deed, role):
    data = {"role": "admin", "quota": "1", "email": "new@example.com"}
    assert client_of(make_user(role)).post(f"/people/{ann.code}/{deed}/", data).status_code == 403
    assert User.objects.filter(pk=ann.pk, role="contributor", is_active=True, quota_bytes=None, email=ann.email)


@pytest.mark.parametrize("deed", DEEDS)
def test_signed_out_people_are_sent_to_sign_in(client, ann, deed):
    assert client.post(f"/people/{ann.code}/{deed}/")["Location"].startswith("/accounts/login/")


def test_a_person_who_is_not_there_is_404(client_of, admin):
    assert client_of(admin).get("/people/00000000-0000-0000-0000-000000000000/").status_code == 404
