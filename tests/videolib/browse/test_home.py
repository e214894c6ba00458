"""The home page: what curators pinned, what is new, what is liked best, tags."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from transcode.models import Recording, Storyboard
from videolib.accounts.models import User
from videolib.clips.models import Clip, Tag, Tagging, fold_tag
from videolib.templatetags import cards

HOME = "/"


def titles(page: str, shelf: str) -> list[str]:
    section = page.partition(f'id="{shelf}"')[2].partition("</section>")[0]
    return re.findall(r'card-title[^>]*><a [^>]*title="([^"]+)"', section)


def get(client, address=HOME) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_signed_out_people_are_sent_to_sign_in(client, db):
    response = client.get(HOME)
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next=/"


def test_an_empty_library_tells_a_contributor_to_upload(client_of, make_user):
    page = get(client_of(make_user("contributor")))
    assert "Upload the first clip" in page
    assert "make demo" not in page


def test_an_empty_library_tells_a_learner_whom_to_ask(client_of, make_user):
    page = get(client_of(make_user("learner")))
    assert "ask an admin to make you a contributor" in page
    assert "Upload the first clip" not in page


def test_an_empty_library_tells_only_an_admin_of_the_demo(client_of, make_user):
    assert "make demo" in get(client_of(make_user("admin")))
    assert "make demo" not in get(client_of(make_user("curator")))


def test_what_is_pinned_new_and_liked_stands_on_its_shelf(client_of, make_user, make_clip):
    now = timezone.now()
    make_clip(title="Old", published_at=now - timedelta(days=9))
    make_clip(title="Pinned", published_at=now - timedelta(days=8), pinned_at=now)
    make_clip(title="Liked", published_at=now - timedelta(days=7), rating_sum=9, rating_count=2)
    make_clip(title="Young", published_at=now)
    page = get(client_of(make_user()))
    assert titles(page, "pinned") == ["Pinned"]
    assert titles(page, "new") == ["Young", "Liked", "Pinned", "Old"]
    assert titles(page, "best") == ["Liked"]


def test_one_five_does_not_beat_forty_ratings_of_four_point_six(client_of, make_user, make_clip):
    make_clip(title="One five", rating_sum=5, rating_count=1)
    make_clip(title="Forty good ones", rating_sum=184, rating_count=40)
    assert titles(get(client_of(make_user())), "best") == ["Forty good ones", "One five"]


@pytest.mark.parametrize("everywhere", [3.0, 4.0, 4.6, 5.0])
def test_one_five_does_not_win_whatever_the_rest_of_the_library_is_rated(make_clip, everywhere):
    one = make_clip(title="One five", rating_sum=5, rating_count=1)
    forty = make_clip(title="Forty good ones", rating_sum=184, rating_count=40)
    for _ in range(5):
        make_clip(title="Another", rating_sum=int(everywhere * 10), rating_count=10)
    order = list(Clip.objects.best_rated())
    assert order.index(forty) < order.index(one)


def test_many_good_ratings_still_lose_to_many_better_ones(make_clip):
    good = make_clip(rating_sum=160, rating_count=40)
    better = make_clip(rating_sum=48, rating_count=10)
    bad = make_clip(rating_sum=2, rating_count=2)
    assert list(Clip.objects.best_rated()) == [better, good, bad]


def test_nothing_is_shown_that_is_not_listed(client_of, make_user, make_clip):
    now = timezone.now()
    make_clip(title="Private one", visibility="private", tags=["secret"], pinned_at=now)
    make_clip(title="Unlisted one", visibility="unlisted", tags=["secret"], pinned_at=now)
    make_clip(title="Hidden one", hidden_at=now, tags=["secret"], rating_sum=5, rating_count=1)
    make_clip(title="Trashed one", trashed_at=now, tags=["secret"])
    make_clip(title="Unfinished one", playable=False, tags=["secret"])
    make_clip(title="Team one")
    page = get(client_of(make_user()))
    assert "Team one" in page
    for word in ("Private", "Unlisted", "Hidden", "Trashed", "Unfinished"):
        assert f"{word} one" not in page
    assert "secret" not in page


def test_owners_see_their_private_clips_marked_as_such(client_of, make_user, make_clip):
    owner = make_user("contributor")
    make_clip(owner, title="Mine", visibility="private")
    page = get(client_of(owner))
    assert "Mine" in page
    assert "Only you" in page


def test_tags_lead_to_their_clips_with_how_many(client_of, make_user, make_clip):
    make_clip(tags=["Git Hub", "ci"])
    make_clip(tags=["git  hub"])
    page = get(client_of(make_user()))
    assert 'href="/browse/?tag=git+hub"' in page
    assert re.search(r'tag=git\+hub">Git Hub <span class="count">.*?2</span>', page, re.S)


def test_titles_and_tags_are_escaped(client_of, make_user, make_clip):
    make_clip(title="<script>alert(1)</script>", tags=['"><img src=x>'])
    page = get(client_of(make_user()))
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


def test_the_number_of_queries_does_not_grow_with_clips(client_of, make_user, make_clip):
    def clips(number):
        for i in range(number):
            clip = make_clip(tags=[f"tag {i}", "all"], rating_sum=5, rating_count=1, pinned_at=timezone.now())
            Storyboard.objects.create(
                recording=clip.recording, interval=2, columns=5, rows=5, tile_width=160, tile_height=90, count=20
            )

    client = client_of(make_user())
    clips(3)
    with CaptureQueriesContext(
        connection,
    ) as few:
        get(client)
    clips(27)
    with CaptureQueriesContext(connection) as many:
        get(client)
    assert len(many) == len(few) <= 10


def test_the_header_offers_what_the_role_allows(client_of, make_user):
    pages = {role: get(client_of(make_user(role))) for role in ("learner", "contributor", "curator", "admin")}
    assert reverse("upload") not in pages["learner"]
    assert f'href="{reverse("upload")}"' in pages["contributor"]
    assert f'href="{reverse("people")}"' in pages["admin"]
    assert f'href="{reverse("people")}"' not in pages["curator"]
    for page in pages.values():
        assert f'action="{reverse("account_logout")}"' in page


def test_a_card_says_by_whom_since_when_and_how_good_and_leads_to_more_of_both(client_of, make_user, make_clip):
    owner, name = make_user(name="Ada"), "Q&A / Größe"
    clip = make_clip(owner=owner, published_at=timezone.now() - timedelta(hours=3), rating_sum=9, rating_count=2)
    make_clip(title="Of somebody else", published_at=timezone.now() - timedelta(days=1))
    Tagging.objects.create(clip=clip, tag=Tag.objects.create(name=name, folded=fold_tag(name)))
    client = client_of(make_user())
    card = get(client).partition("data-card")[2].partition("data-card")[0]
    assert re.search(r'<time datetime="[^"]+\+00:00" title="\d+ \w+ \d{4}, \d\d:\d\d">3 hours ago</time>', card)
    assert 'title="4.5 of 5, rated by 2"' in card
    leads = [html.unescape(address) for address in re.findall(r'href="(/browse/[^"]+)"', card)]
    assert len(leads) == 2
    for address in leads:
        assert re.findall(r'card-title[^>]*><a [^>]*title="([^"]+)"', get(client, address)) == [clip.title]


def test_a_card_is_drawn_once_for_all_and_anew_when_anything_on_it_changes(
    client_of, make_user, make_clip, monkeypatch
):
    clip = make_clip(title="Drawn once and for all", published_at=timezone.now() - timedelta(days=40))
    drawn = []
    draw = cards.render_to_string
    monkeypatch.setattr(cards, "render_to_string", lambda name, shown: drawn.append(name) or draw(name, shown))
    clients = [client_of(make_user()), client_of(make_user("admin")), client_of(clip.owner)]

    def drawn_now() -> list[str]:
        drawn.clear()
        pages = [get(client) for client in clients]
        assert all(Clip.objects.get().title in page for page in pages)
        return sorted(drawn)

    assert drawn_now() == ["_card.html", "_poster.html"]
    assert drawn_now() == []
    for change in ({"title": "Another title"}, {"rating_sum": 5, "rating_count": 1}):
        Clip.objects.update(**change)
        assert drawn_now() == ["_card.html"]
    Tagging.objects.create(clip=clip, tag=Tag.objects.create(name="git", folded="git"))
    assert drawn_now() == ["_card.html"]
    User.objects.filter(pk=clip.owner_id).update(name="Somebody else")
    assert drawn_now() == ["_card.html"]
    Recording.objects.update(duration=61.0)
    assert drawn_now() == ["_card.html", "_poster.html"]
