"""The REST API: thin; the same access rules and actions as the pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Query, Status
from ninja.errors import HttpError

from transcode.actions import try_again
from transcode.models import Job, State, Transcript
from transcode.waiting import wait_for
from videolib.accounts.models import User
from videolib.api.auth import CALLERS
from videolib.api.document import operations_of, with_common_answers
from videolib.api.schemas import (
    ClipIn,
    ClipOut,
    ClipPage,
    CueIn,
    CueOut,
    HitsOut,
    JobOut,
    Problem,
    RatingOut,
    ScreenTextOut,
    StarsIn,
    SuggestionOut,
    TagIn,
    TermsIn,
    TranscriptOut,
)
from videolib.browse.search import clips_like, count_search, remember_search, search_clips
from videolib.browse.suggest import suggest
from videolib.clips import actions
from videolib.clips.access import get_clip_for, get_tagging_for, known_as
from videolib.clips.documents import cues_of
from videolib.clips.models import Clip, License, Term, fold_tag, fold_term
from videolib.clips.screen_text import lines_on_screen
from videolib.community import actions as community
from videolib.community.models import Rating
from videolib.lib.limits import TooOften


class LibraryAPI(NinjaAPI):
    """The API, whose document names the answers that any operation may give, too."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """The OpenAPI document."""
        return with_common_answers(super().get_openapi_schema(**options))


api = LibraryAPI(
    title="videolib",
    version="1",
    description="Clips, their words and what people think of them. Make a personal token on the page “Me”.",
    auth=CALLERS,
    docs_url=None,
    urls_namespace="api",
)


# As many as a page of a script may ask for at once, and how far it may go.
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


class CallerRequest(HttpRequest):
    """A request whose caller is known: the API has no anonymous operations."""

    user: User


@api.exception_handler(actions.TagError)
@api.exception_handler(actions.CueError)
@api.exception_handler(actions.TermError)
@api.exception_handler(actions.HearingError)
@api.exception_handler(community.RatingError)
def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """What an action turns away is the caller's to mend."""
    return api.create_response(request, {"detail": str(error)}, status=422)


@api.exception_handler(TooOften)
def asked_too_often(request: HttpRequest, refusal: TooOften) -> HttpResponse:
    """The sentence says how long to wait, and so does the header."""
    response = api.create_response(request, {"detail": str(refusal)}, status=429)
    response["Retry-After"] = str(refusal.retry_after)
    return response


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    """The sentence of whoever looked; ninja's own says "Not Found"."""
    return api.create_response(request, {"detail": str(error)}, status=404)


