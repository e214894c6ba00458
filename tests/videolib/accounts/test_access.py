"""Every address of people, settings and tables, tried by everybody."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from videolib.accounts.access import admin_required, contributor_required, curator_required
from videolib.accounts.models import Invitation

ADMIN_ONLY = [
    ("get", "/people/"),
    ("post", "/people/"),
    ("get", "/people/audit/"),
    ("post", "/people/invitations/{invitation}/revoke/"),
    ("get", "/people/{person}/"),
    ("post", "/people/{person}/role/"),
    ("post", "/people/{person}/deactivate/"),
    ("post", "/people/{person}/reactivate/"),
    ("post", "/people/{person}/quota/"),
    ("post", "/people/{person}/email/"),
    ("post", "/people/{person}/reset-link/"),
    ("get", "/people/{person}/clips/"),
    ("post", "/people/{person}/clips/"),
    ("get", "/settings/"),
    ("post", "/settings/"),
    ("post", "/settings/licences/"),
    ("post", "/settings/licences/remove/"),
    ("get", "/django-admin/"),
    ("get", "/django-admin/videolib/user/"),
    ("post", "/django-admin/videolib/user/"),
]
SIGNED_IN = [
    ("get", "/me/"),
    ("post", "/me/"),
    ("post", "/me/tokens/"),
    ("post", "/me/tokens/revoke/"),
    ("get", "/accounts/password/change/"),
]
EVERYBODY = [
    ("get", "/accounts/login/"),
    ("get", "/accounts/signup/"),
    ("get", "/accounts/inactive/"),
    ("get", "/accounts/password/reset/"),
    ("get", "/accounts/password/reset/done/"),
    ("get", "/accounts/password/reset/key/done/"),
    ("get", "/accounts/confirm-email/"),
    ("get", "/accounts/confirm-email/nonsense/"),
]
ROLES = [None, "learner", "contributor", "curator", "admin"]


@pytest.fixture
def go(client_of, make_user, invite):
    invite("ann@example.com")
    codes = {"person": make_user("contributor").code, "invitation": Invitation.objects.get().code}

    def walk(role, method, path):
        client = client_of(make_user(role) if role else None)
        return getattr(client, method)(path.format(**codes)).status_code, path

    return walk


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
def test_pages_of_admins(go, role, method, path):
    status, _ = go(role, method, path)
    if role is None:
        assert status == 302
    elif role == "admin":
        assert status in (200, 302)
    else:
        assert status == 403


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), SIGNED_IN)
def test_pages_of_signed_in_people(go, role, method, path):
    status, _ = go(role, method, path)
    assert status == 302 if role is None else status in (200, 302)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), EVERYBODY)
def test_pages_of_everybody(go, role, method, path):
    status, _ = go(role, method, path)
    assert status in (200, 302)


@pytest.mark.parametrize(("method", "path"), [pair for pair in ADMIN_ONLY if "{" not in pair[1]])
def test_the_403_page_says_what_to_do(client_of, make_user, method, path):
    page = getattr(client_of(make_user("curator")), method)(path)
    assert "Ask one of yours" in page.text


@pytest.mark.parametrize(
    ("guard", "allowed"),
    [
        (contributor_required, {"contributor", "curator", "admin"}),
        (curator_required, {"curator", "admin"}),
        (admin_required, {"admin"}),
    ],
)
@pytest.mark.parametrize("role", ROLES[1:])
def test_each_guard_lets_in_its_role_and_those_above(make_user, guard, allowed, role):
    @guard
    def view(request):
        return HttpResponse("in")

    request = RequestFactory().get("/")
    request.user = make_user(role)
    if role in allowed:
        assert view(request).content == b"in"
    else:
        with pytest.raises(PermissionDenied, match="Ask"):
            view(request)


def test_writing_without_a_token_of_the_form_is_refused(admin):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/people/", {"role": "admin", "anybody": "1"}).status_code == 403
    assert not Invitation.objects.exists()
