"""For programs that watch the library, and for admins: what waits, what is stuck, what failed and why."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from videolib.accounts.access import admin_required, person_of
from videolib.clips.access import get_clip_for
from videolib.operations import readiness
from videolib.operations import work as at_work
from videolib.operations.access import internals_only
from videolib.operations.actions import retry_work
from videolib.operations.metrics import CONTENT_TYPE, metrics_text
from videolib.operations.models import LibraryCheck
from videolib.operations.queues import queues_at
from videolib.search.meaning import why_there_is_none


@require_safe
@never_cache
@internals_only
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 (every view has one)
    """Each thing the library needs, "ok" or a sentence; 503 when one is not."""
    answers = readiness.ask()
    return JsonResponse(answers, status=200 if readiness.is_ready(answers) else 503)


@require_safe
@never_cache
@internals_only
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (every view has one)
    """For Prometheus."""
    return HttpResponse(metrics_text(), content_type=CONTENT_TYPE)


@require_safe
@admin_required
def work(request: HttpRequest) -> HttpResponse:
    """Machine, queues, workers, and the jobs somebody should look at. Takes a second: workers are asked."""
    person, now, answers = person_of(request), timezone.now(), readiness.ask()
    context = {
        "troubles": readiness.troubles_in(answers),
        "without_meaning": why_there_is_none(),
        "workers": readiness.workers_seen(),
        "queues": queues_at(now),
        "stuck": at_work.stuck_rows(person, now),
        "failed": at_work.failed_rows(person, now),
        "check": LibraryCheck.objects.first(),
        "most_shown": at_work.MOST_SHOWN,
    }
    return render(request, "operations/work.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def clip_work(request: HttpRequest, code: UUID) -> HttpResponse:
    """All work on one clip, explained; POST tries again what failed or is stuck."""
    person = person_of(request)
    clip = get_clip_for(person, code)
    if request.method != "POST":
        explanations = at_work.explanations_of(clip, timezone.now())
        context = {"clip": clip, "explanations": explanations, "attempts": settings.JOB_ATTEMPTS}
        return render(request, "operations/clip_work.html", context)
    if retry_work(clip, by=person):
        messages.success(request, "It is tried again.")
    else:
        messages.info(request, "There is nothing to try again: all is done, or under way.")
    return redirect("work")