@api.exception_handler(PermissionDenied)
def forbidden(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    """The sentence of the rule, which says who may."""
    return api.create_response(request, {"detail": str(error)}, status=403)


@api.get("/clips", response=ClipPage, summary="Clips listed for you, the newest first")
def list_clips(
    request: CallerRequest, tag: str = "", mine: bool = False, limit: Limit = 20, offset: Offset = 0
) -> dict[str, Any]:
    """With `mine`, your own only, those still worked on included."""
    clips = (
        Clip.objects.visible_to(request.user).filter(owner=request.user)
        if mine
        else Clip.objects.listed_for(request.user)
    )
    if tag:
        clips = clips.filter(tags__folded=fold_tag(tag))
    newest = ("-created_at", "-pk")
    # By number first: what stands before a deep page is walked over without its owners and recordings.
    page = clips.filter(pk__in=clips.order_by(*newest).values("pk")[offset : offset + limit])
    shown = page.select_related("owner", "recording", "license").prefetch_related("tags").order_by(*newest)
    return {"total": clips.count(), "clips": _told(request.user, shown)}


@api.get("/clips/{uuid:code}", response={200: ClipOut, 404: Problem}, summary="One clip")
def read_clip(request: CallerRequest, code: UUID) -> Clip:
    """404 where it may not be known to exist."""
    return _read(request.user, code)


@api.patch("/clips/{uuid:code}", response={200: ClipOut, 404: Problem, 422: Problem}, summary="Change a clip")
def edit_clip(request: CallerRequest, code: UUID, changes: ClipIn) -> Clip:
    """Owners and curators; what is left out stays."""
    clip = get_clip_for(request.user, code, to="edit")
    details: dict[str, Any] = {k: v for k, v in changes.dict(exclude_unset=True).items() if v is not None}
    if "license" in details:
        details["license"] = _license(details["license"])
    actions.edit_clip(clip, by=request.user, **details)
    return _read(request.user, code)


@api.delete("/clips/{uuid:code}", response={204: None, 404: Problem}, summary="Delete a clip")
def delete_clip(request: CallerRequest, code: UUID) -> Status[None]:
    """It waits in the trash and can be restored."""
    actions.trash_clip(get_clip_for(request.user, code, to="edit"), by=request.user)
    return Status(204, None)


@api.post("/clips/{uuid:code}/restore", response={200: ClipOut, 404: Problem}, summary="Restore a deleted clip")
def restore_clip(request: CallerRequest, code: UUID) -> Clip:
    """As it was."""
    actions.restore_clip(get_clip_for(request.user, code, to="restore"), by=request.user)
    return _read(request.user, code)


@api.post("/clips/{uuid:code}/tags", response={200: list[str], 404: Problem, 422: Problem}, summary="Add a tag")
def add_tag(request: CallerRequest, code: UUID, tag: TagIn) -> list[str]:
    """Anyone who may watch; the answer is all tags of the clip."""
    clip = get_clip_for(request.user, code, to="tag")
    actions.tag_clip(clip, tag.name, by=request.user)
    return sorted(clip.tags.values_list("name", flat=True))


@api.delete(
    "/clips/{uuid:code}/tags/{path:name}",
    response={200: list[str], 403: Problem, 404: Problem},
    summary="Take a tag off",
)
def remove_tag(request: CallerRequest, code: UUID, name: str) -> list[str]:
    """Whoever put it on, owners and curators. The name may hold a slash."""
    clip = get_clip_for(request.user, code, to="tag")
    actions.untag_clip(clip, get_tagging_for(request.user, clip, name).tag, by=request.user)
    return sorted(clip.tags.values_list("name", flat=True))


@api.put("/clips/{uuid:code}/rating", response={200: RatingOut, 404: Problem, 422: Problem}, summary="Rate a clip")
def rate_clip(request: CallerRequest, code: UUID, stars: StarsIn) -> dict[str, Any]:
    """Once a person; again changes it."""
    clip = get_clip_for(request.user, code, to="rate")
    community.rate_clip(clip, stars.stars, by=request.user)
    return _rating(request.user, clip)


@api.get("/clips/{uuid:code}/rating", response={200: RatingOut, 404: Problem}, summary="What people think of a clip")
def read_rating(request: CallerRequest, code: UUID) -> dict[str, Any]:
    """The mean, how many, and yours."""
    return _rating(request.user, get_clip_for(request.user, code))


@api.get("/clips/{uuid:code}/transcript", response={200: TranscriptOut, 404: Problem}, summary="What is said in a clip")
def read_transcript(request: CallerRequest, code: UUID) -> dict[str, Any]:
    """Corrections laid over; no cues where nothing is said or nothing is heard yet."""
    clip = get_clip_for(request.user, code)
    heard = Transcript.objects.filter(recording=clip.recording).first() if clip.recording else None
    return {"language": heard.language if heard else None, "cues": cues_of(clip)}


@api.put(
    "/clips/{uuid:code}/transcript/cue", response={200: CueOut, 404: Problem, 422: Problem}, summary="Correct a cue"
)
def correct_cue(request: CallerRequest, code: UUID, cue: CueIn) -> dict[str, Any]:
    """Owners and curators; within the clip, 30 seconds at most; searchable at once, and no later run overwrites it."""
    clip = get_clip_for(request.user, code, to="edit")
    actions.correct_cue(clip, start=cue.start, end=cue.end, text=cue.text, by=request.user)
    return {**cue.dict(), "corrected": True}


@api.get(
    "/clips/{uuid:code}/screen-text",
    response={200: ScreenTextOut, 404: Problem},
    summary="What can be read on the screen of a clip",
)
def read_screen_text(request: CallerRequest, code: UUID) -> dict[str, Any]:
    """Exactly as it was read, code and paths included; no lines until somebody has read them."""
    return {"lines": list(lines_on_screen(get_clip_for(request.user, code)))}


@api.get("/clips/{uuid:code}/like", response={200: list[ClipOut], 404: Problem}, summary="Clips like this one")
def read_like(request: CallerRequest, code: UUID) -> list[Clip]:
    """At most six, the nearest in meaning first, of those listed for you."""
    listed = Clip.objects.listed_for(request.user).select_related("owner", "recording", "license")
    return _told(request.user, clips_like(get_clip_for(request.user, code), listed.prefetch_related("tags")))


@api.get("/clips/{uuid:code}/jobs", response={200: list[JobOut], 404: Problem}, summary="How the work on a clip stands")
def read_jobs(request: CallerRequest, code: UUID) -> list[JobOut]:
    """One entry a step, in the order they were queued."""
    clip = get_clip_for(request.user, code)
    return _jobs(clip)


@api.post("/clips/{uuid:code}/retry", response={200: list[JobOut], 404: Problem}, summary="Try failed steps again")
def retry(request: CallerRequest, code: UUID) -> list[JobOut]:
    """Owners and curators."""
    clip = get_clip_for(request.user, code, to="edit")
    if clip.recording:
        try_again(clip.recording)
    return _jobs(clip)


@api.post(
    "/clips/{uuid:code}/hear-again",
    response={200: list[JobOut], 404: Problem, 422: Problem},
    summary="Write the words down anew",
)
def hear_again(request: CallerRequest, code: UUID) -> list[JobOut]:
    """Owners and curators; with the vocabulary of today. Corrections stay; under way already, nothing happens."""
    clip = get_clip_for(request.user, code, to="edit")
    actions.hear_again(clip, by=request.user)
    return _jobs(clip)


@api.get("/vocabulary", response={200: list[str], 403: Problem}, summary="Names that speech engines are told")
def read_vocabulary(request: CallerRequest) -> list[str]:
    """Curators."""
    return list(_vocabulary(request).values_list("text", flat=True))


@api.post("/vocabulary", response={200: list[str], 403: Problem, 422: Problem}, summary="Put names on the vocabulary")
def add_terms(request: CallerRequest, new: TermsIn) -> list[str]:
    """Curators; case and spaces do not matter, and the last spelling counts. The answer is the whole list."""
    vocabulary = _vocabulary(request)
    actions.add_terms(new.terms, by=request.user)
    return list(vocabulary.values_list("text", flat=True))


@api.delete("/vocabulary/{path:text}", response={204: None, 403: Problem, 404: Problem}, summary="Take a name off")
def remove_term(request: CallerRequest, text: str) -> Status[None]:
    """Curators; what was heard with it stays."""
    term = _vocabulary(request).filter(folded=fold_term(text)).first()
    if term is None:
        raise HttpError(404, "The vocabulary does not have this name.")
    actions.remove_term(term, by=request.user)
    return Status(204, None)


@api.get("/search", response={200: HitsOut, 429: Problem}, summary="Find the moment")
def search(request: CallerRequest, q: str, limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
    """Over titles, tags, descriptions and speech of all clips listed for you, best first.

    Narrowed by `tag:git`, `by:ada`, `by:me`, `before:2026-05`, `after:2026`, `longer:5m`, `shorter:90s`, each with a
    minus for the contrary; with nothing else in `q`, what fits comes the newest first.
    """
    count_search(request.user)
    found = search_clips(request.user, q, limit=limit, offset=offset)
    if not offset:
        remember_search(found)
    return {"total": found.total, "is_cut": found.is_cut, "hits": found.as_data(first_rank=offset + 1)}


@api.get("/suggest", response={200: list[SuggestionOut], 429: Problem}, summary="What may be about to be typed")
def suggest_searches(request: CallerRequest, q: str) -> list[dict[str, str]]:
    """At most eight: searches that found something, tags, and titles of clips, all of those listed for you."""
    count_search(request.user)
    return [each.as_data() for each in suggest(request.user, q)]


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """The API on a page, drawn from its OpenAPI document: no script, nothing from another origin."""
    schema = api.get_openapi_schema()
    return render(request, "api/docs.html", {"schema": schema, "operations": operations_of(schema)})


def _read(user: User, code: UUID) -> Clip:
    return _told(user, [get_clip_for(user, code)])[0]


def _told(user: User, clips: Iterable[Clip]) -> list[Clip]:
    """The clips, each with what it is a duplicate of."""
    clips = list(clips)
    copies = known_as(user, clips)
    for clip in clips:
        clip.duplicate_of = copies[clip.pk].code if clip.pk in copies else None  # type: ignore[attr-defined]
    return clips


def _jobs(clip: Clip) -> list[JobOut]:
    now = timezone.now()
    return [_told_wait(job, now) for job in clip.recording.jobs.order_by("pk")] if clip.recording else []


def _told_wait(job: Job, now: datetime) -> JobOut:
    wait = wait_for(job, now) if job.state == State.QUEUED else None
    told = {"ahead": wait.ahead, "wait_seconds": wait.seconds} if wait else {}
    return JobOut.model_validate(job).model_copy(update=told)


def _vocabulary(request: CallerRequest) -> QuerySet[Term]:
    if not request.user.is_curator:
        raise HttpError(403, "The vocabulary is for curators. Ask an admin if you need it.")
    return Term.objects.all()


def _license(name: str) -> License | None:
    if not name:
        return None
    found = License.objects.filter(name__iexact=name).first()
    if found is None:
        names = ", ".join(License.objects.values_list("name", flat=True)) or "none yet"
        raise HttpError(422, f"There is no licence {name!r} here; the licences are: {names}.")
    return found


def _rating(user: User, clip: Clip) -> dict[str, Any]:
    clip.refresh_from_db(fields=["rating_sum", "rating_count"])
    mine = Rating.objects.filter(clip=clip, by=user).values_list("stars", flat=True).first()
    return {"rating": clip.rating, "rating_count": clip.rating_count, "mine": mine}
