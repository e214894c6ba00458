"""What can be done with people: invite, change, deactivate; and the audit log every deed is written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import MaxLengthValidator, validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from videolib.accounts.models import (
    INVITATION_LIFE,
    ApiToken,
    AuditEntry,
    Invitation,
    Role,
    User,
    hash_secret,
    new_secret,
)
from videolib.lib.mail import compose, send_mails

# More than a team invites in one go, and as many as one connection to a mail server takes while a page waits.
MOST_INVITATIONS = 100
MOST_TOKENS = 20
LONGEST_EMAIL = 254
# Told apart from other secrets by people and by scanners that look for leaked ones.
TOKEN_PREFIX = "vl_"
MAIL_PROOF = signing.Signer(salt="videolib.invitation.mailed")


class AccountError(ValueError):
    """A deed that cannot be done; the message is for whoever tried it."""


def write_audit(deed: str, thing: str, *, by: User | None, **details: Any) -> None:
    """Remember who did what to what (`thing` in words that outlive it)."""
    AuditEntry.objects.create(deed=deed, thing=thing[:200], by=by, details=details)


# --- Coming in ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SentInvitation:
    """An invitation with its link, which nobody can see again."""

    invitation: Invitation
    link: str


@dataclass
class Invited:
    """What became of a list of addresses."""

    sent: list[SentInvitation] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    mailed: bool = False


def invite_people(addresses: Sequence[str], *, role: Role, by: User) -> Invited:
    """Invite each address; those that cannot be are named one by one, the others are invited all the same.

    Whoever was invited before and has not come gets a fresh link, and the old one ends. Mails go out where SMTP is set.
    """
    invited = Invited()
    if len(addresses) > MOST_INVITATIONS:
        raise AccountError(f"These are {len(addresses)} addresses. Invite at most {MOST_INVITATIONS} at a time.")
    for address in dict.fromkeys(address.strip().lower() for address in addresses):
        try:
            invited.sent.append(_invite(_valid_email(address), role, by))
        except AccountError as error:
            invited.refused.append(f"{address[:100]}: {error}")
    if settings.HAS_SMTP and invited.sent:
        invited.mailed = send_mails([_mail_of(sent, by) for sent in invited.sent])
    return invited


def invite_anybody(*, role: Role, by: User) -> SentInvitation:
    """A link that lets in one person, whoever opens it first."""
    return _invite("", role, by)


@transaction.atomic
def _invite(email: str, role: Role, by: User | None) -> SentInvitation:
    if email:
        _refuse_taken(email)
        Invitation.objects.filter(email=email, used_at=None).delete()
    secret, expires = new_secret(), timezone.now() + INVITATION_LIFE
    invitation = Invitation.objects.create(
        secret_hash=hash_secret(secret), email=email, role=role, created_by=by, expires_at=expires
    )
    if by:
        write_audit("invite", email or "whoever has the link", by=by, role=role)
    return SentInvitation(invitation, _absolute("invitation", secret=secret))


def _mail_of(sent: SentInvitation, by: User) -> EmailMessage:
    email = sent.invitation.email
    proof = MAIL_PROOF.signature(f"{sent.invitation.code}:{email}")
    return compose("invitation", email, link=f"{sent.link}?mailed={proof}", by=by, invitation=sent.invitation)


def came_by_mail(invitation: Invitation, proof: str) -> bool:
    """Whether `proof` is what only the mail to the invited address carried, not the link the admin was shown."""
    try:
        MAIL_PROOF.unsign(f"{invitation.code}:{invitation.email}:{proof}")
    except signing.BadSignature:
        return False
    return bool(invitation.email)


def accept_invitation(invitation: Invitation, *, email: str, name: str, password: str, by_mail: bool = False) -> User:
    """Become a person of the library; an invitation is good once. `email` counts only where it names nobody.

    Raises AccountError when somebody was quicker, or the address is none, or taken. The address counts as confirmed
    when they came by the mail, and for the first administrator, for whom whoever runs the machine vouches.
    """
    # The slow hash is made before the transaction: it would hold the database's one write lock for half a second.
    email, hashed = invitation.email or _valid_email(email.strip().lower()), make_password(password)
    with transaction.atomic():
        if not Invitation.objects.open().filter(pk=invitation.pk).update(used_at=timezone.now()):
            raise AccountError("This invitation has been used already, or it has expired. Ask for a new one.")
        if invitation.is_first_admin and User.objects.active_admins().exists():
            raise AccountError("There is an administrator already. Ask them for an invitation.")
        confirmed = by_mail or invitation.is_first_admin
        person = _add_person(email, hashed, Role(invitation.role), name, confirmed=confirmed)
        Invitation.objects.filter(pk=invitation.pk).update(used_by=person)
        write_audit("accept invitation", f"person {person.email}", by=person, role=person.role)
    return person


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: User) -> None:
    """Make the link of an invitation that nobody used worthless."""
    if not Invitation.objects.filter(pk=invitation.pk, used_at=None).delete()[0]:
        raise AccountError("That invitation has just been used.")
    write_audit("revoke invitation", str(invitation), by=by, role=invitation.role)


@transaction.atomic
def ensure_first_admin_link() -> str | None:
    """A fresh one-time link that makes the first administrator; None, and older links end, once there is one."""
    Invitation.objects.from_nobody().delete()
    if User.objects.active_admins().exists():
        return None
    return _invite("", Role.ADMIN, None).link


def create_person(email: str, *, role: Role, name: str = "", password: str | None = None, by: User | None) -> User:
    """Make a person at once; without a password they need a reset link. `by` is None for whoever runs the machine."""
    email, hashed = _valid_email(email.strip().lower()), make_password(password)
    with transaction.atomic():
        person = _add_person(email, hashed, role, name, confirmed=True)
        write_audit("create person", f"person {email}", by=by, role=role)
    return person


def _add_person(email: str, hashed: str, role: Role, name: str, *, confirmed: bool) -> User:
    _refuse_taken(email)
    try:
        with transaction.atomic():
            person = User.objects.create(email=email.lower(), name=name.strip(), role=role, password=hashed)
    except IntegrityError as error:
        raise AccountError("Somebody with this address is here already.") from error
    EmailAddress.objects.create(user=person, email=person.email, verified=confirmed, primary=True)
    Invitation.objects.filter(email=person.email, used_at=None).delete()
    return person


def _valid_email(email: str) -> str:
    try:
        validate_email(email)
        MaxLengthValidator(LONGEST_EMAIL)(email)
    except ValidationError as error:
        raise AccountError("This is not an e-mail address.") from error
    return email


def _refuse_taken(email: str) -> None:
    if User.objects.filter(email__iexact=email).exists():
        raise AccountError("Somebody with this address is here already.")


def _absolute(name: str, **kwargs: Any) -> str:
    return f"{settings.SITE_URL}{reverse(name, kwargs=kwargs)}"


# --- What a person may do -------------------------------------------------------------------------------------------


@transaction.atomic
def change_role(person: User, role: Role, *, by: User) -> None:
    """Give a person another role. The last administrator stays one (AccountError)."""
    before = Role(person.role)
    if before == role:
        return
    if before == Role.ADMIN:
        _keep_an_admin(person)
        _end_invitations_of(person)
    if not User.objects.filter(pk=person.pk, role=before).update(role=role):
        raise AccountError(f"Somebody else has just changed the role of {person.display_name}. Look again.")
    person.role = role
    write_audit("change role", f"person {person.email}", by=by, before=before, after=role)


def deactivate_person(person: User, *, by: User) -> None:
    """Keep a person out from now on: sessions end, tokens rest, open invitations of theirs end. Their clips stay."""
    with transaction.atomic():
        _keep_an_admin(person)
        _end_invitations_of(person)
        if User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
            write_audit("deactivate", f"person {person.email}", by=by)
    person.is_active = False
    _end_sessions_of(person)


@transaction.atomic
def reactivate_person(person: User, *, by: User) -> None:
    """Let a deactivated person in again, with the role, password and tokens they had."""
    if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        write_audit("reactivate", f"person {person.email}", by=by)
    person.is_active = True


@transaction.atomic
def set_quota(person: User, quota_bytes: int | None, *, by: User) -> None:
    """How much a person may keep in the library; None: what everybody may."""
    before, person.quota_bytes = person.quota_bytes, quota_bytes
    person.save(update_fields=["quota_bytes"])
    write_audit("set quota", f"person {person.email}", by=by, before=before, after=quota_bytes)


@transaction.atomic
def change_email(person: User, email: str, *, by: User) -> None:
    """Let a person sign in by another address; where SMTP is set they confirm it at the next sign-in."""
    email, before = _valid_email(email.strip().lower()), person.email
    if email == before:
        return
    _refuse_taken(email)
    Invitation.objects.filter(email=email, used_at=None).delete()
    person.email = email
    try:
        with transaction.atomic():
            person.save(update_fields=["email"])
    except IntegrityError as error:
        raise AccountError("Somebody with this address is here already.") from error
    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=email, verified=False, primary=True)
    write_audit("change e-mail", f"person {email}", by=by, before=before, after=email)


@transaction.atomic
def rename_person(person: User, name: str, *, by: User) -> None:
    """Change the name others see; it is remembered when somebody else does it."""
    before, person.name = person.name, name.strip()
    person.save(update_fields=["name"])
    if by.pk != person.pk:
        write_audit("rename", f"person {person.email}", by=by, before=before, after=person.name)


@transaction.atomic
def make_reset_link(person: User, *, by: User | None) -> str:
    """A link that sets a new password once, good for PASSWORD_RESET_TIMEOUT; to be handed over by whoever asked."""
    if not person.is_active:
        raise AccountError(f"{person.display_name} is deactivated. Reactivate them first.")
    write_audit("make reset link", f"person {person.email}", by=by)
    uid, key = user_pk_to_url_str(person), default_token_generator.make_token(person)
    return _absolute("account_reset_password_from_key", uidb36=uid, key=key)


def _keep_an_admin(person: User) -> None:
    # The rows of all admins are locked (where the database can), so that two who demote each other do it in turn.
    admins = set(User.objects.active_admins().select_for_update().values_list("pk", flat=True))
    if admins == {person.pk}:
        raise AccountError(f"{person.display_name} is the last administrator. Make somebody else one first.")


def _end_invitations_of(person: User) -> None:
    Invitation.objects.filter(created_by=person, used_at=None).delete()


def _end_sessions_of(person: User) -> None:
    # Django turns a deactivated person away by itself; this keeps old sessions from waking when they come back.
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(person.pk):
            session.delete()


# --- Personal tokens ------------------------------------------------------------------------------------------------


@transaction.atomic
def create_token(person: User, name: str) -> str:
    """A token for machines that may do what its person may. Returns the secret, which nobody can see again."""
    name = name.strip()
    # Names and numbers are looked at by one at a time.
    User.objects.select_for_update().get(pk=person.pk)
    if person.api_tokens.filter(name=name).exists():
        raise AccountError(f'You have a token called "{name}" already. Choose another name, or revoke that one.')
    if person.api_tokens.count() >= MOST_TOKENS:
        raise AccountError(f"You have {MOST_TOKENS} tokens. Revoke one you no longer use first.")
    secret = TOKEN_PREFIX + new_secret()
    ApiToken.objects.create(user=person, name=name, secret_hash=hash_secret(secret))
    write_audit("create token", f"token {name}", by=person)
    return secret


@transaction.atomic
def revoke_token(person: User, name: str) -> None:
    """End a token at once; names are unique within a person."""
    if not person.api_tokens.filter(name=name).delete()[0]:
        raise AccountError("That token is gone already.")
    write_audit("revoke token", f"token {name}", by=person)
