"""Pages about people: invitations, the people page, what a person sees of themselves, the audit log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from allauth.account.utils import perform_login
from allauth.account.views import password_reset as allauth_password_reset
from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from videolib.accounts import actions, forms
from videolib.accounts.access import admin_required, get_invitation_for, get_person_for, invitation_of, person_of
from videolib.accounts.models import AuditEntry, Invitation, Role, User

PEOPLE_A_PAGE = 50
ENTRIES_A_PAGE = 50
# An admin meets open invitations above the people; hundreds of them would hide the page.
INVITATIONS_SHOWN = 100


# --- Coming in ------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password1", "password2")
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Where an invitation leads: say who you are, choose a password, be signed in."""
    found = invitation_of(secret)
    if found is None or not found.is_open:
        return render(request, "accounts/invitation_gone.html", {"invitation": found}, status=410 if found else 404)
    if request.user.is_authenticated:
        return render(request, "accounts/invitation_signed_in.html", status=403 if request.method == "POST" else 200)
    form = forms.AcceptForm(request.POST or None, invitation=found, initial={"mailed": request.GET.get("mailed", "")})
    person = _accept(form, found) if form.is_valid() else None
    if person:
        response: HttpResponse = perform_login(request, person, redirect_url="/", email=person.email)
        return response
    return render(request, "accounts/invitation.html", {"form": form, "invitation": found})


def _accept(form: forms.AcceptForm, found: Invitation) -> User | None:
    data = form.cleaned_data
    by_mail = actions.came_by_mail(found, data["mailed"])
    try:
        return actions.accept_invitation(
            found, email=data["email"], name=data["name"], password=data["password1"], by_mail=by_mail
        )
    except actions.AccountError as error:
        form.add_error(None, str(error))
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def password_reset(request: HttpRequest) -> HttpResponse:
    """With a mail server a link goes out; without one an admin makes it."""
    if settings.HAS_SMTP:
        response: HttpResponse = allauth_password_reset(request)
        return response
    return render(request, "accounts/ask_for_reset.html")


def not_here(_request: HttpRequest) -> HttpResponse:
    """For pages of allauth that this library does not offer."""
    raise Http404("This library has no such page.")


