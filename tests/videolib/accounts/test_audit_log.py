"""The audit log: who did what to what, when."""

import pytest

from videolib.accounts.actions import write_audit


def test_it_says_who_what_and_when(client_of, admin):
    write_audit("change role", "person ann@example.com", by=admin, before="learner", after="<b>curator</b>")
    write_audit("create person", "person bob@example.com", by=None)
    page = client_of(admin).get("/people/audit/")
    assert "Ada Admin" in page.text
    assert "person ann@example.com" in page.text
    assert "after: &lt;b&gt;curator&lt;/b&gt;" in page.text
    assert "whoever runs the machine" in page.text


def test_the_newest_stands_first_and_older_ones_on_further_pages(client_of, admin):
    for number in range(60):
        write_audit("test", f"thing {number}", by=admin)
    first, second = (client_of(admin).get("/people/audit/", {"page": page}) for page in (1, 2))
    assert first.context["page"][0].thing == "thing 59"
    assert len(second.context["page"]) == 10


def test_the_number_of_queries_does_not_grow(client_of, admin, make_user, django_assert_num_queries):
    client = client_of(admin)
    write_audit("test", "thing", by=admin)
    with django_assert_num_queries(5):
        client.get("/people/audit/")
    for number in range(30):
        write_audit("test", f"thing {number}", by=make_user())
    with django_assert_num_queries(5):
        client.get("/people/audit/")


@pytest.mark.parametrize("role", ["learner", "contributor", "curator"])
def test_it_is_for_admins(client_of, make_user, role):
    assert client_of(make_user(role)).get("/people/audit/").status_code == 403


@pytest.mark.django_db
def test_it_is_not_for_signed_out_people(client):
    assert client.get("/people/audit/").status_code == 302
