"""What every search backend promises; test_search_backends.py holds each of them to it."""

from __future__ import annotations

import random

import pytest
from django.db import transaction
from django.db.models import Value

from tests.contracts.search_likeness import SearchLikenessContract
from tests.contracts.search_material import NOTHING_TO_LOOK_FOR, ODD_TEXTS, document
from videolib.clips.models import Tag
from videolib.search.models import Searched
from videolib.search.moments import MOST_MOMENTS, SECONDS_APART
from videolib.search.types import Hits


class SearchBackendContract(SearchLikenessContract):
    """What every backend promises."""

    # Documents come and go

    def test_a_word_is_found_in_every_field(self) -> None:
        self.put(document(7, title="alpha", tags=["beta"], description=["gamma"], speech=["delta"]))
        for word, field in (("alpha", "title"), ("beta", "tags"), ("gamma", "description"), ("delta", "speech")):
            assert [moment.field for moment in self.hit(word).moments] == [field]

    def test_what_was_put_again_replaces_what_it_said_before(self) -> None:
        self.put(document(7, title="before", speech=["yesterday"] * 30), document(7, title="after"))
        assert self.ids("before") == self.ids("yesterday") == []
        assert self.ids("after") == [7]

    def test_many_at_once_are_put_as_one_after_the_other(self) -> None:
        self.put(document(7, title="before"))
        self.backend.put(document(9, title="beta"), document(7, title="alpha", speech=["gamma"]), document(8))
        assert (self.ids("before"), self.ids("alpha gamma"), self.ids("beta")) == ([], [7], [9])

    def test_what_was_removed_is_not_found(self) -> None:
        self.put(document(7, title="alpha"), document(8, title="alpha"), document(9, title="alpha"))
        self.backend.remove([7, 9, 12345])
        assert self.ids("alpha") == [8]
        assert self.backend.known_ids() == {8}

    def test_known_ids_are_those_with_anything_to_find(self) -> None:
        assert self.backend.known_ids() == set()
        self.put(document(7, title="alpha", speech=["beta"]), document(8, title="..."), document(9))
        assert self.backend.known_ids() == {7, 8}, "a title without a word, as 🎉, is no document that was forgotten"

    def test_removing_very_many_documents_at_once_works(self) -> None:
        self.put(document(7, title="alpha"))
        self.backend.remove(range(5000))
        assert self.backend.known_ids() == set()

    def test_a_put_that_is_rolled_back_changes_nothing(self) -> None:
        self.put(document(7, title="before"))
        with pytest.raises(RuntimeError, match="cut"), transaction.atomic():
            self.put(document(7, title="after"))
            raise RuntimeError("cut")
        assert self.ids("before") == [7]
        assert self.ids("after") == []

    def test_a_put_is_findable_in_its_own_transaction(self) -> None:
        with transaction.atomic():
            self.put(document(7, title="alpha"))
            assert self.ids("alpha") == [7]

    def test_a_document_may_say_anything(self) -> None:
        odd = [*ODD_TEXTS, "one\ntwo", "three\r\nfour"]
        self.put(document(7, title=odd[-3], tags=odd, description=odd, speech=[*odd, "needle"]))
        assert self.ids("needle") == self.ids("two") == self.ids("four") == [7]
        assert self.hit("needle").moments[0].at_seconds == 5.0 * len(odd)

    def test_a_large_document_id_is_as_good_as_a_small_one(self) -> None:
        self.put(document(2**38, title="alpha", speech=["beta"]))
        assert self.hit("alpha beta").doc_id == 2**38

    # Who may see

    def test_only_documents_among_those_asked_for_are_found_and_counted(self) -> None:
        self.put(*(document(number, title="alpha") for number in range(1, 10)))
        found = self.find("alpha", self.only(2, 5))
        assert {hit.doc_id for hit in found.hits} == {2, 5}
        assert found.total == 2

    def test_better_documents_one_may_not_see_take_no_place_from_worse_ones(self) -> None:
        self.put(*(document(number, title="alpha beta", tags=["alpha"]) for number in range(1, 400)))
        self.put(document(1000, speech=["so there is an alpha in it"]))
        assert self.ids("alpha beta", self.only(1000)) == [1000]

    def test_among_nothing_nothing_is_found(self) -> None:
        self.put(document(7, title="alpha"))
        for nothing in (self.everything().none(), self.only(), self.only(99)):
            assert self.find("alpha", nothing) == Hits((), 0) or self.find("alpha", nothing).total == 0

    def test_the_query_set_may_be_cut(self) -> None:
        self.put(*(document(number, title="alpha") for number in range(1, 9)))
        assert set(self.ids("alpha", Searched.objects.order_by("doc_id").values("doc_id")[2:4])) == {3, 4}

    def test_the_query_set_may_be_ordered_and_hold_an_id_twice(self) -> None:
        self.put(document(7, title="alpha", speech=["alpha"]), document(8, title="beta"))
        Tag.objects.bulk_create([Tag(name="one", folded="one"), Tag(name="two", folded="two")])
        twice = Tag.objects.order_by("-name").annotate(doc_id=Value(7)).values("doc_id")
        assert len(twice) == 2
        found = self.find("alpha", twice)
        assert [hit.doc_id for hit in found.hits] == [7]
        assert found.total == 1

    # Ranking

    def test_documents_with_all_words_come_first_however_often_one_word_is_said(self) -> None:
        self.put(
            document(1, title="alpha", tags=["alpha"], description=["alpha alpha"], speech=["alpha alpha alpha"] * 40),
            document(2, speech=["here is alpha", *["nothing of interest"] * 30, "and there is beta"]),
            document(3, title="beta beta", speech=["beta"] * 40),
        )
        assert self.ids("alpha beta")[0] == 2

    def test_all_words_may_be_spread_over_the_fields(self) -> None:
        self.put(
            document(1, title="alpha", speech=["beta"]),
            document(2, title="alpha beta", tags=["beta"]),
            document(3, title="alpha", tags=["beta"], speech=["gamma"]),
        )
        assert self.ids("alpha beta gamma")[0] == 3

    def test_all_words_come_first_however_many_there_are(self) -> None:
        self.put(
            document(1, title="zebra quokka", tags=["llama", "wombat"], speech=["zebra quokka llama wombat"] * 9),
            document(
                2, speech=["nothing yet", "a zebra, a quokka, a llama, a wombat and an ocelot", *["the end"] * 30]
            ),
        )
        assert self.ids("zebra quokka llama wombat ocelot") == [2, 1]

    def test_all_words_that_anybody_says_come_first_though_others_are_said_nowhere(self) -> None:
        said = "zebra quokka llama wombat"
        self.put(document(1, title="zebra quokka", tags=["llama", "wombat"]), document(2, speech=["so", f"the {said}"]))
        self.put(document(3, title="ocelot"))
        for unknown in ("ocelott", "ocelott, capybarra and oppossum"):
            assert self.ids(f"{said} {unknown}")[0] == 2
        assert self.ids(f"{said} ocelot", self.only(1, 2))[0] == 2
        assert self.ids("gnu okapi tapir bongo kudu") == []

    def test_all_words_come_first_even_where_nearly_everybody_says_one_of_them(self) -> None:
        self.put(*[document(number, title=f"common thing {number}") for number in range(10, 40)])
        self.put(document(1, title="rare", speech=["rare rare"] * 9), document(2, speech=["common and rare"]))
        assert self.ids("common rare")[:2] == [2, 1]

    def test_of_documents_with_some_words_those_with_more_come_first(self) -> None:
        self.put(
            document(1, speech=["alpha and then a long talk about other things"]),
            document(2, speech=["alpha beta"]),
            document(3, speech=["alpha beta gamma"]),
        )
        assert self.ids("alpha beta gamma delta epsilon") == [3, 2, 1]

    def test_one_misheard_word_never_empties_the_result(self) -> None:
        self.put(document(1, speech=["push the branch to the remote"]), document(2, speech=["the branch"]))
        assert self.ids("push branch remoat") == [1, 2]
        assert self.ids("pusch the branch") != []

    def test_title_comes_before_tags_before_description_before_speech(self) -> None:
        self.put(
            document(1, title="something", speech=["alpha"]),
            document(2, title="something", description=["alpha"], speech=["another thing"]),
            document(3, title="something", tags=["alpha"], speech=["another thing"]),
            document(4, title="alpha", speech=["another thing"]),
            *(document(number, title="something", speech=["unlike the others"]) for number in range(5, 15)),
        )
        assert self.ids("alpha") == [4, 3, 2, 1]

    def test_a_rare_word_counts_more_than_a_frequent_one(self) -> None:
        self.put(*(document(number, speech=["layer"]) for number in range(1, 20)), document(20, speech=["vignette"]))
        assert self.ids("layer vignette")[0] == 20

    def test_stop_words_do_not_decide(self) -> None:
        self.put(
            document(1, speech=["what is it that you do to the thing in the end"] * 9),
            document(2, speech=["merge request"]),
        )
        assert self.ids("how do I do the merge in it") == [2]

    def test_stop_words_alone_are_looked_for(self) -> None:
        self.put(document(1, title="To be or not to be"), document(2, title="alpha"))
        assert self.ids("to be") == [1]

    def test_words_spoken_together_beat_words_far_apart(self) -> None:
        filler = ["here we talk about something else for quite a while and nobody minds that at all"] * 20
        self.put(
            document(1, speech=["alpha", *filler, "beta"]),
            document(2, speech=[*filler[:10], "alpha beta", *filler[10:], "nothing"]),
        )
        assert self.ids("alpha beta") == [2, 1]

    def test_the_better_the_higher_the_score(self) -> None:
        rng = random.Random(5)
        words = ["alpha", "beta", "gamma", "delta"]
        self.put(*(document(number, speech=rng.choices(words, k=rng.randint(1, 9))) for number in range(1, 60)))
        scores = [hit.score for hit in self.find("alpha beta gamma", limit=100).hits]
        assert scores == sorted(scores, reverse=True)

    # Words

    @pytest.mark.parametrize(
        ("said", "asked"),
        [
            ("configuring the server", "configure"),
            ("configure the server", "configuring"),
            ("two branches", "branch"),
            ("the deployment", "deploy"),
            ("we deploy it", "deployments"),
            ("it is exported", "exporting"),
            ("GitHub Actions", "github"),
            ("kubectl apply", "KUBECTL"),
            ("Grüße aus dem Café", "cafe"),
            ("a cafe in Paris", "café"),
            ("u\u0308ber", "über"),
            ("naïve", "nai\u0308ve"),
            ("don't panic", "don't panic"),
            ("the team's board", "team's"),
            ("O'Reilly", "O’Reilly"),
            ("version 3.14", "3.14"),
            ("error ORA-00942 again", "ORA-00942"),
            ("src/app/main.py", "main.py"),
            ("snake_case_name", "snake_case_name"),
            ("C++ and R", "R"),
            ("настройка сервера", "СЕРВЕРА"),
        ],
    )
    def test_a_word_is_found_in_any_form(self, said: str, asked: str) -> None:
        self.put(document(1, speech=["nothing", said]), document(2, title="unlike"))
        assert self.ids(asked) == [1]

    @pytest.mark.parametrize(
        ("said", "asked"),
        [
            ("我们在东京都开会", "东京"),
            ("我们在东京都开会", "京都开会"),
            ("プロジェクトの設定を変更します", "設定"),
            ("プロジェクトの設定を変更します", "設定変更"),
            ("서버를 설정합니다", "설정"),
            ("วิธีตั้งค่าเซิร์ฟเวอร์", "ตั้งค่า"),
            ("使用Docker部署", "Docker"),
            ("使用Docker部署", "Docker部署"),
            ("漢", "漢"),
        ],
    )
    def test_text_without_spaces_is_found_by_a_part_of_it(self, said: str, asked: str) -> None:
        self.put(document(1, speech=["hello", said]), document(2, speech=["東北大学 서울 ไทย"]))
        assert self.ids(asked)[0] == 1
        assert said in self.find(asked).hits[0].moments[0].snippet.text

    def test_the_exact_name_comes_before_its_pieces(self) -> None:
        self.put(
            document(1, speech=["reset the err, connection", "conn reset conn", "err"]),
            document(2, speech=["and then it says ERR_CONN_RESET on the screen"]),
            document(3, speech=["conn", "reset", "err"]),
        )
        assert self.ids("ERR_CONN_RESET")[0] == 2

    def test_a_phrase_in_quotes_is_found_as_a_phrase_only(self) -> None:
        self.put(
            document(1, speech=["the free transform tool"]),
            document(2, speech=["transform it, it is free"]),
            document(3, title="Free", tags=["transform"]),
        )
        assert self.ids('"free transform"') == [1]
        assert self.ids('tool "free transforming"') == [1]
        assert set(self.ids("free transform")) == {1, 2, 3}

    def test_what_stands_behind_a_minus_is_in_no_answer(self) -> None:
        self.put(
            document(7, title="alpha", speech=["beta", "gamma"]),
            document(8, title="alpha", tags=["gammas"]),
            document(9, description=["alpha"], speech=["gamma beta"]),
            document(10, speech=["alpha"]),
        )
        assert sorted(self.ids("alpha -gamma")) == [10]
        assert sorted(self.ids('alpha -"gamma beta"')) == [7, 8, 10]
        assert self.ids("alpha -gamma -speech -alpha") == []
        assert sorted(self.ids("beta -nowhere")) == [7, 9]
        assert self.find("alpha -beta").total == 2
        assert sorted(self.ids("-gamma")) == [7, 8, 9], "with nothing else it is looked for"

    @pytest.mark.usefixtures("few_is_many")
    def test_of_very_many_documents_those_without_it_are_found(self) -> None:
        self.backend.put(
            *(document(number, title="alpha beta", speech=["gamma"] * (number % 9 > 0)) for number in range(1, 91))
        )
        assert set(self.ids("alpha beta -gamma")) <= set(range(9, 91, 9))
        assert self.ids("alpha beta -gamma")

    def test_every_phrase_in_quotes_must_be_there(self) -> None:
        self.put(document(1, speech=["alpha beta", "gamma delta"]), document(2, speech=["alpha beta", "delta gamma"]))
        assert self.ids('"alpha beta" "gamma delta"') == [1]
        assert self.ids('"nowhere to be found" alpha') == []

    def test_a_phrase_may_run_over_the_end_of_a_line(self) -> None:
        lines = [f"line {number} goes on and on" for number in range(30)]
        for at in range(29):
            said = [*lines[:at], "we open the free", "transform tool now", *lines[at + 2 :]]
            self.put(document(1, speech=said))
            moment = self.hit('"free transform"').moments[0]
            assert moment.at_seconds in (5.0 * at, 5.0 * at + 5)
            assert "free transform tool" in moment.snippet.text

    def test_a_quote_that_is_not_closed_is_no_phrase(self) -> None:
        self.put(document(1, speech=["transform it free"]))
        assert self.ids('"free transform') == [1]

    # While somebody types

    def test_as_typed_the_last_word_may_be_the_beginning_of_one(self) -> None:
        self.put(document(1, title="Kubernetes in an hour"), document(2, title="Docker"))
        for typed in ("ku", "kub", "kubern", "kubernete", "kubernetes", "hour kube"):
            assert self.ids(typed, as_typed=True) == [1]
        assert self.ids("kubern") == self.ids("kubern ", as_typed=True) == self.ids("kubern xyz", as_typed=True) == []

    def test_as_typed_no_letter_more_makes_a_word_vanish(self) -> None:
        words = ["configuring", "installation", "organizations", "deployment", "branches", "accessibility", "happily"]
        self.put(document(1, speech=words))
        for word in words:
            for length in range(2, len(word) + 1):
                assert self.ids(word[:length], as_typed=True) == [1], word[:length]

    # Moments

    @pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 24, 25, 100])
    @pytest.mark.parametrize("words", [1, 14, 90])
    def test_no_line_is_ever_lost(self, count: int, words: int) -> None:
        self.put(document(1, speech=[f"{'so ' * words} needle{number}" for number in range(count)]))
        for number in range(count):
            assert self.hit(f"needle{number}").moments[0].at_seconds == 5.0 * number

    def test_a_moment_is_the_second_the_matching_line_begins(self) -> None:
        lines = [(2.5 * number, f"sentence {number} talks of something") for number in range(40)]
        lines[23] = (61.25, "now click on the histogram")
        self.put(document(1, speech=lines))
        assert [moment.at_seconds for moment in self.hit("histograms").moments] == [61.25]

    def test_the_jump_goes_to_the_line_with_the_most_and_rarest_words(self) -> None:
        self.put(
            document(1, speech=["a layer", "a layer and its mask", "mask", "a feathered layer mask", "layer"]),
            *(document(number, speech=["layer", "mask"]) for number in range(2, 9)),
        )
        best = self.find("feather the layer mask").hits[0]
        assert best.doc_id == 1
        assert best.moments[0].at_seconds == 15.0

    def test_moments_are_few_and_far_enough_apart_and_the_best_comes_first(self) -> None:
        said = [(2.0 * number, "alpha") for number in range(90)]
        said[70] = (140.0, "alpha beta")
        self.put(document(1, speech=said))
        times = [moment.at_seconds for moment in self.hit("alpha beta").moments]
        assert times[0] == 140.0
        assert len(times) == MOST_MOMENTS
        assert all(abs(a - b) >= SECONDS_APART for i, a in enumerate(times) for b in times[:i])

    def test_what_is_found_in_the_title_only_is_worth_a_look_at_the_beginning(self) -> None:
        self.put(document(1, title="Rebase without tears", speech=["welcome", "goodbye"]))
        (moment,) = self.hit("rebase").moments
        assert (moment.at_seconds, moment.field, moment.snippet.text) == (0.0, "title", "Rebase without tears")

    def test_what_is_spoken_comes_before_what_is_written(self) -> None:
        self.put(document(1, title="Rebase", description=["rebase"], speech=["welcome", "now we rebase"]))
        assert [moment.field for moment in self.hit("rebase").moments] == ["speech"]

    def test_every_hit_has_a_moment(self) -> None:
        rng = random.Random(3)
        words = ["alpha", "beta", "gamma", "delta", "x"]
        some = lambda: [" ".join(rng.choices(words, k=rng.randint(1, 30))) for _ in range(rng.randint(0, 9))]  # noqa: E731
        for number in range(1, 80):
            self.put(document(number, title=rng.choice(words), tags=some(), description=some(), speech=some()))
        for query in ("alpha", "alpha beta", '"alpha beta"', "alp", "gamma delta x"):
            assert all(hit.moments for hit in self.find(query, limit=100, as_typed=True).hits)

    def test_snippets_mark_what_matched_and_read_well(self) -> None:
        self.put(document(1, speech=["First of all,", "we are configuring the servers.", "Then we rest."]))
        snippet = self.hit("server configure").moments[0].snippet
        assert snippet.text == "First of all, we are configuring the servers. Then we rest."
        assert [part for part, matched in snippet.parts if matched] == ["configuring", "servers"]

    def test_an_accent_is_kept_where_it_was_not_typed(self) -> None:
        self.put(document(1, title="Le Café crème"))
        assert self.marked("cafe creme") == ["Café", "crème"]

    def test_unspaced_text_is_shown_as_it_was_written(self) -> None:
        self.put(document(1, speech=["我们在东京都开会", "使用Docker部署"]))
        assert self.hit("东京都").moments[0].snippet.text == "我们在东京都开会 使用Docker部署"
        assert self.marked("东京都") == ["东京都"]

    def test_a_long_line_is_cut_around_the_match_at_word_ends(self) -> None:
        self.put(document(1, description=["lorem " * 1500 + "needle " + "ipsum " * 1500]))
        snippet = self.hit("needle").moments[0].snippet
        assert len(snippet.text) < 260
        assert set(snippet.text.split()) == {"…", "lorem", "needle", "ipsum"}
        assert [part for part, matched in snippet.parts if matched] == ["needle"]

    def test_snippets_hold_no_control_characters(self) -> None:
        self.put(document(1, speech=["be\x02fore \x03 needle\x00 after\u200b"]))
        text = self.hit("needle").moments[0].snippet.text
        assert text.isprintable()
        assert self.marked("needle") == ["needle"]

    # Pages

    @pytest.mark.parametrize("count", [1, 25, 230, 450])
    def test_pages_show_every_document_once(self, count: int) -> None:
        self.put(*(document(number, speech=["alpha"] * (number % 7 + 1)) for number in range(1, count + 1)))
        seen: list[int] = []
        for offset in range(0, count + 90, 45):
            found = self.find("alpha", offset=offset, limit=45)
            assert found.total == count
            assert all(hit.moments for hit in found.hits)
            seen += [hit.doc_id for hit in found.hits]
        assert sorted(seen) == list(range(1, count + 1))

    def test_the_first_page_does_not_depend_on_how_long_it_is(self) -> None:
        self.put(*(document(number, speech=["alpha"] * number) for number in range(1, 40)))
        assert self.ids("alpha", limit=5) == self.ids("alpha", limit=30)[:5] == self.ids("alpha", limit=300)[:5]
        assert self.ids("alpha", limit=5, offset=5) == self.ids("alpha", limit=10)[5:]

    def test_past_the_end_is_nothing_but_the_total(self) -> None:
        self.put(document(1, title="alpha"))
        for offset in (1, 1000, 10**9):
            assert self.find("alpha", offset=offset) == Hits((), 1) or not self.find("alpha", offset=offset).hits
            assert self.find("alpha", offset=offset).total == 1

    def test_the_number_of_queries_does_not_grow(self) -> None:
        self.put(document(1, title="alpha beta gamma"))
        few = [self.queries(text, limit=50) for text in ("alpha", "alpha beta gamma", "alpha beta gamma delta epsilon")]
        self.put(*(document(number, title="alpha", speech=["beta gamma"] * 30) for number in range(2, 260)))
        many = [
            self.queries(text, limit=50) for text in ("alpha", "alpha beta gamma", "alpha beta gamma delta epsilon")
        ]
        assert many == few
        assert few[0] == few[1] <= 4
        assert few[2] == few[0] + 1, "what may be meant by the words that nobody says"

    # Any text

    @pytest.mark.parametrize("text", NOTHING_TO_LOOK_FOR)
    def test_where_there_is_nothing_to_look_for_nothing_is_found(self, text: str) -> None:
        self.put(document(1, title="alpha"))
        found = self.find(text)
        assert (list(found.hits), found.total) == ([], 0)

    @pytest.mark.parametrize("as_typed", [False, True])
    @pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: repr(text[:20]))
    def test_no_text_is_an_error(self, text: str, as_typed: bool) -> None:
        self.put(document(1, title="git push"), document(2, speech=["東京", "git"]))
        assert self.find(text, as_typed=as_typed).total in (0, 1, 2)

    def test_no_random_text_is_an_error(self) -> None:
        rng = random.Random(20261123)
        self.put(document(1, title="git push", speech=["NEAR the end", "東京"]), document(2, description=["or not"]))
        pieces = ['"', "'", "*", "(", ")", " ", "NEAR", "OR", "NOT", "AND", "git", "push", "^", ":", "-", "+", "{", "}"]
        pieces += [*"\x00\ud83d\u0301東ก“”«%\\\n1,/", "text", "rowid"]
        for _ in range(400):
            typed = [rng.choice(pieces) if rng.random() < 0.8 else chr(rng.randrange(0x20000)) for _ in range(30)]
            found = self.find("".join(typed[: rng.randint(1, 30)]), as_typed=rng.random() < 0.5)
            assert all(hit.moments for hit in found.hits)
