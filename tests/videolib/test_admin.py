"""Django's own admin pages: every table to look at, and changes only by our actions."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from transcode.models import Job
from videolib.accounts.actions import create_token
from videolib.accounts.models import AuditEntry, User
from videolib.admin import tables
from videolib.clips.models import License, Tag, Tagging
from videolib.search.backends import get_backend
from videolib.search.types import Query
from videolib.uploads.actions import create_upload

CHANGED_THERE = {"user", "tag", "license"}
NAMED_BY_WORDS = {"cue", "cueedit", "meant", "screentext", "searched", "spelling", "upload"}
MODELS = [*apps.get_app_config("videolib").get_models(), *apps.get_app_config("transcode").get_models()]


@pytest.fixture
def admin(make_user: Any) -> User:
    return make_user("admin", email="ada@example.com")


@pytest.fixture
def client(client_of: Any, admin: User) -> Client:
    return client_of(admin)


@pytest.fixture
def full(make_clip: Any, make_user: Any, admin: User) -> Any:
    """A library with a row in most tables."""
    create_token(admin, "script")
    clip = make_clip(make_user("contributor"), tags=["Git"], cues=[(0, 2, "hello")])
    Job.objects.create(recording=clip.recording, step="inspect", queue="media")
    return clip


def path(model: Any, *rest: object) -> str:
    return "/".join(["/django-admin", model._meta.app_label, model._meta.model_name, *map(str, rest), ""])


@pytest.mark.parametrize("model", MODELS)
def test_every_table_is_there_and_can_be_looked_at(client, full, model):
    assert client.get(path(model)).status_code == 200
    row = model.objects.first()
    if row:
        expected = 403 if model._meta.model_name in NAMED_BY_WORDS else 200
        assert client.get(path(model, row.pk, "change")).status_code == expected


@pytest.mark.parametrize("model", [model for model in MODELS if model._meta.model_name not in CHANGED_THERE])
def test_no_other_table_can_be_changed(client, full, model):
    assert client.get(path(model, "add")).status_code == 403
    row = model.objects.first()
    if row:
        assert client.post(path(model, row.pk, "change"), {}).status_code == 403
        assert client.post(path(model, row.pk, "delete"), {"post": "yes"}).status_code == 403
        assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", MODELS)
def test_hashes_and_what_was_said_are_not_shown(client, full, admin, model):
    row = model.objects.first()
    pages = [client.get(path(model)), *([client.get(path(model, row.pk, "change"))] if row else [])]
    secrets = [admin.password, admin.api_tokens.get().secret_hash, "hello"]
    assert not [secret for secret in secrets for page in pages if secret in page.text]


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_queries_does_not_grow_with_rows(
    client, full, make_clip, make_user, django_assert_max_num_queries, model
):
    with django_assert_max_num_queries(12) as few:
        client.get(path(model))
    for number in range(5):
        clip = make_clip(make_user("contributor"), tags=["Git", f"tag {number}"], cues=[(0, 2, "hello")])
        Job.objects.create(recording=clip.recording, step="inspect", queue="media")
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(path(model))


def test_the_list_names_no_private_clip(client, make_clip):
    make_clip(title="Payroll", visibility="private")
    make_clip(title="Printing")
    page = client.get("/django-admin/videolib/clip/")
    assert "Printing" in page.text
    assert "Payroll" not in page.text


def test_a_look_at_a_private_clip_is_remembered(client, admin, make_clip):
    clip = make_clip(title="Payroll", visibility="private")
    client.get(path(clip, clip.pk, "change"))
    assert AuditEntry.objects.get(deed="open private clip").by == admin


@pytest.mark.parametrize("page", ["change", "history"])
@pytest.mark.parametrize("trashed_at", [None, timezone.now()])
def test_every_page_of_a_private_clip_is_remembered(client, admin, make_clip, page, trashed_at):
    clip = make_clip(title="Payroll", visibility="private", trashed_at=trashed_at)
    assert "Payroll" in client.get(path(clip, clip.pk, page)).text
    assert AuditEntry.objects.get(deed="open private clip").by == admin


def test_a_look_at_a_clip_of_the_team_or_at_ones_own_is_not_remembered(client, admin, make_clip):
    for clip in (make_clip(), make_clip(admin, visibility="private")):
        client.get(path(clip, clip.pk, "history"))
    assert not AuditEntry.objects.filter(deed="open private clip").exists()


class TestPrivateWords:
    """What belongs to private clips is read in no other table but the audit log, which names titles."""

    def pages(self, client: Client, *rows: Any) -> str:
        listed = [client.get(path(model)) for model in MODELS if model is not AuditEntry]
        return "".join(page.text for page in [*listed, *(client.get(path(row, row.pk, "change")) for row in rows)])

    def test_tags_that_only_private_clips_have_are_not_there(self, client, make_clip):
        private, shared = make_clip(visibility="private", tags=["Salaries", "Git"]), make_clip(tags=["Git"])
        Tag.objects.create(name="Idle", folded="idle")
        pages = self.pages(client, Tag.objects.get(folded="salaries"), private.taggings.first())
        assert "Salaries" not in pages
        assert all(name in client.get(path(Tag)).text for name in ("Git", "Idle"))
        tagged = client.get(path(Tagging)).text
        assert str(shared.code) in tagged
        assert str(private.code) not in tagged

    def test_what_the_speech_engine_was_told_is_not_there(self, client, make_clip):
        recording = make_clip(visibility="private").recording
        type(recording).objects.update(hints={"vocabulary": ["Payroll"]})
        assert "Payroll" not in self.pages(client, recording)

    def test_names_of_files_are_not_there(self, client, make_user, data_folder):
        metadata = f"filename {b64encode(b'Payroll.mp4').decode()}"
        upload = create_upload(by=make_user("contributor"), size=1, file_name="Payroll.mp4", metadata=metadata)
        pages = self.pages(client, upload)
        assert "Payroll" not in pages
        assert metadata not in pages

    @pytest.mark.parametrize(
        "asked",
        [
            *("clip/?title__startswith=Pay", "clip/?description=x", "cue/?text__contains=x"),
            *("recording/?hints__contains=x", "user/?password__startswith=pbkdf2", "tag/?clips__id__exact=2"),
        ],
    )
    def test_nobody_finds_words_out_by_filtering(self, client, make_clip, asked):
        make_clip(title="Payroll", visibility="private")
        app = "transcode" if asked.startswith(("cue", "recording")) else "videolib"
        assert client.get(f"/django-admin/{app}/{asked}").status_code == 400

    def test_the_filters_on_the_page_still_work(self, client, make_clip):
        make_clip(title="Printing")
        assert "Printing" in client.get("/django-admin/videolib/clip/?visibility__exact=team").text
        assert "ada@example.com" in client.get("/django-admin/videolib/user/?role__exact=admin").text

    def test_deleting_a_tag_tells_not_on_which_clips_it_was(self, client, make_clip):
        private = make_clip(visibility="private", tags=["Git"])
        make_clip(tags=["Git"])
        page = client.get(path(Tag, Tag.objects.get().pk, "delete")).text
        assert "Git" in page
        assert f" on {private.pk}" not in page


class TestPeople:
    """People: by the same deeds as on the people page."""

    def change(self, client: Client, person: User, **fields: Any) -> Any:
        now = {"email": person.email, "name": person.name, "role": person.role, "quota_bytes": "", "is_active": "on"}
        data = {name: value for name, value in {**now, **fields}.items() if value is not None}
        return client.post(path(person, person.pk, "change"), data, follow=True)

    def test_a_role_is_changed_by_its_deed(self, client, admin, make_user):
        ann = make_user("learner", email="ann@example.com")
        self.change(client, ann, role="curator")
        ann.refresh_from_db()
        assert ann.role == "curator"
        assert AuditEntry.objects.get(deed="change role").by == admin

    def test_all_else_is_changed_by_deeds_too(self, client, make_user):
        ann = make_user("learner", email="ann@example.com", name="Ann")
        self.change(client, ann, email="New@example.com", name="Anna", quota_bytes="1000", is_active=None)
        ann.refresh_from_db()
        assert (ann.email, ann.name, ann.quota_bytes, ann.is_active) == ("new@example.com", "Anna", 1000, False)
        deeds = set(AuditEntry.objects.values_list("deed", flat=True))
        assert deeds == {"change e-mail", "rename", "set quota", "deactivate"}

    @pytest.mark.parametrize("fields", [{"role": "learner"}, {"is_active": None}])
    def test_the_last_admin_stays_one(self, client, admin, fields):
        page = self.change(client, admin, name="Another name", **fields)
        assert "is the last administrator" in page.text
        admin.refresh_from_db()
        assert admin.is_admin
        assert admin.name != "Another name"

    def test_they_are_neither_added_nor_deleted(self, client, admin, make_user):
        ann = make_user()
        assert client.get("/django-admin/videolib/user/add/").status_code == 403
        assert client.post(path(ann, ann.pk, "delete"), {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [ann.pk], "post": "yes"}
        client.post(path(ann), chosen)
        assert User.objects.filter(pk=ann.pk).exists()


class TestTags:
    """Tags: search follows."""

    def find(self, words: str, clip: Any) -> list[int]:
        hits = get_backend().find(Query(words), among=type(clip).objects.values("pk"))
        return [hit.doc_id for hit in hits.hits]

    def test_a_new_spelling_is_found_at_once(self, client, make_clip):
        clip = make_clip(tags=["Git"])
        client.post(path(Tag, Tag.objects.get().pk, "change"), {"name": "Mercurial"})
        assert self.find("mercurial", clip) == [clip.pk]
        assert self.find("git", clip) == []

    def test_a_spelling_that_is_there_already_is_refused(self, client, make_clip):
        make_clip(tags=["Git", "Mercurial"])
        tag = Tag.objects.get(folded="git")
        page = client.post(path(Tag, tag.pk, "change"), {"name": "MERCURIAL "}, follow=True)
        assert "There is a tag called" in page.text
        tag.refresh_from_db()
        assert tag.name == "Git"

    def test_a_deleted_one_is_found_no_more(self, client, make_clip):
        clip = make_clip(tags=["Git"])
        client.post(path(Tag, Tag.objects.get().pk, "delete"), {"post": "yes"})
        assert not Tag.objects.exists()
        assert self.find("git", clip) == []
        assert AuditEntry.objects.get(deed="delete tag").details == {"clips": 1}

    def test_many_are_deleted_by_the_same_deed(self, client, make_clip):
        clip = make_clip(tags=["Git", "Mercurial"])
        rows = list(Tag.objects.values_list("pk", flat=True))
        client.post(path(Tag), {"action": "delete_selected", "_selected_action": rows, "post": "yes"})
        assert not Tag.objects.exists()
        assert self.find("git mercurial", clip) == []

    def test_a_new_one_is_added_folded(self, client):
        client.post("/django-admin/videolib/tag/add/", {"name": "  #Git  Hub "})
        client.post("/django-admin/videolib/tag/add/", {"name": "git hub"})
        assert [(tag.name, tag.folded) for tag in Tag.objects.all()] == [("Git Hub", "git hub")]


class TestLicences:
    """Licences: added, changed, removed; and remembered."""

    def test_they_are_kept_by_deeds(self, client, make_clip):
        client.post("/django-admin/videolib/license/add/", {"name": "CC BY 4.0", "url": "https://example.com/by"})
        license = License.objects.get()
        clip = make_clip(license=license)
        client.post(path(license, license.pk, "change"), {"name": "CC BY", "url": ""})
        client.post(path(license, license.pk, "delete"), {"post": "yes"})
        clip.refresh_from_db()
        assert clip.license is None
        assert set(AuditEntry.objects.values_list("deed", flat=True)) == {
            *("add licence", "change licence", "remove licence")
        }


def test_nothing_of_allauth_or_of_groups_is_offered():
    assert {model._meta.app_label for model in tables._registry} == {"videolib", "transcode"}


@pytest.mark.parametrize("role", ["learner", "contributor", "curator"])
def test_nobody_else_may_look(client_of, make_user, role):
    assert client_of(make_user(role)).get("/django-admin/").status_code == 403


@pytest.mark.django_db
def test_signed_out_people_sign_in_by_the_librarys_own_form():
    assert Client().get("/django-admin/")["Location"] == "/accounts/login/?next=/django-admin/"
    assert Client().get("/django-admin/login/")["Location"] == "/accounts/login/?next=/django-admin/"
