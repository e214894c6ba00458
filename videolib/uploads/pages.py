"""The page recordings are dropped on, and the part of it that its script asks for."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from videolib.accounts.access import person_of
from videolib.accounts.models import User
from videolib.clips.forms import EditForm
from videolib.clips.models import LibrarySettings
from videolib.uploads import actions
from videolib.uploads.access import bytes_used_by, check_disk, check_size, count_creation, get_upload_for, quota_of
from videolib.uploads.body import drain
from videolib.uploads.forms import FormFile, FormFileHandler, UploadForm
from videolib.uploads.models import Upload
from videolib.uploads.tus import UploadRefused

# What a form adds to the bytes of its file.
FORM_BYTES = 4096


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@csrf_exempt  # checked by `_take_form`, once it is decided where the file goes
def upload_page(request: HttpRequest) -> HttpResponse:
    """Drop recordings, or go on with those that were cut off; a plain form takes one file without JavaScript."""
    person = person_of(request)
    if not person.is_contributor:
        status = 403 if request.method == "POST" else 200
        return render(request, "uploads/not_yet.html", {"admins": User.objects.active_admins()[:5]}, status=status)
    if request.method == "POST":
        return _take_form(request, person)
    return _page(request, person, UploadForm())


def _take_form(request: HttpRequest, person: User) -> HttpResponse:
    """Refuse what is too large, or finds no room, before any of it is written; else stream it into the folder."""
    try:
        count_creation(person)
        size = max(0, int(request.headers.get("Content-Length") or 0) - FORM_BYTES)
        check_size(person, size)
        check_disk(size, to_come=size)
    except UploadRefused as refusal:
        # A browser that still sends shows no answer, so all of it is taken, and none of it kept.
        drain(request)
        return _refused(request, person, refusal)
    handler = FormFileHandler(request)
    request.upload_handlers = [handler]
    return csrf_protect(_take_file)(request, person, handler)


def _take_file(request: HttpRequest, person: User, handler: FormFileHandler) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if handler.refusal:
        return _refused(request, person, handler.refusal)
    if not form.is_valid():
        return _page(request, person, form, status=422)
    file: FormFile = form.cleaned_data["file"]
    path, sha256 = Path(file.temporary_file_path()), file.digest.hexdigest()
    try:
        clip = actions.take_form_file(path, by=person, file_name=file.name or "", sha256=sha256)
    except UploadRefused as refusal:
        return _refused(request, person, refusal)
    return redirect(clip)


def _refused(request: HttpRequest, person: User, refusal: UploadRefused) -> HttpResponse:
    response = _page(request, person, UploadForm(), refusal=str(refusal), status=refusal.status)
    if refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _page(
    request: HttpRequest, person: User, form: UploadForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "refusal": refusal,
        "uploads": Upload.objects.unfinished_of(person),
        "most_bytes": LibrarySettings.current().max_upload_bytes,
        "used_bytes": bytes_used_by(person),
        "quota_bytes": quota_of(person),
    }
    return render(request, "uploads/upload.html", context, status=status)


@require_safe
@login_required
def row(request: HttpRequest, code: UUID) -> HttpResponse:
    """What its script puts beside an upload once it has begun: the words of the clip, to be written meanwhile."""
    try:
        upload = get_upload_for(person_of(request), code)
    except UploadRefused as refusal:
        raise Http404(str(refusal)) from refusal
    form = EditForm(upload.clip)
    # Many such forms stand on one page: their labels must not share ids.
    form.auto_id = f"id_{upload.code.hex[:12]}_%s"
    return render(request, "uploads/_row.html", {"upload": upload, "form": form})


@require_POST
@login_required
def cancel(request: HttpRequest, code: UUID) -> HttpResponse:
    """Cancel an upload without JavaScript."""
    person = person_of(request)
    try:
        actions.cancel_upload(get_upload_for(person, code), by=person)
    except UploadRefused as refusal:
        raise Http404(str(refusal)) from refusal
    return redirect("upload")
