"""`manage.py search`: what a person would find, on a terminal and as JSON."""

import json
import re
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from videolib.clips.models import Clip
from videolib.management.commands.search import Command
from videolib.search.backends import get_backend
from videolib.search.types import Query

SAID = [(0, 4, "welcome everybody"), (61.5, 66, "now rebase the feature branch"), (70, 74, "and push it again")]


@pytest.fixture
def run(make_user):
    def call(*words, email=None, **options):
        email = email or make_user("learner").email
        out, err = StringIO(), StringIO()
        call_command("search", *words, "--as", email, stdout=out, stderr=err, no_color=True, **options)
        assert err.getvalue() == ""
        return out.getvalue()

    return call


def test_json_is_a_list_of_hits_with_their_moments(run, make_clip):
    clip = make_clip(title="Git for the brave", cues=SAID)
    make_clip(title="Branch offices")
    first, second = json.loads(run("rebase branches", json=True))
    (moment,) = first.pop("moments")
    assert first == {"code": str(clip.code), "title": "Git for the brave", "rank": 1}
    assert moment["at_seconds"] == 61.5
    assert moment["field"] == "speech"
    assert "now rebase the feature branch" in moment["snippet"]
    assert (second["rank"], second["title"]) == (2, "Branch offices")


def test_nothing_found_is_an_empty_list(run, make_clip):
    make_clip(title="Git")
    assert json.loads(run("kubernetes", json=True)) == []
    assert run("kubernetes") == "0 clips found.\n"


def test_a_person_reads_marks_times_and_links(run, make_clip, settings):
    clip = make_clip(title="Git for the brave", cues=SAID)
    told = run("rebase")
    assert "1 clip found." in told
    assert "1. Git for the brave" in told
    assert "1:01" in told
    assert "now [rebase] the feature branch" in told
    assert f"{settings.SITE_URL}/clips/{clip.code}/?t=61.5" in told


def test_where_not_all_were_counted_the_number_says_so(run, make_clip, monkeypatch):
    make_clip(title="Git for the brave")
    found = get_backend().find(Query("git"), among=Clip.objects.values("pk"))
    monkeypatch.setattr(get_backend(), "find", lambda *_, **__: replace(found, is_cut=True))
    assert "1+ clips found." in run("git")


def test_words_need_no_quotes(run, make_clip):
    make_clip(title="Git for the brave")
    assert "Git for the brave" in run("brave", "git")


def test_limit_is_how_many_clips_are_listed(run, make_clip):
    for number in range(5):
        make_clip(title=f"Git {number}")
    assert [hit["rank"] for hit in json.loads(run("git", json=True, limit=3))] == [1, 2, 3]
    assert run("git", limit=3).startswith("5 clips found.")


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_limit_that_cannot_be_is_refused_with_a_sentence(run, limit):
    with pytest.raises(CommandError, match="choose a number from 1 to 200"):
        run("git", limit=limit)


def test_each_person_finds_what_is_listed_for_them(run, make_clip, make_user):
    owner = make_user("contributor", email="owner@example.com")
    make_clip(owner, title="Git in private", visibility="private")
    assert json.loads(run("git", json=True)) == []
    assert len(json.loads(run("git", json=True, email="OWNER@example.com"))) == 1


@pytest.mark.parametrize("email", ["nobody@example.com", "", "gone@example.com"])
def test_somebody_who_is_not_here_is_named_in_a_sentence(make_user, email):
    make_user("learner", email="gone@example.com", is_active=False)
    with pytest.raises(CommandError, match="Nobody here signs in as"):
        call_command("search", "git", "--as", email)


@pytest.mark.parametrize("text", ['"', "*", "NEAR(", "🚀", "a\x00b", "\udcff", "x" * 10_000, ""])
def test_no_text_is_an_error(run, text, make_clip):
    make_clip(title="Git")
    assert isinstance(json.loads(run(text, json=True)), list)


def test_titles_cannot_steer_the_terminal(run, make_clip):
    make_clip(title="Git \x1b[2J here")
    assert "\x1b" not in run("git")


@pytest.mark.parametrize(
    "words",
    [
        ("-dash", "--as", "{}", "--json"),
        ("--as={}", "-dash", "--json"),
        ("--json", "-verbose", "-help", "dash", "--as", "{}"),
        ("dash", "--as", "{}", "--json", "--", "--limit"),
        ("-of", "--as", "{}", "dash", "--json", "-v0", "salt"),
    ],
)
def test_what_is_looked_for_may_start_with_a_dash(words, make_user, make_clip, capsys):
    make_clip(title="A dash of salt")
    email = make_user("learner").email
    Command().run_from_argv(["manage.py", "search", *(word.format(email) for word in words)])
    assert [hit["title"] for hit in json.loads(capsys.readouterr().out)] == ["A dash of salt"]


@pytest.mark.parametrize("mistyped", [("--jsno",), ("--limt", "5"), ("--limit", "-1")])
def test_an_option_that_cannot_be_is_never_looked_for(mistyped, make_user, capsys):
    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", "search", "git", "--as", make_user("learner").email, *mistyped])
    assert re.search("unrecognized arguments: --|choose a number", capsys.readouterr().err)


@pytest.mark.parametrize("words", [("--as", "ann@example.com"), ("git", "--as")])
def test_without_words_or_a_person_it_says_what_is_missing(words, capsys):
    with pytest.raises(SystemExit):
        Command().run_from_argv(["manage.py", "search", *words])
    assert "error:" in capsys.readouterr().err
