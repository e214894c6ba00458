"""Resumable uploads over tus: thin. The rules are in tus.py, the deeds in actions.py, the pages in pages.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import reverse
from django.utils.decorators import decorator_from_middleware
from django.views.decorators.csrf import csrf_exempt

from transcode.log_fields import log_about
from videolib.accounts.access import user_of_token
from videolib.accounts.models import User
from videolib.clips.access import known_as
from videolib.clips.models import LibrarySettings
from videolib.uploads import actions, tus
from videolib.uploads.access import check_may_upload, count_creation, get_upload_for
from videolib.uploads.body import Body, body_of, drain
from videolib.uploads.forms import details_of
from videolib.uploads.models import Upload
from videolib.uploads.tus import UploadRefused

View = Callable[..., HttpResponseBase]

# A client that still sends its bytes does not read our answer: so much is taken and thrown away first.
MOST_DRAINED = 32 * 1024**2


class SentenceCsrf(CsrfViewMiddleware):
    """Django's protection of forms, that answers a script with a sentence instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:  # noqa: ARG002 (Django's hook)
        raise UploadRefused(403, "This page is too old to upload from. Reload it and go on.")


def tus_endpoint(view: View) -> View:
    """The frame of every answer: version, who asks (session or personal token), refusals as plain sentences."""
    for_sessions = decorator_from_middleware(SentenceCsrf)(view)

    @csrf_exempt  # a token is sent by no browser on its own; sessions are checked by SentenceCsrf
    @wraps(view)
    def enter(request: HttpRequest, **named: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = _enter(request, view, for_sessions, named)
        except UploadRefused as refusal:
            drain(request, MOST_DRAINED)
            response = _refusal(refusal)
        response["Tus-Resumable"] = tus.VERSION
        response["Cache-Control"] = "no-store"
        return response

    return enter


def _enter(request: HttpRequest, view: View, for_sessions: View, named: dict[str, Any]) -> HttpResponseBase:
    method = _method_of(request)
    if method == "OPTIONS":
        return HttpResponse(status=204, headers=tus.capabilities(LibrarySettings.current().max_upload_bytes))
    tus.check_version(request.headers)
    authorization = request.headers.get("Authorization")
    if authorization is None:
        # First, so that a client that forgot its token is told so, and not of our protection against forged requests.
        check_may_upload(request.user)
        return for_sessions(request, method=method, **named)
    request.user = _person_of_token(authorization)
    return view(request, method=method, **named)


def _method_of(request: HttpRequest) -> str:
    """Some networks let only GET and POST through; then the real method travels in a header."""
    method = request.method or ""
    # Of POST only: anything else would pass by the protection of sessions.
    return request.headers.get("X-HTTP-Method-Override", method).upper() if method == "POST" else method


def _person_of_token(authorization: str) -> User:
    scheme, _, secret = authorization.partition(" ")
    user = user_of_token(secret.strip()) if scheme.lower() == "bearer" else None
    if user is None:
        raise UploadRefused(401, "This token is not known here, or was revoked. Make a new one on your page.")
    return user


def _refusal(refusal: UploadRefused) -> HttpResponse:
    response = HttpResponse(f"{refusal}\n", status=refusal.status, content_type="text/plain; charset=utf-8")
    if refusal.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 412:
        response["Tus-Version"] = tus.VERSION
    if refusal.status == tus.CHECKSUM_MISMATCH:
        response.reason_phrase = "Checksum Mismatch"
    return response


@tus_endpoint
def collection(request: HttpRequest, method: str) -> HttpResponse:
    """POST begins an upload, with or without its first bytes."""
    if method != "POST":
        return _not_allowed(method, "OPTIONS, POST")
    person = check_may_upload(request.user)
    asked, checksum, body = tus.read_creation(request.headers), tus.read_checksum(request.headers), body_of(request)
    if body.length != 0:
        tus.check_content_type(request.headers)
    count_creation(person)
    upload = actions.create_upload(
        by=person,
        size=asked.size,
        file_name=asked.metadata.get("filename") or asked.metadata.get("name", ""),
        details=details_of(asked.metadata),
        metadata=asked.raw_metadata,
    )
    log_about(upload=upload.code, clip=upload.clip.code)
    headers = {"Location": reverse("tus_upload", args=[upload.code])}
    if body.length != 0:
        headers["Upload-Offset"] = str(_first_bytes(upload, body, checksum))
    return HttpResponse(status=201, headers={**headers, **_prospects(upload)})


def _first_bytes(upload: Upload, body: Body, checksum: tus.Checksum | None) -> int:
    """The offset after the bytes that came with the creation; the upload stands even when they were cut off.

    Of bytes that do not fit their length or checksum nothing is left: a refusal tells no address to go on at.
    """
    try:
        return actions.receive(upload, body, offset=0, checksum=checksum)
    except UploadRefused as refusal:
        if refusal.status in (413, tus.CHECKSUM_MISMATCH):
            actions.cancel_upload(upload, by=upload.clip.owner)
            raise
        return upload.received


@tus_endpoint
def one_upload(request: HttpRequest, method: str, code: UUID) -> HttpResponse:
    """HEAD says how far it is, PATCH brings bytes, DELETE cancels."""
    if method not in ("HEAD", "PATCH", "DELETE"):
        return _not_allowed(method, "OPTIONS, HEAD, PATCH, DELETE")
    upload = get_upload_for(request.user, code)
    if method == "HEAD":
        return _standing(upload)
    if method == "PATCH":
        return _take_bytes(request, upload)
    actions.cancel_upload(upload, by=upload.clip.owner)
    return HttpResponse(status=204)


def _standing(upload: Upload) -> HttpResponse:
    headers = {"Upload-Offset": str(actions.offset_of(upload)), "Upload-Length": str(upload.size_bytes)}
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return HttpResponse(headers={**headers, **_prospects(upload)})


def _take_bytes(request: HttpRequest, upload: Upload) -> HttpResponse:
    tus.check_content_type(request.headers)
    offset, checksum = tus.read_offset(request.headers), tus.read_checksum(request.headers)
    received = actions.receive(upload, body_of(request), offset=offset, checksum=checksum)
    return HttpResponse(status=204, headers={"Upload-Offset": str(received), **_prospects(upload)})


def _prospects(upload: Upload) -> dict[str, str]:
    """Until when to go on; of a finished one as which clip its bytes were here before, where they may know."""
    if not upload.finished_at:
        return tus.expires_header(upload.expires_at)
    first = known_as(upload.clip.owner, [upload.clip]).get(upload.clip.pk)
    return {"Duplicate-Of": str(first.code)} if first else {}


def _not_allowed(method: str, allowed: str) -> HttpResponse:
    sentence = f"{method} does nothing here; allowed are {allowed}.\n"
    return HttpResponse(sentence, status=405, content_type="text/plain; charset=utf-8", headers={"Allow": allowed})
