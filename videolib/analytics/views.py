"""Pages for curators: what people look for and do not find."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from videolib.accounts.access import curator_required, person_of
from videolib.analytics import actions
from videolib.analytics.forms import WordsForm
from videolib.analytics.models import Sought

A_PAGE = 50
DAYS = 90


@require_safe
@curator_required
def searched_in_vain(request: HttpRequest) -> HttpResponse:
    """What was looked for in the last DAYS days and not found, most often first."""
    rows = Sought.objects.in_vain_since(timezone.localdate() - timedelta(days=DAYS))
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "analytics/searched_in_vain.html", {"page": page, "days": DAYS})


@require_POST
@curator_required
def set_aside(request: HttpRequest) -> HttpResponse:
    """Done with some words; the message that follows can undo it."""
    form = WordsForm(request.POST)
    if form.is_valid():
        words = form.cleaned_data["words"]
        actions.set_aside(words, by=person_of(request))
        undo = render_to_string("analytics/_set_aside.html", {"words": words}, request)
        messages.success(request, mark_safe(undo))  # our own template, which escapes the words
    return redirect("searched_in_vain")


@require_POST
@curator_required
def bring_back(request: HttpRequest) -> HttpResponse:
    """Undo that."""
    form = WordsForm(request.POST)
    if form.is_valid():
        actions.bring_back(form.cleaned_data["words"], by=person_of(request))
    return redirect("searched_in_vain")
