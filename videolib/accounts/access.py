"""Who may open a page at all (by role), and whose token a machine brings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from videolib.accounts.models import ApiToken, Invitation, Role, User, hash_secret

if TYPE_CHECKING:
    from uuid import UUID

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# A machine asks many times a second: when its token was last used is written down at most this often.
USE_NOTED_EVERY = timedelta(minutes=1)

WHAT_TO_DO = {
    Role.CONTRIBUTOR: "Uploading is for contributors. Ask an admin to make you one.",
    Role.CURATOR: "This is for curators. Ask an admin if you need it.",
    Role.ADMIN: "This is for admins. Ask one of yours to do it for you.",
}


def admin_required(view: View[P]) -> View[P]:
    """For admins: signed-out people are sent to sign in, others get the 403 page that says what to do."""
    return _role_required(Role.ADMIN, view)


def curator_required(view: View[P]) -> View[P]:
    """For curators and admins; see `admin_required`."""
    return _role_required(Role.CURATOR, view)


def contributor_required(view: View[P]) -> View[P]:
    """For contributors, curators and admins; see `admin_required`."""
    return _role_required(Role.CONTRIBUTOR, view)


def _role_required(role: Role, view: View[P]) -> View[P]:
    @wraps(view)
    def checked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not person_of(request).has_role(role):
            raise PermissionDenied(WHAT_TO_DO[role])
        return view(request, *args, **kwargs)

    return checked


def person_of(request: HttpRequest) -> User:
    """The person who is signed in; for views behind `login_required` or one of the above."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def get_person_for(user: User, code: UUID) -> User:
    """The person with that code, for an admin. Raises Http404 for everybody else: who is here is not theirs to try."""
    person = User.objects.filter(code=code).first() if user.is_admin else None
    if person is None:
        raise Http404("There is no such person.")
    return person


def get_invitation_for(user: User, code: UUID) -> Invitation:
    """The unused invitation with that code, for an admin; else Http404."""
    unused = Invitation.objects.filter(code=code, used_at=None, created_by__isnull=False)
    invitation = unused.first() if user.is_admin else None
    if invitation is None:
        raise Http404("That invitation has been used or revoked.")
    return invitation


def invitation_of(secret: str) -> Invitation | None:
    """The invitation a link leads to, open or not; None for one that was never made, or was revoked."""
    return Invitation.objects.select_related("created_by").filter(secret_hash=hash_secret(secret)).first()


def user_of_token(secret: str) -> User | None:
    """Whose personal token that is; None for one that is unknown, revoked, or of a deactivated person."""
    tokens = ApiToken.objects.select_related("user").filter(user__is_active=True)
    token = tokens.filter(secret_hash=hash_secret(secret)).first()
    if token is None:
        return None
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user
