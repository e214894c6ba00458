"""For programs that watch the library."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from videolib.operations import readiness
from videolib.operations.access import internals_only
from videolib.operations.metrics import CONTENT_TYPE, metrics_text


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
