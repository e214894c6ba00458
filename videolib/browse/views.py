"""Pages that lead to a clip: home, browse, search. What is shown is what `listed_for` gives, and nothing else."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from videolib.accounts.access import person_of
from videolib.accounts.models import User
from videolib.browse.filters import CountedPages, chips_of, count_people, count_tags, tag_names
from videolib.browse.forms import BrowseForm
from videolib.browse.search import ClipHits, count_search, remember_search, search_clips
from videolib.browse.suggest import suggest
from videolib.clips.models import Clip, Tag, fold_tag

ON_A_SHELF = 10  # browse.css shows as many of them as fill whole rows
MOST_PINNED = 16
ON_A_PAGE = 24
HITS_ON_A_PAGE = 20
# Nobody reads further; and an offset of a million is work for nothing.
LAST_PAGE = 50
HITS_BELOW_THE_BOX = 6
TAGS_AT_HOME = 30
TAGS_TO_CHOOSE = 60
TAGS_SUGGESTED = 10


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What curators put first, what is new, what is liked best, and the tags."""
    listed = Clip.objects.listed_for(request.user)
    cards = listed.with_card()
    shelves = {
        "pinned": cards.filter(pinned_at__isnull=False).order_by("-pinned_at", "-pk")[:MOST_PINNED],
        "new": cards.newest_first()[:ON_A_SHELF],
        "best": cards.filter(rating_count__gt=0).best_rated()[:ON_A_SHELF],
    }
    return render(request, "browse/home.html", {**shelves, "tags": count_tags(listed, most=TAGS_AT_HOME)})


@require_safe
@login_required
def browse(request: HttpRequest) -> HttpResponse:
    """All clips, narrowed by tags, person, length and date. Each number is what choosing that as well would show."""
    listed = Clip.objects.listed_for(request.user)
    form = BrowseForm(request.GET)
    filters = form.filters(request.GET)
    people = count_people(filters.but_anyone().narrow(listed), chosen=filters.person)
    form.offer_people(people)
    fitting = filters.narrow(listed)
    page = CountedPages(filters.sorted(fitting.with_card()), ON_A_PAGE).get_page(request.GET.get("page"))
    person_name = next((person.display_name for person, _ in people if person.code == filters.person), "")
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "chips": chips_of(filters, tag_names=tag_names(listed, filters.tags), person_name=person_name),
        "tags": count_tags(fitting, most=TAGS_TO_CHOOSE, chosen=filters),
        "library_is_empty": not page.paginator.count and not listed.exists(),
    }
    return render(request, "browse/browse.html", context)


@require_safe
@login_required
def search(request: HttpRequest) -> HttpResponse:
    """What was said, written and tagged. `as_typed=1` gives only the results, for a box that is still typed into."""
    text = request.GET.get("q", "")
    count_search(person_of(request))
    if request.GET.get("as_typed"):
        return _while_typing(request, text)
    found, page = _page_of_hits(person_of(request), text, request.GET.get("page", ""))
    if request.method == "GET" and page.number == 1:
        remember_search(found)
    context = {"search_text": text, "search_target": "#results", "found": found, "page": page}
    return render(request, "browse/search.html", context)


def _while_typing(request: HttpRequest, text: str) -> HttpResponse:
    below_the_box = request.headers.get("HX-Target") == "suggestions"
    limit = HITS_BELOW_THE_BOX if below_the_box else HITS_ON_A_PAGE
    found = search_clips(person_of(request), text, limit=limit, as_typed=True)
    part = "browse/_suggestions.html" if below_the_box else "browse/_results.html"
    context = {"search_text": text, "found": found}
    if below_the_box:
        shown = {hit.clip.get_absolute_url() for hit in found.hits}
        suggested = suggest(person_of(request), text)
        context["suggested"] = [each for each in suggested if each.address not in shown]
    response = render(request, part, context)
    if not below_the_box:
        # What stands in the address bar can be reloaded and shared. Only so much of it: headers have an end.
        response["HX-Replace-Url"] = f"{request.path}?{urlencode({'q': text[:500]})}"
    return response


def _page_of_hits(person: User, text: str, asked: str) -> tuple[ClipHits, Page[int]]:
    number = min(max(int(asked), 1), LAST_PAGE) if asked.isdecimal() and len(asked) < 9 else 1
    found = search_clips(person, text, limit=HITS_ON_A_PAGE, offset=(number - 1) * HITS_ON_A_PAGE)
    pages = Paginator(range(min(found.total, LAST_PAGE * HITS_ON_A_PAGE)), HITS_ON_A_PAGE)
    page = pages.get_page(number)
    if page.number == number:
        return found, page
    last = search_clips(person, text, limit=HITS_ON_A_PAGE, offset=(page.number - 1) * HITS_ON_A_PAGE)
    return last, page


@require_safe
@login_required
def tag_suggestions(request: HttpRequest) -> JsonResponse:
    """Names of tags that begin like `q`, then those that hold it: a JSON list. Only of clips one comes across."""
    typed = fold_tag(request.GET.get("q", ""))
    used = Tag.objects.filter(folded__contains=typed, clips__in=Clip.objects.listed_for(request.user).values("pk"))
    counted = used.annotate(number=Count("taggings"), begins=Q(folded__startswith=typed))
    names = counted.order_by("-begins", "-number", "folded").values_list("name", flat=True)
    return JsonResponse(list(names[:TAGS_SUGGESTED]), safe=False)
