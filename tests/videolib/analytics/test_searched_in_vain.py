"""What people search for in vain: what is counted, what never is, and the page on which curators read it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from videolib.accounts.models import AuditEntry
from videolib.analytics import actions
from videolib.analytics.actions import forget_old_searches, looks_private, record_search
from videolib.analytics.models import Sought
from videolib.analytics.tasks import forget_old_searches as by_the_clock

PAGE = "/searched-in-vain/"
DONE, UNDO = f"{PAGE}done/", f"{PAGE}undo/"


@pytest.fixture
def learner(client_of: Any, make_user: Any) -> Client:
    client: Client = client_of(make_user("learner"))
    return client


@pytest.fixture
def curator(client_of: Any, make_user: Any) -> Client:
    client: Client = client_of(make_user("curator"))
    return client


def counted() -> dict[str, tuple[int, int]]:
    """By words: how often something was found, and how often nothing."""
    return {row.words: (row.found, row.in_vain) for row in Sought.objects.all()}


class TestWhatIsCounted:
    def test_a_search_that_finds_nothing_and_one_that_finds_something(self, learner: Client, make_clip: Any) -> None:
        make_clip(title="Pivot tables")
        for text in ("helm chart", "  Helm   CHART ", "pivot"):
            assert learner.get("/search/", {"q": text}).status_code == 200
        assert learner.get("/api/v1/search", {"q": "helm chart"}).json()["total"] == 0
        assert counted() == {"helm chart": (0, 3), "pivot": (1, 0)}

    @pytest.mark.parametrize("asked", [{"as_typed": "1"}, {"page": "2"}])
    def test_neither_what_is_still_typed_nor_a_further_page(
        self, learner: Client, make_clip: Any, asked: dict[str, str]
    ) -> None:
        for number in range(21):
            make_clip(title=f"Pivot {number}")
        learner.get("/search/", asked | {"q": "pivot"})
        learner.get("/api/v1/search", {"q": "pivot", "offset": "20"})
        learner.head("/search/", {"q": "pivot"})
        assert counted() == {}

    @pytest.mark.parametrize("text", ["", "  ", "?!", "🙂", "helm by:ada", "tag:git", "helm -tag:git"])
    def test_neither_no_words_nor_what_operators_narrow(self, learner: Client, text: str) -> None:
        learner.get("/search/", {"q": text})
        assert counted() == {}

    @pytest.mark.parametrize(
        "text",
        [
            "ada@example.com",
            "mail from ada.l@example.co.uk lost",
            "password=hunter2",
            "Passwort: hunter2",
            "api_key = abc",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "d41d8cd98f00b204e9800998ecf8427e",
            "9f1b2c3d-0000-4000-8000-123456789abc",
            "+49 170 1234567",
            "4111 1111 1111 1111",
        ],
    )
    def test_what_may_be_a_secret_or_name_a_person_is_not(self, learner: Client, text: str) -> None:
        assert looks_private(text)
        learner.get("/search/", {"q": text})
        learner.get("/api/v1/search", {"q": text})
        assert counted() == {}

    @pytest.mark.parametrize(
        "text",
        ["reset the password", "err_conn_reset", "ORA-00942", "before 2026-05-01", "internationalization", "key value"],
    )
    def test_plain_words_that_resemble_one_are(self, text: str, db: None) -> None:
        record_search(text, found=False)
        assert counted() == {text.casefold(): (0, 1)}

    def test_a_long_text_is_cut(self, db: None) -> None:
        record_search("ﬃ " * 5000, found=False)
        (row,) = Sought.objects.all()
        assert row.words.startswith("ffi ffi")
        assert len(row.words) <= 100

    @pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\u200bb", "%s %(x)s", "'; DROP"])
    def test_any_text_is_fine(self, text: str, db: None) -> None:
        record_search(text, found=False)
        assert Sought.objects.count() == 1

    def test_each_day_has_a_row_of_its_own(self, db: None) -> None:
        yesterday = timezone.localdate() - timedelta(days=1)
        Sought.objects.create(words="helm", day=yesterday, in_vain=2)
        record_search("helm", found=False)
        assert sorted(Sought.objects.values_list("day", "in_vain")) == [(yesterday, 2), (timezone.localdate(), 1)]

    def test_nothing_tells_who_asked(self) -> None:
        assert {field.name for field in Sought._meta.get_fields()} == {"id", "words", "day", "found", "in_vain", "done"}


class TestASearchNeverWaitsForIt:
    def test_where_nothing_can_be_written_the_search_is_answered(
        self, learner: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(actions, "_COUNT", "INSERT INTO no_such_table VALUES (%s, %s, %s, %s)")
        with caplog.at_level(logging.WARNING):
            assert learner.get("/search/", {"q": "helm"}).status_code == 200
            assert learner.get("/api/v1/search", {"q": "helm"}).status_code == 200
        assert caplog.text.count("a search was not counted") == 2
        assert "helm" not in caplog.text

    def test_the_next_who_writes_waits_as_long_as_ever(self, db: None) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("only SQLite has one who writes at a time")
        with connection.cursor() as cursor:
            record_search("helm", found=False)
            assert cursor.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
            with pytest.raises(DatabaseError), actions._without_waiting():
                raise DatabaseError
            assert cursor.execute("PRAGMA busy_timeout").fetchone() == (30_000,)

    def test_it_is_one_statement_however_often(self, db: None) -> None:
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                record_search("helm", found=False)
            counts.append([query["sql"] for query in queries if "videolib_sought" in query["sql"]])
        assert [len(each) for each in counts] == [1, 1]


class TestThePage:
    def test_lists_the_most_wanted_first_with_a_way_to_search_again(self, curator: Client) -> None:
        for words, times in (("helm & chart", 1), ("grafana", 3)):
            for _ in range(times):
                record_search(words, found=False)
        record_search("pivot", found=True)
        page = curator.get(PAGE).text
        assert page.index("grafana") < page.index("helm &amp; chart")
        assert "3 searches, the last on" in page
        assert "1 search, the last on" in page
        assert 'href="/search/?q=helm%20%26%20chart"' in page
        assert "pivot" not in page

    def test_says_so_when_there_is_nothing(self, curator: Client) -> None:
        assert "Nobody searched in vain" in curator.get(PAGE).text

    def test_what_is_older_than_ninety_days_is_left_out(self, curator: Client) -> None:
        for days in (89, 91):
            Sought.objects.create(words=f"of {days}", day=timezone.localdate() - timedelta(days=days), in_vain=1)
        page = curator.get(PAGE).text
        assert "of 89" in page
        assert "of 91" not in page

    def test_the_number_of_queries_does_not_grow(self, curator: Client) -> None:
        counts = []
        for more in (3, 60):
            for number in range(more):
                record_search(f"words {number} of {more}", found=False)
            with CaptureQueriesContext(connection) as queries:
                curator.get(PAGE)
            counts.append(len(queries))
        assert counts[0] == counts[1]
        assert 'href="?page=2"' in curator.get(PAGE).text

    def test_curators_find_it_in_their_menu(self, curator: Client, learner: Client) -> None:
        assert f'href="{PAGE}"' in curator.get("/").text
        assert f'href="{PAGE}"' not in learner.get("/").text


class TestDone:
    def test_takes_words_off_the_list_and_undo_brings_them_back(self, curator: Client) -> None:
        Sought.objects.create(words="helm", day=timezone.localdate() - timedelta(days=3), in_vain=2)
        record_search("helm", found=False)
        said = curator.post(DONE, {"words": "helm"}, follow=True).text
        assert "“helm” is off the list." in said
        assert "Nobody searched in vain" in said
        assert "3 searches" in curator.post(UNDO, {"words": "helm"}, follow=True).text
        assert [entry.details for entry in AuditEntry.objects.all()] == [{}, {}]

    def test_who_asks_again_brings_them_back_alone(self, curator: Client) -> None:
        record_search("helm", found=False)
        curator.post(DONE, {"words": "helm"})
        record_search("helm", found=False)
        assert "1 search, the last" in curator.get(PAGE).text

    @pytest.mark.parametrize("address", [DONE, UNDO])
    @pytest.mark.parametrize("words", ["", "x" * 101, "never asked"])
    def test_other_words_are_no_error(self, curator: Client, address: str, words: str) -> None:
        record_search("helm", found=False)
        assert curator.post(address, {"words": words}, follow=True).status_code == 200
        assert Sought.objects.get().done == 0

    @pytest.mark.parametrize("address", [PAGE, DONE, UNDO])
    def test_is_for_curators_and_admins(self, client_of: Any, make_user: Any, address: str) -> None:
        record_search("helm", found=False)
        for role in ("learner", "contributor"):
            client = client_of(make_user(role))
            answer = client.get(address) if address == PAGE else client.post(address, {"words": "helm"})
            assert answer.status_code == 403
        signed_out = Client().get(address) if address == PAGE else Client().post(address, {"words": "helm"})
        assert signed_out["Location"].startswith("/accounts/login/")
        assert Sought.objects.get().done == 0
        admin = client_of(make_user("admin"))
        assert (admin.get(address) if address == PAGE else admin.post(address, {"words": "helm"})).status_code < 400


def test_after_a_year_it_is_forgotten(db: None) -> None:
    today = timezone.localdate()
    for days in (364, 366, 1000):
        Sought.objects.create(words="helm", day=today - timedelta(days=days), in_vain=1)
    assert by_the_clock() == 2
    assert forget_old_searches() == 0
    assert Sought.objects.get().day == today - timedelta(days=364)
