"""The vocabulary: which names an engine is told for a clip, and the page where curators keep the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from transcode.actions import accept_recording
from transcode.models import Job, State, Step
from videolib.accounts.models import AuditEntry
from videolib.clips import actions
from videolib.clips.models import Clip, CueEdit, Term, fold_term, tidy_term
from videolib.clips.vocabulary import (
    MOST_TOKENS,
    Words,
    choose,
    count_names,
    count_tokens,
    names_of,
    team_words,
    vocabulary_for,
    write_prompt,
)

MANY = [f"Product{number}" for number in range(200)]

# --- Choosing: pure -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("team", "own", "about", "chosen"),
    [
        (Words(), Words(), ("", ""), []),
        (
            Words(terms=["Grafana"], tags=["git"], corrected=[("Loki", 2)]),
            Words(),
            ("", ""),
            ["Grafana", "git", "Loki"],
        ),
        (Words(terms=["Grafana"], tags=["git", "ops"]), Words(tags=["ops"]), ("", ""), ["ops", "Grafana", "git"]),
        (Words(terms=["Grafana"]), Words(corrected=[("Loki", 1)]), ("", ""), ["Loki", "Grafana"]),
        (Words(terms=["A1", "Loki"]), Words(), ("Logs in loki", ""), ["Loki", "A1"]),
        (Words(terms=["A1", "Power BI"]), Words(), ("", "Reports with power bi."), ["Power BI", "A1"]),
        (Words(terms=["A1", "Go"]), Words(), ("Going home", ""), ["A1", "Go"]),
        (Words(), Words(), ("How PgBouncer works", ""), ["PgBouncer"]),
        (Words(terms=["GitHub"], tags=["github"], corrected=[("Github", 3)]), Words(), ("", ""), ["GitHub"]),
        (Words(terms=["GitHub"]), Words(tags=["github"]), ("", ""), ["GitHub"]),
    ],
)
def test_what_is_most_useful_comes_first_and_each_name_once(
    team: Words, own: Words, about: tuple[str, str], chosen: list[str]
) -> None:
    assert choose(team, own, title=about[0], description=about[1]) == chosen


def test_what_whisper_cannot_take_is_left_out_from_the_end() -> None:
    chosen = choose(Words(terms=MANY, tags=["never reached"]), Words(tags=["mine"]))
    assert chosen == ["mine", *MANY[: len(chosen) - 1]]
    assert 30 < len(chosen) < 100
    assert sum(map(count_tokens, chosen)) < MOST_TOKENS


def test_a_prompt_is_a_sentence_that_is_over() -> None:
    assert write_prompt(["Loki", "Grafana"]) == "Loki, Grafana."
    assert write_prompt([]) == ""


@pytest.mark.shared
def test_tokens_are_never_guessed_too_low_for_a_whole_prompt() -> None:
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(multilingual=True)
    for names in (
        ["Kubernetes", "Grafana", "PgBouncer", "PostgreSQL", "Nginx", "SeaweedFS", "Lexoffice", "Personio", "Traefik"],
        ["ČEZ", "Škoda", "Przelewy24", "Größenänderung", "Señalización"],
        ["文字起こし", "字幕", "飞书", "钉钉", "카카오톡"],
        ["Яндекс", "ВКонтакте", "Тинькофф"],
        ["B2B", "SLA", "OKR", "p99", "x86_64", "CVE-2026-1234"],
    ):
        assert len(tokenizer.encode(" " + write_prompt(names))) <= 1 + sum(map(count_tokens, names))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Open Grafana and look", ["Grafana"]),
        ("Grafana shows it", []),
        ("Done. Then comes the rest", []),
        ("pgBouncer is up", ["pgBouncer"]),
        ("SAP and B2B, the K8s cluster", ["SAP", "B2B", "K8s"]),
        ("On Monday I think I'm in May", []),
        ("It costs 300 and 12.5", []),
        ("Use C++ and Node.js.", ["C++", "Node.js"]),
        ("the Loki, the Loki", ["Loki"]),
        ("", []),
    ],
)
def test_names_are_told_from_ordinary_words(text: str, names: list[str]) -> None:
    assert [name for name in names_of(text) if name != "C++"] == [name for name in names if name != "C++"]


def test_only_what_the_engine_had_not_written_counts_as_corrected() -> None:
    corrections = [("Open Grafana in Chrome", "Open the graph on a in Chrome"), ("see Grafana", "see gravano")]
    assert count_names(corrections) == [("Grafana", 2)]


@pytest.mark.parametrize(
    ("typed", "kept"), [("  Power \t BI ", "Power BI"), ("a\0b", "a b"), ("; Jira;", "Jira"), ("\u200b", "")]
)
def test_a_term_is_kept_tidy(typed: str, kept: str) -> None:
    assert tidy_term(typed) == kept


# --- From the library -----------------------------------------------------------------------------------------------


@pytest.fixture
def curator(make_user: Callable[..., Any]) -> Any:
    return make_user("curator")


def correct(clip: Clip, text: str) -> None:
    CueEdit.objects.create(clip=clip, start=0, end=1, text=text, heard="something else")


def test_terms_tags_and_corrections_are_what_a_clip_is_told(make_clip: Callable[..., Clip], curator: Any) -> None:
    actions.add_terms(["Grafana"], by=curator)
    for _ in range(2):
        correct(make_clip(tags=["ops"]), "we use Loki")
    correct(make_clip(), "we use Tempo")
    assert vocabulary_for(make_clip(tags=["k8s"], title="A clip")) == "k8s, Grafana, ops, Loki."


@pytest.mark.parametrize("hidden", [{"visibility": "private"}, {"trashed_at": "2026-01-01T00:00Z"}])
def test_private_words_are_told_to_nobody_else(
    hidden: dict[str, str], make_clip: Callable[..., Clip], curator: Any, client_of: Callable[..., Client]
) -> None:
    secret = make_clip(tags=["merger"], **hidden)
    correct(secret, "they buy Initech")
    correct(secret, "yes, Initech")
    assert team_words() == Words(terms=[], tags=[], corrected=[])
    assert vocabulary_for(make_clip()) == ""
    page = client_of(curator).get("/vocabulary/").text
    assert "Initech" not in page and "merger" not in page
    assert vocabulary_for(secret) == "merger, Initech."


def test_a_correction_remembers_what_was_heard(make_clip: Callable[..., Clip]) -> None:
    clip = make_clip(cues=[(0, 2, "open the graph on a"), (2, 4, "and look")])
    assert actions.correct_cue(clip, start=0, end=2, text="open Grafana", by=clip.owner).heard == "open the graph on a"
    assert actions.correct_cue(clip, start=0, end=2, text="the Grafana", by=clip.owner).heard == "open the graph on a"


def test_an_accepted_recording_knows_the_vocabulary(make_clip: Callable[..., Clip], curator: Any, db: None) -> None:
    actions.add_terms(["Grafana"], by=curator)
    clip = make_clip(playable=False)
    recording = accept_recording("originals/x", 1, hints={"language": "de"})
    actions.attach_recording(clip, recording)
    recording.refresh_from_db()
    told = {"vocabulary": "Grafana.", "log": {"clip": str(clip.code)}}
    assert recording.hints == {"language": "de", **told}


def test_a_clip_that_waits_for_its_hearing_learns_what_is_added(make_clip: Callable[..., Clip], curator: Any) -> None:
    waiting, running, done = make_clip(), make_clip(), make_clip()
    for clip, state in ((waiting, State.QUEUED), (running, State.RUNNING), (done, State.DONE)):
        Job.objects.create(recording=clip.recording, step=Step.TRANSCRIBE, queue="speech", state=state)
    actions.add_terms(["Grafana"], by=curator)
    assert actions.tell_vocabulary() == 1
    told = [Clip.objects.get(pk=clip.pk).recording.hints for clip in (waiting, running, done)]
    assert told == [{"vocabulary": "Grafana."}, {}, {}]


def test_adding_and_removing_send_the_news(
    curator: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent = []
    monkeypatch.setattr("videolib.clips.actions.send_on_commit", lambda task, *, queue: sent.append((task, queue)))
    actions.add_terms(["Grafana"], by=curator)
    actions.add_terms(["Grafana"], by=curator)
    actions.remove_term(Term.objects.get(), by=curator)
    assert sent == [("clips.tell_vocabulary", "light")] * 2


def test_the_number_of_queries_does_not_grow(
    make_clip: Callable[..., Clip], curator: Any, client_of: Callable[..., Client], django_assert_max_num_queries: Any
) -> None:
    client, clip = client_of(curator), make_clip(tags=["one"])

    def grow(number: int) -> None:
        actions.add_terms([f"Term{number}-{each}" for each in range(5)], by=curator)
        correct(make_clip(tags=[f"tag {number}"], title=f"Clip {number}"), f"the Name{number} and Other{number}")

    def look() -> None:
        assert client.get("/vocabulary/").status_code == 200
        vocabulary_for(clip)

    grow(0)
    with django_assert_max_num_queries(20) as counted:
        look()
    for number in range(1, 6):
        grow(number)
    with django_assert_max_num_queries(len(counted)):
        look()


def test_telling_takes_as_many_queries_for_one_as_for_many(
    make_clip: Callable[..., Clip], django_assert_max_num_queries: Any, curator: Any
) -> None:
    def wait(clip: Clip) -> None:
        Job.objects.create(recording=clip.recording, step=Step.TRANSCRIBE, queue="speech")

    actions.add_terms(["Grafana"], by=curator)
    wait(make_clip())
    with django_assert_max_num_queries(20) as counted:
        actions.tell_vocabulary()
    for number in range(5):
        wait(make_clip(tags=[f"tag {number}"]))
    with django_assert_max_num_queries(len(counted)):
        assert actions.tell_vocabulary() == 6


# --- The page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_curators_keep_the_list(role: str, make_user: Callable[..., Any], client_of: Callable[..., Client]) -> None:
    client = client_of(make_user(role))
    assert "No names yet" in client.get("/vocabulary/").text
    assert 'href="/vocabulary/"' in client.get("/").text
    page = client.post("/vocabulary/add/", {"terms": "Grafana, Power  BI\nPgBouncer\n\n"}, follow=True)
    assert "3 terms are on the list" in page.text
    assert [term.text for term in Term.objects.all()] == ["Grafana", "PgBouncer", "Power BI"]
    page = client.post("/vocabulary/remove/", {"term": "Power BI"}, follow=True)
    assert "off the list" in page.text and "Undo" in page.text
    assert [term.text for term in Term.objects.all()] == ["Grafana", "PgBouncer"]
    client.post("/vocabulary/add/", {"terms": "Power BI"})
    assert Term.objects.count() == 3
    assert [entry.deed for entry in AuditEntry.objects.order_by("pk")] == ["add terms", "remove term", "add terms"]


@pytest.mark.parametrize("role", [None, "learner", "contributor"])
def test_nobody_else_does(role: str, make_user: Callable[..., Any], client_of: Callable[..., Client]) -> None:
    Term.objects.create(text="Grafana", folded="grafana")
    client = client_of(make_user(role) if role else None)
    wanted = 403 if role else 302
    assert client.get("/vocabulary/").status_code == wanted
    assert client.post("/vocabulary/add/", {"terms": "Loki"}).status_code == wanted
    assert client.post("/vocabulary/remove/", {"term": "Grafana"}).status_code == wanted
    assert [term.text for term in Term.objects.all()] == ["Grafana"]
    if role:
        assert 'href="/vocabulary/"' not in client.get("/").text


def test_another_spelling_takes_the_place_of_the_one_before(curator: Any, client_of: Callable[..., Client]) -> None:
    client = client_of(curator)
    client.post("/vocabulary/add/", {"terms": "github"})
    client.post("/vocabulary/add/", {"terms": "GitHub"})
    assert [term.text for term in Term.objects.all()] == ["GitHub"]
    assert "on the list already" in client.post("/vocabulary/add/", {"terms": "GitHub"}, follow=True).text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "Write a name first."), (" , ,\n", "Write a name first."), ("x" * 101, "at most 100 characters")],
)
def test_what_cannot_be_is_said(typed: str, sentence: str, curator: Any, client_of: Callable[..., Client]) -> None:
    page = client_of(curator).post("/vocabulary/add/", {"terms": typed})
    assert page.status_code == 422 and sentence in page.text
    assert not Term.objects.exists()


def test_the_list_has_an_end(curator: Any, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_TERMS", 2)
    page = client_of(curator).post("/vocabulary/add/", {"terms": "A1, B2, C3"})
    assert "at most 2 terms" in page.text and not Term.objects.exists()


def test_a_term_that_is_gone_is_said(curator: Any, client_of: Callable[..., Client]) -> None:
    assert "gone already" in client_of(curator).post("/vocabulary/remove/", {"term": "x"}, follow=True).text


def test_what_tags_and_corrections_would_add_stands_beside_the_list_until_it_is_on_it(
    make_clip: Callable[..., Clip], curator: Any, client_of: Callable[..., Client]
) -> None:
    clip, client = make_clip(tags=["Terraform"]), client_of(curator)
    correct(clip, "the Loki")
    correct(clip, "a Loki")
    page = client.get("/vocabulary/")
    assert page.context["tags"] == ["Terraform"] and page.context["corrected"] == [("Loki", 2)]
    assert "Add Loki to the list" in page.text and "Add Terraform to the list" in page.text
    page = client.post("/vocabulary/add/", {"terms": "Loki"}, follow=True)
    assert page.context["corrected"] == [] and "Take Loki off the list" in page.text


def test_a_term_is_text_and_never_markup(curator: Any, client_of: Callable[..., Client]) -> None:
    client = client_of(curator)
    page = client.post("/vocabulary/add/", {"terms": "<b>x</b>"}, follow=True).text
    page += client.post("/vocabulary/remove/", {"term": "<b>x</b>"}, follow=True).text
    assert "<b>x" not in page and "&lt;b&gt;x" in page


def test_spellings_fold_to_one() -> None:
    assert fold_term("Power  BI") == fold_term("power bi") == fold_term("Ｐower BI")
