"""Who calls the API: a personal token (scripts) or the session of a signed-in page, forms' protection included."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from videolib.accounts.access import user_of_token
from videolib.accounts.models import User


class TokenAuth(HttpBearer):
    """`Authorization: Bearer <token>`; the token is made on the page "Me"."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """The token's person, who becomes the request's; None turns the call away with 401."""
        user = user_of_token(token)
        if user:
            request.user = user
        return user


CALLERS = [TokenAuth(), SessionAuth(csrf=True)]
