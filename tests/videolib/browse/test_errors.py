"""The pages for what went wrong: each says what to do, and 500 needs nothing that may have broken."""

from unittest import mock

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from videolib.browse import errors, views
from videolib.lib.limits import TooOften


@pytest.fixture
def request_of_somebody(rf):
    return rf.get("/somewhere/")


def failing(error):
    return mock.patch("videolib.browse.views.count_tags", side_effect=error)


def test_an_unknown_address_says_what_may_be_wrong(client_of, make_user):
    for client in (client_of(), client_of(make_user())):
        response = client.get("/no/such/page/")
        assert response.status_code == 404
        assert "not shared with you" in response.content.decode()


def test_what_a_role_may_not_do_shows_the_sentence_of_the_view(client_of, make_user):
    with failing(PermissionDenied("Ask an admin to make you a curator.")):
        response = client_of(make_user()).get("/")
    assert response.status_code == 403
    assert "Ask an admin to make you a curator." in response.content.decode()


def test_a_sentence_of_a_view_is_escaped(client_of, make_user):
    with failing(PermissionDenied("<b>no</b>")):
        response = client_of(make_user()).get("/")
    assert "<b>no</b>" not in response.content.decode()


def test_a_form_without_protection_says_to_reload(make_user):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"login": "a@example.com", "password": "x"})
    assert response.status_code == 403
    assert "too old" in response.content.decode()


def test_a_form_that_is_too_large_is_413(client, db, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = client.post("/accounts/login/", {"login": "a" * 100})
    assert response.status_code == 413
    assert "too large" in response.content.decode()


def test_the_handler_of_400_knows_what_is_too_large(request_of_somebody):
    assert errors.bad_request(request_of_somebody, RequestDataTooBig("x")).status_code == 413
    assert errors.bad_request(request_of_somebody, ValueError("x")).status_code == 400


@pytest.mark.parametrize("path", ["/", "/search", "/accounts/login/", "/no/such/page/"])
def test_an_address_that_is_not_ours_says_what_to_set_and_is_one_line_in_the_log(client, db, caplog, path):
    response = client.get(path, headers={"host": "192.168.1.5:8000"})
    assert response.status_code == 400
    assert "does not answer to this address; whoever runs it sets SITE_URL to it" in response.content.decode()
    (line,) = caplog.records
    assert "'192.168.1.5:8000'" in line.getMessage()
    assert line.exc_info is None


@pytest.mark.parametrize("host", ["a b\r\nc", "x" * 5_000, "é.example", ""])
def test_any_odd_address_is_400_with_a_page(client, db, host):
    assert "SITE_URL" in client.get("/", headers={"host": host}).content.decode()


def test_reading_what_is_only_for_buttons_is_405_with_a_page(client_of, make_user, make_clip):
    clip = make_clip()
    for client in (client_of(), client_of(make_user("curator"))):
        response = client.get(f"/clips/{clip.code}/hide/")
        assert response.status_code == 405
        assert response["Allow"] == "POST"
        assert int(response["Content-Length"]) == len(response.content)
        assert "Go back to that page" in response.content.decode()


def test_what_says_its_own_sentence_about_a_method_keeps_it(client_of, make_user):
    response = client_of(make_user("contributor")).get("/uploads/", headers={"tus-resumable": "1.0.0"})
    assert response.status_code == 405
    assert response.content.decode().startswith("GET does nothing here")


def test_whatever_counts_is_429_with_how_long_to_wait(client_of, make_user):
    with failing(TooOften("You looked at <b>all</b> tags.", 61)):
        response = client_of(make_user()).get("/")
    assert (response.status_code, response["Retry-After"]) == (429, "61")
    assert "You looked at &lt;b&gt;all&lt;/b&gt; tags. Go on in 2 minutes." in response.text


def test_a_mistake_of_ours_is_500_without_any_query(client_of, make_user):
    client = client_of(make_user())
    client.raise_request_exception = False
    with failing(RuntimeError("broken")):
        response = client.get("/")
    assert response.status_code == 500
    assert "not your fault" in response.content.decode()
    assert "RuntimeError" not in response.content.decode()


def test_500_asks_neither_database_nor_static_manifest(settings, db):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    with CaptureQueriesContext(connection) as queries:
        response = errors.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke" in response.content.decode()
    assert len(queries) == 0


def test_500_still_answers_when_its_template_is_broken(monkeypatch):
    monkeypatch.setattr(errors, "render_to_string", mock.Mock(side_effect=RuntimeError("no template")))
    response = errors.server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Try again in a minute" in response.content.decode()


def test_only_reading_is_allowed_on_pages_that_only_show(client_of, make_user):
    client = client_of(make_user())
    for view in (views.home, views.browse, views.search, views.tag_suggestions):
        assert view(RequestFactory().post("/")).status_code == 405
    assert client.post("/").status_code == 405
