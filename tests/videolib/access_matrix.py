"""Who may do what, written down by hand: MAY says who may do what to a clip in which state, the entries below say what
each address asks for. test_access_matrix.py tries every cell, and fails when an address is missing here.

To add a route: one Entry for each method it takes. `who` is a right of MAY (routes about one clip) or one of GUESTS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

PEOPLE = ("signed-out", "learner", "contributor", "owner", "curator", "admin")
STATES = ("private", "team", "unlisted", "hidden", "trashed", "trashed private", "failed", "for download")

NOBODY = ""
SIGNED_IN = "learner contributor owner curator admin"
OWNER = "owner"
OWNER_ADMIN = "owner admin"
STAFF = "curator admin"
KEEPERS = "owner curator admin"

# What may be done to a clip, state by state. "for download" is a clip of the team whose owner lets others download
# the original; in all other states they do not. Nobody outside the team is ever among them.
# fmt: off
MAY: dict[str, dict[str, str]] = {
    right: dict(zip(STATES, who, strict=True))
    for right, who in {
        #           private      team       unlisted   hidden   trashed  ..private  failed       for download
        # to open it by its address, tag it, rate it
        "see":      (OWNER_ADMIN, SIGNED_IN, SIGNED_IN, KEEPERS, NOBODY,  NOBODY,    KEEPERS,     SIGNED_IN),
        # the pictures and sounds made of it: of a failed one there are none
        "play":     (OWNER_ADMIN, SIGNED_IN, SIGNED_IN, KEEPERS, NOBODY,  NOBODY,    NOBODY,      SIGNED_IN),
        # to come across it: home, browse, search
        "list":     (OWNER,       SIGNED_IN, KEEPERS,   OWNER,   NOBODY,  NOBODY,    NOBODY,      SIGNED_IN),
        "edit":     (OWNER,       KEEPERS,   KEEPERS,   KEEPERS, NOBODY,  NOBODY,    KEEPERS,     KEEPERS),
        # to hide, show again, pin
        "curate":   (NOBODY,      STAFF,     STAFF,     STAFF,   NOBODY,  NOBODY,    STAFF,       STAFF),
        "restore":  (NOBODY,      NOBODY,    NOBODY,    NOBODY,  KEEPERS, OWNER,     NOBODY,      NOBODY),
        "download": (OWNER,       OWNER,     OWNER,     OWNER,   NOBODY,  NOBODY,    OWNER,       SIGNED_IN),
        # what some lists hold, for the titles that are looked for on them
        "own":      (OWNER,       OWNER,     OWNER,     OWNER,   NOBODY,  NOBODY,    OWNER,       OWNER),
        "mend":     (NOBODY,      NOBODY,    NOBODY,    NOBODY,  NOBODY,  NOBODY,    STAFF,       NOBODY),
        "unhide":   (NOBODY,      NOBODY,    NOBODY,    STAFF,   NOBODY,  NOBODY,    NOBODY,      NOBODY),
        # to see and mend the work on it, of clips that are not in the trash
        "look into": ("admin",    "admin",   "admin",   "admin", "admin", "admin",   "admin",     "admin"),
        "rehear":   (NOBODY,      STAFF,     STAFF,     STAFF,   NOBODY,  NOBODY,    NOBODY,      STAFF),
    }.items()
}

# Addresses that are not about one clip: who is let in.
GUESTS: dict[str, str] = {
    "anyone":             f"signed-out {SIGNED_IN}",
    "only signed out":    "signed-out",
    "signed in":          SIGNED_IN,
    "contributors":       "contributor owner curator admin",
    "owner of the upload": OWNER,
    "curators":           STAFF,
    "admins":             "admin",
    "nobody":             NOBODY,
}
# fmt: on

# How somebody who is signed out is turned away: pages lead to sign-in, bytes are not there, machines are told.
Door = Literal["page", "bytes", "api", "tus"]
TO_SIGN_IN = "to sign-in"
SIGNED_OUT: dict[str, int | str] = {"page": TO_SIGN_IN, "bytes": 404, "api": 401, "tus": 401}
# How somebody signed in is: a clip or an upload that is not theirs to know of is not there; a role is asked for openly.
NOT_THERE, NOT_YOURS = 404, 403


@dataclass(frozen=True)
class Entry:
    """One method of one route. `ok`: the status of whoever may; `refused`: of whoever is signed in and may not."""

    route: str
    method: str
    who: str
    ok: int = 200
    door: Door = "page"
    refused: int | None = None
    # Whoever may see the clip but not do this is told so; of the others it is hidden as ever.
    seers: int | None = None
    # The status in a state of the clip that does not allow it, for whoever may.
    unfit: Mapping[str, int] = field(default_factory=dict)
    # Whose status is none of these: whoever is in already is led on from sign-in, a learner is told who may upload.
    differs: Mapping[str, int | str] = field(default_factory=dict)
    send: Any = None
    query: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    # Pages that list clips: the titles on it are those of this right.
    shows: str = ""

    @property
    def is_about_a_clip(self) -> bool:
        """Whether it has a cell for each state."""
        return self.who in MAY

    @property
    def allowed(self) -> Mapping[str, str]:
        """Who may, by state; addresses without a clip have one state."""
        return MAY[self.who] if self.is_about_a_clip else {"any": GUESTS[self.who]}

    def expected(self, person: str, state: str) -> int | str:
        """What this person gets: a status, or TO_SIGN_IN."""
        if person in self.differs:
            return self.differs[person]
        if is_among(person, self.allowed[state]):
            return self.unfit.get(state, self.ok)
        if person == "signed-out":
            return SIGNED_OUT[self.door]
        if self.seers and is_among(person, MAY["see"][state]):
            return self.seers
        hidden = self.is_about_a_clip or self.who == "nobody"
        return self.refused or (NOT_THERE if hidden else NOT_YOURS)


def is_among(person: str, people: str) -> bool:
    """Whether the words of a cell name this person."""
    return person in people.split()


def form(route: str, who: str, send: Any = None, **more: Any) -> Entry:
    """A form of a page: whoever may is led on."""
    return Entry(route, "POST", who, **{"ok": 302, "send": send or {}, **more})


def bytes_of(route: str, who: str = "play", **parts: Any) -> Entry:
    """A file of a clip."""
    return Entry(route, "GET", who, door="bytes", parts=parts)


def call(operation: str, method: str, who: str, **more: Any) -> Entry:
    """An operation of the API."""
    return Entry(f"api:{operation}", method, who, door="api", **more)


# --- One clip -------------------------------------------------------------------------------------------------------

STRETCH = {"start": 0, "end": 3}
UNPLAYABLE = {"failed": 422}

CLIP_PAGES: Sequence[Entry] = (
    Entry("watch", "GET", "see"),
    *(Entry("watch", "GET", "see", query=f"?part={part}") for part in ("stage", "transcript", "screen", "progress")),
    Entry("clip_like", "GET", "see"),
    Entry("clip_status", "GET", "see"),
    Entry("clip_edit", "GET", "edit"),
    form("clip_edit", "edit", {"title": "Renamed"}),
    Entry("clip_delete", "GET", "edit"),
    form("clip_delete", "edit"),
    form("clip_restore", "restore"),
    form("clip_retry", "edit"),
    Entry("clip_hear_again", "GET", "edit"),
    form("clip_hear_again", "edit"),
    Entry("clip_cue", "GET", "edit", query="?start=0&end=3"),
    form("clip_cue", "edit", {**STRETCH, "text": "said otherwise"}, unfit=UNPLAYABLE),
    form("clip_cue_undo", "edit", STRETCH),
    form("clip_tag", "see", {"name": "new"}),
    form("clip_untag", "edit", {"name": "git"}, seers=403),
    form("clip_rate", "see", {"stars": 4}),
    form("clip_hide", "curate"),
    form("clip_unhide", "curate"),
    form("clip_pin", "curate"),
    form("clip_unpin", "curate"),
)

IN_THE_TRASH = {"trashed": 404, "trashed private": 404}
CLIP_WORK: Sequence[Entry] = (
    Entry("clip_work", "GET", "look into", refused=403, unfit=IN_THE_TRASH),
    form("clip_work", "look into", refused=403, unfit=IN_THE_TRASH),
)

CLIP_BYTES: Sequence[Entry] = (
    bytes_of("clip_main"),
    bytes_of("clip_playlist", name="source"),
    bytes_of("clip_rendition", name="source"),
    bytes_of("clip_poster"),
    bytes_of("clip_storyboard"),
    bytes_of("clip_sheet", number=0),
    *(bytes_of("clip_captions", "see", kind=kind) for kind in ("vtt", "srt", "txt")),
    bytes_of("clip_original", "download"),
)

CLIP_OPERATIONS: Sequence[Entry] = (
    call("read_clip", "GET", "see"),
    call("edit_clip", "PATCH", "edit", send={"title": "Renamed"}),
    call("delete_clip", "DELETE", "edit", ok=204),
    call("restore_clip", "POST", "restore"),
    call("add_tag", "POST", "see", send={"name": "new"}),
    call("remove_tag", "DELETE", "edit", seers=403, parts={"name": "git"}),
    call("rate_clip", "PUT", "see", send={"stars": 4}, unfit=UNPLAYABLE),
    call("read_rating", "GET", "see"),
    call("read_transcript", "GET", "see"),
    call("correct_cue", "PUT", "edit", send={**STRETCH, "text": "said otherwise"}, unfit=UNPLAYABLE),
    call("read_screen_text", "GET", "see"),
    call("read_like", "GET", "see"),
    call("read_jobs", "GET", "see"),
    call("retry", "POST", "edit"),
    call("hear_again", "POST", "edit", unfit=UNPLAYABLE),
)

# Of these the rows are what is sent: they are ours wherever media lie. The others are led on to a bucket.
MADE_OF_ROWS = ("clip_main", "clip_playlist", "clip_storyboard", "clip_captions")
OF_FILES: Sequence[Entry] = tuple(replace(entry, ok=302) for entry in CLIP_BYTES if entry.route not in MADE_OF_ROWS)

# What somebody may make of an address of the bucket that was signed for them: a regular expression, and what takes its
# place. None may open anything (lib/test_signed_addresses.py). `mine` and `others` are two clips' folders.
BENT_SIGNED_ADDRESSES: Mapping[str, tuple[str, str]] = {
    "another clip's file": ("/mine/", "/others/"),
    "another clip's file by dots": ("/mine/", "/mine/../others/"),
    "another clip's file by encoded dots": ("/mine/", "/mine/%2e%2e/others/"),
    "another clip's file by encoded slashes": ("/mine/", "/mine%2f..%2fothers%2f"),
    "another clip's file by dots encoded twice": ("/mine/", "/mine/%252e%252e/others/"),
    "another clip's file by backslashes": ("/mine/", "/mine%5c..%5cothers%5c"),
    "another clip's file in a parameter": (r"\?", "?key=recordings/others/source.mp4&"),
    "a dot in the path": ("/mine/", "/./mine/"),
    "two slashes": ("/mine/", "//mine/"),
    "a slash at its end": (r"\.mp4\?", ".mp4/?"),
    "a NUL at its end": (r"\.mp4\?", ".mp4%00?"),
    "the path in capitals": ("/mine/source", "/MINE/SOURCE"),
    "the bucket in capitals": ("/media-", "/MEDIA-"),
    "the bucket alone": (r"/recordings/mine/source\.mp4", "/"),
    "another bucket": ("/media-[^/]*/", "/others/"),
    "another day": ("X-Amz-Date=2", "X-Amz-Date=3"),
    "a week": ("X-Amz-Expires=60", "X-Amz-Expires=604800"),
    "expiring twice": ("$", "&X-Amz-Expires=604800"),
    "no expiry": ("&X-Amz-Expires=60", ""),
    "no signature": ("&X-Amz-Signature=[0-9a-f]*", ""),
    "an empty signature": ("X-Amz-Signature=[0-9a-f]*", "X-Amz-Signature="),
    "a signature that ends otherwise": ("(X-Amz-Signature=[0-9a-f]*)[0-9a-f]{2}", r"\1zz"),
    "a signature in capitals": ("(X-Amz-Signature=)[0-9a-f]*", r"\g<1>" + "ABCDEF0123456789" * 4),
    "somebody else's key": ("X-Amz-Credential=[^%]*", "X-Amz-Credential=nobody"),
    "another region": ("us-east-1", "eu-central-1"),
    "as a page": ("response-content-type=[^&]*", "response-content-type=text%2Fhtml"),
    "under another name": (r"\?", "?response-content-disposition=inline&"),
    "kept by browsers": ("response-cache-control=[^&]*", "response-cache-control=public"),
    "nothing signed at all": (r"\?.*", ""),
}


def bend(address: str, how: tuple[str, str]) -> str:
    """The address with that done to it."""
    bent = re.sub(*how, address, count=1)
    assert bent != address, "this bend does nothing to the address"
    return bent


# --- Many clips, or none --------------------------------------------------------------------------------------------

LISTS: Sequence[Entry] = (
    Entry("home", "GET", "signed in", shows="list"),
    Entry("browse", "GET", "signed in", shows="list"),
    Entry("search", "GET", "signed in", query="?q=statename", shows="list"),
    Entry("search", "GET", "signed in", query="?q=statename&as_typed=1", shows="list"),
    Entry("tag_suggestions", "GET", "signed in", shows="list"),
    Entry("my_clips", "GET", "signed in", shows="own"),
    Entry("trash", "GET", "signed in", shows="restore"),
    Entry("hidden", "GET", "curators", shows="unhide"),
    Entry("failed", "GET", "curators", shows="mend"),
    Entry("vocabulary", "GET", "curators", shows="rehear"),
    call("list_clips", "GET", "signed in", query="?limit=100", shows="list"),
    call("list_clips", "GET", "signed in", query="?mine=true", shows="own"),
    call("search", "GET", "signed in", query="?q=statename&limit=100", shows="list"),
)

SUGGESTIONS: Sequence[Entry] = (call("suggest_searches", "GET", "signed in", query="?q=statename", shows="list"),)

VOCABULARY: Sequence[Entry] = (
    Entry("searched_in_vain", "GET", "curators"),
    form("searched_in_vain_done", "curators", {"words": "helm chart"}),
    form("searched_in_vain_undo", "curators", {"words": "helm chart"}),
    Entry("vocabulary_add", "GET", "curators", ok=302),
    form("vocabulary_add", "curators", {"terms": "PgBouncer"}),
    form("vocabulary_remove", "curators", {"term": "Grafana"}),
    call("read_vocabulary", "GET", "curators"),
    call("add_terms", "POST", "curators", send={"terms": ["PgBouncer"]}),
    call("remove_term", "DELETE", "curators", ok=204, parts={"text": "Grafana"}),
    # The document names no clip and no person.
    call("openapi-json", "GET", "anyone"),
    call("api-root", "GET", "nobody", differs={"signed-out": 404}),
    Entry("api_docs", "GET", "signed in"),
)

# --- Uploads --------------------------------------------------------------------------------------------------------

NO_UPLOADER = {"learner": 403}
ITS_OWNER = "owner of the upload"
BYTES = {"Upload-Offset": "0"}


def tus(route: str, method: str, who: str, **more: Any) -> Entry:
    """What an upload client asks; for those who upload, the upload of somebody else is not there."""
    about_one = {"refused": NOT_THERE, "differs": NO_UPLOADER} if who == ITS_OWNER else {}
    return Entry(route, method, who, door="tus", **{"ok": 204, **about_one, **more})


UPLOADS: Sequence[Entry] = (
    Entry("upload", "GET", "signed in"),
    # Without a file: whoever may upload is asked for one.
    form("upload", "contributors", ok=422),
    Entry("upload_row", "GET", ITS_OWNER, refused=NOT_THERE),
    form("upload_cancel", ITS_OWNER, refused=NOT_THERE),
    *(tus(route, "OPTIONS", "anyone") for route in ("tus_collection", "uploads", "tus_upload", "uploads/<uuid:code>")),
    *(
        tus(route, "POST", "contributors", ok=201, send={"Upload-Length": "9"})
        for route in ("tus_collection", "uploads")
    ),
    *(
        tus(route, method, ITS_OWNER, **more)
        for route in ("tus_upload", "uploads/<uuid:code>")
        for method, more in (("HEAD", {"ok": 200}), ("PATCH", {"send": BYTES}), ("DELETE", {}))
    ),
)

# --- People ---------------------------------------------------------------------------------------------------------

ME: Sequence[Entry] = (
    Entry("me", "GET", "signed in"),
    form("me", "signed in", {"name": "New Name"}),
    Entry("token_create", "GET", "signed in", ok=302),
    form("token_create", "signed in", {"name": "script"}, ok=200),
    form("token_revoke", "signed in", {"name": "none"}),
)

PEOPLE_PAGES: Sequence[Entry] = (
    Entry("people", "GET", "admins"),
    form("people", "admins", {"role": "learner", "anybody": "1"}, ok=200),
    Entry("audit_log", "GET", "admins"),
    form("invitation_revoke", "admins"),
    Entry("person", "GET", "admins"),
    form("person_role", "admins", {"role": "learner"}),
    form("person_deactivate", "admins"),
    form("person_reactivate", "admins"),
    form("person_quota", "admins", {"quota": "1"}),
    form("person_email", "admins", {"email": "new@example.com"}),
    Entry("person_reset_link", "GET", "admins", ok=302),
    form("person_reset_link", "admins", ok=200),
    Entry("person_clips", "GET", "admins"),
    form("person_clips", "admins", {"to": "{curator}"}),
)

SETTINGS: Sequence[Entry] = (
    Entry("library_settings", "GET", "admins"),
    form("library_settings", "admins", {"default_visibility": "team", "max_upload_bytes": "1", "quota_bytes": "1"}),
    Entry("license_add", "GET", "admins", ok=302),
    form("license_add", "admins", {"name": "CC0"}),
    form("license_remove", "admins", {"name": "CC BY"}),
)

# --- Coming in: allauth's pages. Whoever is in already is led on. ----------------------------------------------------

LED_ON = dict.fromkeys(SIGNED_IN.split(), 302)
NEVER = {"signed-out": 404}  # pages of allauth that this library does not offer

ACCOUNTS: Sequence[Entry] = (
    *(Entry("accounts/", method, "anyone", ok=302) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
    Entry("invitation", "GET", "anyone"),
    form("invitation", "only signed out", ok=200),
    Entry("account_login", "GET", "anyone", differs=LED_ON),
    form("account_login", "anyone", ok=200, differs=LED_ON),
    Entry("account_signup", "GET", "anyone", differs=LED_ON),
    form("account_signup", "anyone", ok=200, differs=LED_ON),
    Entry("account_logout", "GET", "anyone", differs={"signed-out": 302}),
    form("account_logout", "anyone"),
    Entry("account_inactive", "GET", "anyone"),
    Entry("account_email_verification_sent", "GET", "anyone"),
    Entry("account_confirm_email", "GET", "anyone"),
    form("account_confirm_email", "nobody", differs=NEVER),
    Entry("account_change_password", "GET", "signed in"),
    form("account_change_password", "signed in", ok=200),
    Entry("account_set_password", "GET", "signed in", ok=302),
    form("account_set_password", "signed in"),
    Entry("account_reset_password", "GET", "anyone"),
    form("account_reset_password", "anyone", ok=200),
    Entry("account_reset_password_done", "GET", "anyone"),
    Entry("account_reset_password_from_key", "GET", "anyone"),
    form("account_reset_password_from_key", "anyone", ok=200),
    Entry("account_reset_password_from_key_done", "GET", "anyone"),
    *(
        Entry(route, method, "nobody", differs=NEVER)
        for route in ("account_email", "account_reauthenticate", "account_confirm_login_code")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ),
)

# For programs that watch the library; of people for admins, from wherever they ask.
NOT_INSIDE = {"signed-out": 403}
OPERATIONS: Sequence[Entry] = (
    Entry("readyz", "GET", "admins", differs=NOT_INSIDE),
    Entry("metrics", "GET", "admins", differs=NOT_INSIDE),
    Entry("work", "GET", "admins"),
)

# Views of allauth and ninja take other methods, too, as the GET or POST that is written here.
METHODS_OF_PACKAGES = {
    *("api:openapi-json", "api:api-root", "account_login", "account_signup", "account_change_password"),
    *("account_set_password", "account_reset_password_from_key"),
}

ENTRIES: Sequence[Entry] = (
    *(*CLIP_PAGES, *CLIP_WORK, *CLIP_BYTES, *CLIP_OPERATIONS, *LISTS, *SUGGESTIONS, *VOCABULARY),
    *(*UPLOADS, *ME, *PEOPLE_PAGES, *SETTINGS, *ACCOUNTS, *OPERATIONS),
)
