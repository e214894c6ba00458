"""Addresses of this room. Included before allauth's own, so that what stands here comes first."""

from django.urls import path
from django.views.generic import RedirectView

from videolib.accounts import views

urlpatterns = [
    path("accounts/", RedirectView.as_view(pattern_name="me")),
    path("accounts/invitation/<str:secret>/", views.invitation, name="invitation"),
    path("accounts/password/reset/", views.password_reset),
    # allauth's pages for people who manage several addresses or sign in by code: admins change addresses here.
    path("accounts/email/", views.not_here),
    path("accounts/reauthenticate/", views.not_here),
    path("accounts/login/code/confirm/", views.not_here),
    path("people/", views.people, name="people"),
    path("people/audit/", views.audit_log, name="audit_log"),
    path("people/invitations/<uuid:code>/revoke/", views.invitation_revoke, name="invitation_revoke"),
    path("people/<uuid:code>/", views.person, name="person"),
    path("people/<uuid:code>/role/", views.person_role, name="person_role"),
    path("people/<uuid:code>/deactivate/", views.person_deactivate, name="person_deactivate"),
    path("people/<uuid:code>/reactivate/", views.person_reactivate, name="person_reactivate"),
    path("people/<uuid:code>/quota/", views.person_quota, name="person_quota"),
    path("people/<uuid:code>/email/", views.person_email, name="person_email"),
    path("people/<uuid:code>/reset-link/", views.person_reset_link, name="person_reset_link"),
    path("me/", views.me, name="me"),
    path("me/tokens/", views.token_create, name="token_create"),
    path("me/tokens/revoke/", views.token_revoke, name="token_revoke"),
]
