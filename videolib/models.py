"""Every table of the library, from its rooms: moving a model between rooms makes no migration."""

from videolib.accounts.models import ApiToken, AuditEntry, Invitation, User
from videolib.analytics.models import Sought
from videolib.clips.models import Clip, CueEdit, FailureNotice, LibrarySettings, License, Tag, Tagging, Term
from videolib.community.models import Rating
from videolib.operations.models import LibraryCheck
from videolib.search.models import Meant, Searched, Spelling
from videolib.uploads.models import Upload

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Clip",
    "CueEdit",
    "FailureNotice",
    "Invitation",
    "LibraryCheck",
    "LibrarySettings",
    "License",
    "Meant",
    "Rating",
    "Searched",
    "Sought",
    "Spelling",
    "Tag",
    "Tagging",
    "Term",
    "Upload",
    "User",
]