# --- People, for admins ---------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@admin_required
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and who is invited. POST invites; the links are on the page that answers, and nowhere again."""
    form, by = forms.InviteForm(request.POST if request.method == "POST" else None), person_of(request)
    invited = None
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        if "anybody" in request.POST:
            invited = actions.Invited(sent=[actions.invite_anybody(role=role, by=by)])
        else:
            invited = _invite(form, role, by)
    return _people_page(request, forms.InviteForm() if invited else form, invited=invited)


def _invite(form: forms.InviteForm, role: Role, by: User) -> actions.Invited | None:
    addresses = form.cleaned_data["addresses"]
    if not addresses:
        form.add_error("addresses", "Write at least one address, or make a link for anybody.")
        return None
    try:
        return actions.invite_people(addresses, role=role, by=by)
    except actions.AccountError as error:
        form.add_error("addresses", str(error))
        return None


def _people_page(request: HttpRequest, form: forms.InviteForm, **context: Any) -> HttpResponse:
    words = request.GET.get("q", "")[:200]
    found = Paginator(User.objects.named_like(words), PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    invitations = Invitation.objects.open().exclude(created_by=None).select_related("created_by")
    context |= {
        "form": form,
        "words": words,
        "page": found,
        "roles": Role.choices,
        "invitations": invitations.order_by("-created_at")[:INVITATIONS_SHOWN],
    }
    return render(request, "accounts/people.html", context)


@require_POST
@admin_required
def invitation_revoke(request: HttpRequest, code: UUID) -> HttpResponse:
    """End an open invitation."""
    found = get_invitation_for(person_of(request), code)
    return _do(request, partial(actions.revoke_invitation, found), f"The invitation for {found} is revoked.", "people")


@require_safe
@admin_required
def person(request: HttpRequest, code: UUID) -> HttpResponse:
    """One person, and what an admin can do about them."""
    return _person_page(request, get_person_for(person_of(request), code))


def _person_page(request: HttpRequest, shown: User, **context: Any) -> HttpResponse:
    context |= {
        "person": shown,
        "roles": Role.choices,
        "quota_form": forms.QuotaForm(initial={"quota": shown.quota_bytes}),
        "email_form": forms.EmailForm(initial={"email": shown.email}),
        "reset_days": settings.PASSWORD_RESET_TIMEOUT // 86400,
    }
    return render(request, "accounts/person.html", context)


@require_POST
@admin_required
def person_role(request: HttpRequest, code: UUID) -> HttpResponse:
    """Give a person another role."""
    changed = get_person_for(person_of(request), code)
    form = forms.RoleForm(request.POST)
    if not form.is_valid():
        return _refused(request, form, changed)
    role = Role(form.cleaned_data["role"])
    deed = partial(actions.change_role, changed, role)
    return _do(request, deed, f"{changed.display_name} has this role now: {role.label.lower()}.", changed)


@require_POST
@admin_required
def person_deactivate(request: HttpRequest, code: UUID) -> HttpResponse:
    """Keep a person out."""
    changed = get_person_for(person_of(request), code)
    said = f"{changed.display_name} is deactivated and signed out everywhere. Their clips stay."
    return _do(request, partial(actions.deactivate_person, changed), said, changed)


@require_POST
@admin_required
def person_reactivate(request: HttpRequest, code: UUID) -> HttpResponse:
    """Let a deactivated person in again."""
    changed = get_person_for(person_of(request), code)
    return _do(request, partial(actions.reactivate_person, changed), f"{changed.display_name} may sign in.", changed)


@require_POST
@admin_required
def person_quota(request: HttpRequest, code: UUID) -> HttpResponse:
    """How much a person may keep."""
    changed = get_person_for(person_of(request), code)
    form = forms.QuotaForm(request.POST)
    if not form.is_valid():
        return _refused(request, form, changed)
    return _do(request, partial(actions.set_quota, changed, form.cleaned_data["quota"]), "The quota is set.", changed)


@require_POST
@admin_required
def person_email(request: HttpRequest, code: UUID) -> HttpResponse:
    """Let a person sign in by another address."""
    changed = get_person_for(person_of(request), code)
    form = forms.EmailForm(request.POST)
    if not form.is_valid():
        return _refused(request, form, changed)
    said = f"{changed.display_name} signs in by the new address from now on."
    return _do(request, partial(actions.change_email, changed, form.cleaned_data["email"]), said, changed)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@admin_required
def person_reset_link(request: HttpRequest, code: UUID) -> HttpResponse:
    """A link to set a new password, on the page that answers, and nowhere again."""
    shown = get_person_for(person_of(request), code)
    if request.method != "POST":
        return redirect("person", code=code)
    try:
        link = actions.make_reset_link(shown, by=person_of(request))
    except actions.AccountError as error:
        messages.error(request, str(error))
        return _back(request, shown)
    return _person_page(request, shown, reset_link=link)


def _do(request: HttpRequest, deed: Callable[..., None], said: str, about: User | str) -> HttpResponse:
    try:
        deed(by=person_of(request))
    except actions.AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return _back(request, about)


def _refused(request: HttpRequest, form: django_forms.Form, about: User) -> HttpResponse:
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return _back(request, about)


def _back(request: HttpRequest, about: User | str) -> HttpResponse:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return redirect(wanted)
    return redirect(about) if isinstance(about, str) else redirect("person", code=about.code)


@require_safe
@admin_required
def audit_log(request: HttpRequest) -> HttpResponse:
    """Who did what to what, and when."""
    entries = AuditEntry.objects.select_related("by").order_by("-at", "-pk")
    page = Paginator(entries, ENTRIES_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/audit_log.html", {"page": page})


# --- Me -------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def me(request: HttpRequest) -> HttpResponse:
    """A person's own page: name, password, tokens for machines."""
    person = person_of(request)
    if request.method != "POST":
        return _me_page(request, name_form=forms.NameForm(initial={"name": person.name}))
    form = forms.NameForm(request.POST)
    if not form.is_valid():
        return _me_page(request, name_form=form)
    actions.rename_person(person, form.cleaned_data["name"], by=person)
    messages.success(request, "Your name is saved.")
    return redirect("me")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def token_create(request: HttpRequest) -> HttpResponse:
    """A token for machines; its secret is on the page that answers, and nowhere again."""
    if request.method != "POST":
        return redirect("me")
    form = forms.TokenForm(request.POST)
    secret = None
    if form.is_valid():
        try:
            secret = actions.create_token(person_of(request), form.cleaned_data["name"])
        except actions.AccountError as error:
            form.add_error("name", str(error))
    return _me_page(request, token_form=forms.TokenForm() if secret else form, secret=secret)


@require_POST
@login_required
def token_revoke(request: HttpRequest) -> HttpResponse:
    """End a token."""
    try:
        actions.revoke_token(person_of(request), request.POST.get("name", ""))
    except actions.AccountError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The token is revoked. What used it is turned away from now on.")
    return redirect("me")


def _me_page(request: HttpRequest, **context: Any) -> HttpResponse:
    person = person_of(request)
    context = {
        "name_form": forms.NameForm(initial={"name": person.name}),
        "token_form": forms.TokenForm(),
        "tokens": person.api_tokens.order_by("name"),
        **context,
    }
    return render(request, "accounts/me.html", context)
