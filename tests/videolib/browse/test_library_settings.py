"""The library's settings, for admins."""

import pytest

from videolib.accounts.models import AuditEntry
from videolib.clips.models import LibrarySettings, License

GIGABYTE = 1024**3
GOOD = {"default_visibility": "team", "max_upload_bytes": "0.5", "quota_bytes": "20"}


@pytest.fixture
def client(client_of, make_user):
    return client_of(make_user("admin"))


class TestSettings:
    """Visibility of new clips, and limits."""

    def test_what_holds_is_shown_and_can_be_changed(self, client):
        assert 'value="50"' in client.get("/settings/").text
        page = client.post("/settings/", GOOD, follow=True)
        current = LibrarySettings.current()
        assert (current.default_visibility, current.max_upload_bytes) == ("team", GIGABYTE // 2)
        assert current.quota_bytes == 20 * GIGABYTE
        assert 'value="0.5"' in page.text
        assert AuditEntry.objects.get(deed="change settings").details["quota_bytes"] == 20 * GIGABYTE

    def test_it_stays_one_row(self, client):
        client.post("/settings/", GOOD)
        client.post("/settings/", GOOD)
        assert LibrarySettings.objects.count() == 1

    @pytest.mark.parametrize(
        "wrong",
        [{"default_visibility": "public"}, {"quota_bytes": "-1"}, {"max_upload_bytes": ""}, {"quota_bytes": "é"}],
    )
    def test_what_cannot_be_is_said_beside_the_field(self, client, wrong):
        page = client.post("/settings/", {**GOOD, **wrong})
        assert page.context["form"].errors[next(iter(wrong))]
        assert not LibrarySettings.objects.exists()


class TestLicences:
    """What owners can choose."""

    def test_one_is_added_and_removed(self, client):
        page = client.post("/settings/licences/", {"name": "CC BY", "url": "https://example.com/by"}, follow=True)
        assert "CC BY can be chosen" in page.text
        client.post("/settings/licences/remove/", {"name": "CC BY"})
        assert not License.objects.exists()

    @pytest.mark.parametrize(
        ("fields", "field"),
        [({"name": ""}, "name"), ({"name": "cc by"}, "name"), ({"name": "New", "url": "javascript:alert(1)"}, "url")],
    )
    def test_what_cannot_be_is_said(self, client, fields, field):
        License.objects.create(name="CC BY")
        page = client.post("/settings/licences/", fields)
        assert page.context["license_form"].errors[field]
        assert License.objects.count() == 1

    def test_one_that_is_gone_is_said(self, client):
        assert "gone already" in client.post("/settings/licences/remove/", {"name": "CC BY"}, follow=True).text


@pytest.mark.parametrize("role", [None, "learner", "contributor", "curator"])
@pytest.mark.parametrize("path", ["/settings/", "/settings/licences/", "/settings/licences/remove/"])
def test_nobody_else_may(client_of, make_user, role, path):
    License.objects.create(name="CC BY")
    client = client_of(make_user(role) if role else None)
    assert client.post(path, {**GOOD, "name": "CC BY"}).status_code == (403 if role else 302)
    assert not LibrarySettings.objects.exists()
    assert License.objects.count() == 1


def test_the_number_of_queries_does_not_grow(client, django_assert_num_queries):
    with django_assert_num_queries(5):
        client.get("/settings/")
    for number in range(5):
        License.objects.create(name=f"Licence {number}")
    with django_assert_num_queries(5):
        client.get("/settings/")
