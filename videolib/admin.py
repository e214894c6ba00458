"""Django's own admin pages, at /django-admin/: every table, to look at. Only people, tags and licences can be changed
there, and each change goes through the action that the library's own pages call."""

# ruff: noqa: ARG002 (Django's admin calls by these signatures)

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from transcode.models import Cue, Job, Leftover, Recording, Rendition, Screen, ScreenText, Storyboard, Transcript
from videolib.accounts import actions as people_actions
from videolib.accounts.access import admin_required, get_person_for, person_of
from videolib.accounts.models import ApiToken, AuditEntry, Invitation, Role, User
from videolib.analytics.models import Sought
from videolib.clips import actions as clip_actions
from videolib.clips.access import remember_look
from videolib.clips.models import Clip, CueEdit, FailureNotice, LibrarySettings, License, Tag, Tagging, Term
from videolib.community.models import Rating
from videolib.operations.models import LibraryCheck
from videolib.search.models import Meant, Searched, Spelling
from videolib.uploads.models import Upload

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

# Hashes open nothing, but nobody needs to see them; what is said in a private clip is read on its page, where that is
# written down. Hints hold its vocabulary, an upload's metadata the name of its file.
NEVER_SHOWN = frozenset(
    {"password", "secret_hash", "text", "heard", "starts", "answers_text", "file_name", "metadata", "hints"}
)
# A clip's name may be private: other tables name it by its code.
CLIP = "clip"


