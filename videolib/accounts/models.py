"""People, how they come in, what they may do, and what was done that must be remembered."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Concat, Lower
from django.utils import timezone

INVITATION_LIFE = timedelta(days=14)


def hash_secret(secret: str) -> str:
    """What is stored of a token: enough to know it again, too little to use it. The secrets are long and random."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Role(models.TextChoices):
    """What a person may do; each role may do what those before it may."""

    LEARNER = "learner", "Learner"
    CONTRIBUTOR = "contributor", "Contributor"
    CURATOR = "curator", "Curator"
    ADMIN = "admin", "Admin"


RANK = {Role.LEARNER: 0, Role.CONTRIBUTOR: 1, Role.CURATOR: 2, Role.ADMIN: 3}


class UserManager(BaseUserManager["User"]):
    """Makes people."""

    def create_user(self, email: str, password: str | None = None, **columns: Any) -> User:
        """A person who signs in with `email` (kept in lower case)."""
        user = self.model(email=email.strip().lower(), **columns)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **columns: Any) -> User:
        """An admin, for Django's own createsuperuser."""
        return self.create_user(email, password, **{"role": Role.ADMIN, **columns})

    def get_by_natural_key(self, username: str | None) -> User:
        """The person with that e-mail address, in any case of letters."""
        return self.get(email__iexact=username)

    def active_admins(self) -> models.QuerySet[User]:
        """Admins who can sign in; the library always keeps one."""
        return self.filter(role=Role.ADMIN, is_active=True)

    def named_like(self, words: str) -> models.QuerySet[User]:
        """People whose name or e-mail holds every one of `words`, by name."""
        people = self.order_by(Lower(Concat("name", "email", output_field=models.TextField())))
        for word in words.replace("\x00", " ").split()[:10]:
            people = people.filter(Q(name__icontains=word) | Q(email__icontains=word))
        return people


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The e-mail address is the name they sign in with."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.LEARNER)
    is_active = models.BooleanField(default=True)
    quota_bytes = models.BigIntegerField(null=True, blank=True, help_text="empty: the library's own limit")
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_person_an_email")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name, or what stands before the @: an address is nobody else's business."""
        return self.name or self.email.partition("@")[0]

    def get_absolute_url(self) -> str:
        """The list of their clips."""
        return f"/browse/?person={self.code}"

    def has_role(self, role: Role) -> bool:
        """Whether this person may do what `role` may."""
        return self.is_active and RANK[Role(self.role)] >= RANK[role]

    @property
    def is_contributor(self) -> bool:
        """May upload."""
        return self.has_role(Role.CONTRIBUTOR)

    @property
    def is_curator(self) -> bool:
        """May edit, pin and hide what is listed for the team."""
        return self.has_role(Role.CURATOR)

    @property
    def is_admin(self) -> bool:
        """May change people and settings."""
        return self.has_role(Role.ADMIN)

    @property
    def is_staff(self) -> bool:
        """Django's word for who may open its admin pages."""
        return self.is_admin

    def has_perm(self, _perm: str, _obj: Any = None) -> bool:
        """Django's question, asked by its admin pages: the role answers it, groups and flags do not."""
        return self.is_admin

    def has_module_perms(self, _app_label: str) -> bool:
        """See `has_perm`."""
        return self.is_admin


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Reads over invitations."""

    def open(self) -> InvitationQuerySet:
        """Not used and not expired."""
        return self.filter(used_at=None, expires_at__gt=timezone.now())

    def from_nobody(self) -> InvitationQuerySet:
        """The links `make run` prints for the first administrator."""
        return self.filter(created_by=None, used_at=None)


class Invitation(models.Model):
    """A way in, for one person. The first administrator comes in by one, too."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True, help_text="empty: whoever has the link")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.LEARNER)
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="invitations")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_by = models.OneToOneField(User, on_delete=models.SET_NULL, null=True, related_name="came_by")
    used_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    def __str__(self) -> str:
        return self.email or "whoever has the link"

    @property
    def is_open(self) -> bool:
        """Whether it can still be accepted."""
        return self.used_at is None and self.expires_at > timezone.now()

    @property
    def is_first_admin(self) -> bool:
        """Printed by `make run` for whoever runs the machine; good only while there is no administrator."""
        return self.created_by_id is None


class ApiToken(models.Model):
    """A personal token for machines: shown once, kept as a hash, does what its person may do."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """What an admin or curator did that must be remembered: who, what, to what, when."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    deed = models.CharField(max_length=40)
    thing = models.CharField(max_length=200, help_text="what it was done to, in words that outlive it")
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.deed}: {self.thing}"


def new_secret() -> str:
    """A token nobody can guess: 256 bits."""
    return secrets.token_urlsafe(32)
