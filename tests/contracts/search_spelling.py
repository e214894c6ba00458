"""What every search backend forgives, and what it does not."""

from __future__ import annotations

import random

import pytest

from tests.contracts.search_answers import SearchAnswersContract
from tests.contracts.search_material import document

WORDS = ["kubernetes", "histogram", "deployment", "spreadsheet", "transform", "вкладка"]


class SearchSpellingContract(SearchAnswersContract):
    """Slips, words together and apart, and what looks alike."""

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("kubrnetes", "kubernetes"),
            ("kuberrnetes", "kubernetes"),
            ("kubernwtes", "kubernetes"),
            ("kubenretes", "kubernetes"),
            ("lubernetes", "kubernetes"),
            ("вклодка", "вкладка"),
            ("cafee", "café"),
            ("loginscreen", "login screen"),
            ("log in", "login"),
            ("count if", "COUNTIF"),
            ("useEffect", "use effect"),
            ("use effect", "useEffect"),
            ("ORA-00942", "0RA-OO942"),
            ("corn", "com"),
        ],
    )
    def test_what_was_meant_is_found(self, typed: str, said: str) -> None:
        self.put(document(1, speech=["nothing of it", f"and now the {said} here"]), document(2, title="something else"))
        found = self.find(typed)
        assert [hit.doc_id for hit in found.hits] == [1]
        assert found.hits[0].moments[0].at_seconds in (0.0, 5.0)
        assert any(matched for _, matched in found.hits[0].moments[0].snippet.parts)

    def test_a_slip_in_every_word_finds_what_the_right_words_find(self) -> None:
        rng = random.Random(8)
        self.put(document(1, speech=[" ".join(WORDS[:5])]), *(document(n, speech=[WORDS[n % 5]]) for n in range(2, 30)))
        for _ in range(20):
            typed = []
            for word in WORDS[:4]:
                at = rng.randrange(1, len(word) - 1)
                typed.append(rng.choice([word[:at] + word[at + 1 :], word[:at] + "q" + word[at:]]))
            assert self.ids(" ".join(typed))[0] == 1, typed

    def test_it_says_what_was_looked_for_instead(self) -> None:
        self.put(document(1, title="Kubernetes", speech=["histogram"]))
        assert self.find("kubrnetes histogram").respelled == {"kubrnetes": "kubernetes"}
        assert self.find("kubernetes histogram").respelled == {}
        assert self.find("xyxyxyxy").respelled == {}

    def test_a_word_that_is_said_is_what_was_meant(self) -> None:
        self.put(document(1, speech=["the form"]), *(document(n, speech=["the farm"]) for n in range(2, 20)))
        assert self.ids("form") == [1]

    def test_the_word_that_most_say_is_what_was_meant(self) -> None:
        self.put(*(document(n, title="layer") for n in range(1, 9)), document(20, title="lager"))
        assert self.find("laeger").respelled == {"laeger": "lager"}
        assert self.find("laer").respelled["laer"] == "layer"

    def test_words_in_quotes_mean_what_is_written(self) -> None:
        self.put(document(1, title="Kubernetes in an hour"))
        assert self.ids('"kubrnetes"') == self.ids('hour "kubrnetes"') == []

    def test_numbers_and_short_words_are_never_others(self) -> None:
        self.put(document(1, title="ORA-00942 and a log of 2026"))
        assert self.ids("00943") == self.ids("2025") == self.ids("lag") == self.ids("lot") == []

    def test_what_only_others_may_see_is_no_correction(self) -> None:
        self.put(document(1, title="secretproject"), document(2, title="histogram"))
        found = self.find("secretprojekt", self.only(2))
        assert (list(found.hits), found.total, found.respelled) == ([], 0, {})

    def test_an_exact_match_comes_before_any_other(self) -> None:
        self.put(*(document(n, title="histograms histogram", speech=["histogram"] * 9) for n in range(2, 9)))
        self.put(document(1, speech=["the histogran"]))
        assert self.ids("histogran") == [1]