class Tables(admin.AdminSite):
    """For the role admin; sign-in and passwords are the library's own."""

    site_title = site_header = "videolib tables"
    index_title = "Every table, to look at"
    site_url = "/people/"

    def has_permission(self, request: HttpRequest) -> bool:
        """The role says who may."""
        return isinstance(request.user, User) and request.user.is_admin

    def admin_view(  # type: ignore[override]
        self, view: Callable[..., Any], cacheable: bool = False
    ) -> Callable[..., Any]:
        """Signed out: the library's sign-in. No admin: the 403 page that says what to do."""
        return admin_required(super().admin_view(view, cacheable))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The library's own form."""
        return redirect_to_login(request.GET.get("next", "/django-admin/"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The library's own form."""
        return redirect("account_change_password")


tables = Tables(name="admin")


class Table(ModelAdmin):
    """What holds for every table."""

    show_full_result_count = False
    list_per_page = 50

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """By the filters on the page alone: any other would find out hidden words, letter by letter."""
        return lookup.partition("__")[0] in self.list_filter


class ReadOnly(Table):
    """A table to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never here."""
        return False

    @admin.display(description="clip", ordering="clip")
    def clip_code(self, row: Any) -> str:
        """The clip this is about."""
        return str(row.clip.code)


class WordTable(ReadOnly):
    """Tables whose rows are named by what was said or by a file's name: the list shows all there is to see."""

    list_display_links = None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The list, never one row: its title would be the words."""
        return obj is None and super().has_view_permission(request)


class SpellingTable(WordTable):
    """Words of all clips: how long they are."""

    @admin.display(description="letters")
    def letters(self, spelling: Spelling) -> int:
        """Of the word."""
        return len(spelling.word)


class ClipTable(ReadOnly):
    """Clips. The list names no private one; whoever opens one is written down, as on its page."""

    list_filter = ("visibility",)

    @admin.display(description="title")
    def shown_title(self, clip: Clip) -> str:
        """The title, where the team knows it."""
        return "(private)" if clip.visibility == "private" else clip.title

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Clip | None:
        """One clip, for every page about one; an admin's look at a private one is remembered, in the trash, too."""
        clip: Clip | None = super().get_object(request, *args, **kwargs)
        if clip:
            remember_look(clip, person_of(request))
        return clip


class TaggingTable(ReadOnly):
    """Which tag is on which clip, private ones apart: a tag tells what is in them."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Tagging]:
        """What the team can see for itself."""
        return super().get_queryset(request).exclude(clip__visibility="private")


class Deeds(Table):
    """A table that can be changed, by the library's own actions: what they refuse is said, and nothing is saved."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The form; a refused deed rolls back and leads back to it."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (people_actions.AccountError, clip_actions.TagError) as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(request.get_full_path())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes, and how much goes along, but not off which clips: they may be private. That it may not be deleted
        by itself does not keep it."""
        _, counts, _, protected = super().get_deleted_objects(objs, request)
        return [str(obj) for obj in objs], counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """By `remove`, like everything here."""
        self.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """One by one: each deletion has to reach search and the audit log."""
        for row in queryset:
            self.remove(request, row)

    def remove(self, request: HttpRequest, row: Any) -> None:
        """The action that deletes one row."""
        raise NotImplementedError


class PersonTable(Deeds):
    """People: name, address, role, quota, and whether they may come in. They come by invitation and never vanish."""

    list_display = ("email", "name", "role", "is_active", "date_joined", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "role", "is_active", "quota_bytes", "code", "date_joined", "last_login")
    readonly_fields = ("code", "date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People are invited, or made by `manage.py create_user`."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated: their clips, ratings and deeds stay theirs."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        """Each changed column by its own deed, on the row as it stands."""
        by = person_of(request)
        person = get_person_for(by, obj.code)
        deeds = {
            "email": lambda: people_actions.change_email(person, obj.email, by=by),
            "name": lambda: people_actions.rename_person(person, obj.name, by=by),
            "role": lambda: people_actions.change_role(person, Role(obj.role), by=by),
            "quota_bytes": lambda: people_actions.set_quota(person, obj.quota_bytes, by=by),
            "is_active": lambda: self._let_in(person, obj.is_active, by),
        }
        for column in form.changed_data:
            deeds[column]()

    def _let_in(self, person: User, is_active: bool, by: User) -> None:
        deed = people_actions.reactivate_person if is_active else people_actions.deactivate_person
        deed(person, by=by)


class TagTable(Deeds):
    """Tags: another spelling, or none, on every clip at once. Those that only private clips have are not shown."""

    list_display = ("name", "folded")
    search_fields = ("name", "folded")
    fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Tag]:
        """Tags of clips that are not private, and those of none."""
        of_a_clip = Tagging.objects.filter(tag=OuterRef("pk"))
        shared = Exists(of_a_clip.exclude(clip__visibility="private"))
        return super().get_queryset(request).filter(shared | ~Exists(of_a_clip))

    def save_model(self, request: HttpRequest, obj: Tag, form: forms.ModelForm[Tag], change: bool) -> None:
        """A new tag, or a new spelling."""
        if change:
            clip_actions.rename_tag(obj, obj.name, by=person_of(request))
        else:
            obj.pk = clip_actions.get_tag(obj.name).pk

    def remove(self, request: HttpRequest, row: Tag) -> None:
        """Off every clip, and out of search."""
        clip_actions.delete_tag(row, by=person_of(request))


class LicenseTable(Deeds):
    """Licences: what owners can choose."""

    list_display = ("name", "url")
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def save_model(self, request: HttpRequest, obj: License, form: forms.ModelForm[License], change: bool) -> None:
        """New or changed."""
        clip_actions.save_license(obj, by=person_of(request))

    def remove(self, request: HttpRequest, row: License) -> None:
        """Clips that had it have none."""
        clip_actions.remove_license(row, by=person_of(request))


tables.register(User, PersonTable)
tables.register(Tag, TagTable)
tables.register(License, LicenseTable)


def show(model: type[models.Model], table: type[ReadOnly] = ReadOnly, **options: Any) -> None:
    """Register a table to look at: all columns but NEVER_SHOWN, a clip by its code; six are listed."""
    names = [field.name for field in model._meta.fields]
    shown = [*(["clip_code"] if CLIP in names else []), *(n for n in names if n not in NEVER_SHOWN | {CLIP})]
    joined = [field.name for field in model._meta.fields if isinstance(field, models.ForeignKey)]
    columns = {"fields": shown, "readonly_fields": shown, "list_display": shown[:6], "list_select_related": joined}
    tables.register(model, table, **columns | options)


show(Clip, ClipTable, list_display=["code", "shown_title", "owner", "visibility", "published_at", "trashed_at"])
for table in (ApiToken, AuditEntry, FailureNotice, Invitation, LibraryCheck, LibrarySettings, Rating, Sought, Term):
    show(table)
show(Tagging, TaggingTable)
for pipeline_table in (Job, Leftover, Recording, Rendition, Screen, Storyboard, Transcript):
    show(pipeline_table)
for word_table in (Cue, CueEdit, ScreenText, Upload):
    show(word_table, WordTable)
# What search keeps is all that clips say, private ones as well: of a document its number, of a word how long it is.
for search_table, names in ((Searched, ["doc_id"]), (Meant, ["doc_id", "weights"])):
    show(search_table, WordTable, fields=names, readonly_fields=names, list_display=names)
show(Spelling, SpellingTable, fields=["letters"], readonly_fields=["letters"], list_display=["letters"])
