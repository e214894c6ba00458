"""Pages for admins that need more than one room: the library's settings, and what a person keeps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from videolib.accounts.access import admin_required, get_person_for, person_of
from videolib.browse.admin_forms import HandOverForm, LicenseForm, LicenseNameForm, SettingsForm
from videolib.clips import actions
from videolib.clips.models import LibrarySettings, License
from videolib.uploads.access import bytes_used_by, quota_of


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def library_settings(request: HttpRequest) -> HttpResponse:
    """What holds for the whole library: visibility of new clips, limits, licences."""
    current = LibrarySettings.current()
    if request.method != "POST":
        return _settings_page(request, form=SettingsForm.showing(current))
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, form=form)
    actions.change_library_settings(by=person_of(request), **form.cleaned_data)
    messages.success(request, "The settings are saved. They hold from the next upload on.")
    return redirect("library_settings")


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def license_add(request: HttpRequest) -> HttpResponse:
    """Offer one more licence."""
    if request.method != "POST":
        return redirect("library_settings")
    form = LicenseForm(request.POST)
    if not form.is_valid():
        return _settings_page(request, license_form=form)
    license = License(**form.cleaned_data)
    actions.save_license(license, by=person_of(request))
    messages.success(request, f"{license} can be chosen from now on.")
    return redirect("library_settings")


@require_POST
@admin_required
def license_remove(request: HttpRequest) -> HttpResponse:
    """Offer a licence no more; clips that had it have none."""
    form = LicenseNameForm(request.POST)
    if form.is_valid():
        actions.remove_license(form.cleaned_data["name"], by=person_of(request))
        messages.success(request, "The licence is removed.")
    else:
        messages.error(request, "That licence is gone already.")
    return redirect("library_settings")


def _settings_page(request: HttpRequest, **context: Any) -> HttpResponse:
    shown = {"license_form": LicenseForm(), "licenses": License.objects.all(), **context}
    if "form" not in shown:
        shown["form"] = SettingsForm.showing(LibrarySettings.current())
    return render(request, "browse/library_settings.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def person_clips(request: HttpRequest, code: UUID) -> HttpResponse:
    """How much a person keeps, and handing all of it to somebody else."""
    owner = get_person_for(person_of(request), code)
    form = HandOverForm(request.POST if request.method == "POST" else None, owner=owner)
    if form.is_valid():
        to = form.cleaned_data["to"]
        handed = actions.hand_over_clips(owner, to, by=person_of(request))
        messages.success(request, f"{to.display_name} owns {handed} more clip{'' if handed == 1 else 's'} now.")
        return redirect("person_clips", code=code)
    context = {
        "person": owner,
        "form": form,
        "clip_count": owner.clips.count(),
        "used": bytes_used_by(owner),
        "quota": quota_of(owner),
    }
    return render(request, "browse/person_clips.html", context)
