"""Captions as files."""

from dataclasses import dataclass

from transcode.media.webvtt import clock, to_srt, to_text, to_vtt


@dataclass
class Cue:
    start: float
    end: float
    text: str


CUES = [Cue(0, 1.5, "Open <b>Tools & Co</b>"), Cue(3661.0004, 3662.9999, "a --> b\n\n  two\x00  "), Cue(5, 6, " \n ")]


def test_vtt_escapes_markup_and_arrows() -> None:
    assert to_vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nOpen &lt;b&gt;Tools &amp; Co&lt;/b&gt;\n\n"
        "01:01:01.000 --> 01:01:03.000\na --&gt; b\ntwo\n"
    )


def test_srt_numbers_its_cues_and_writes_commas() -> None:
    assert to_srt(CUES) == (
        "1\n00:00:00,000 --> 00:00:01,500\nOpen <b>Tools & Co</b>\n\n2\n01:01:01,000 --> 01:01:03,000\na -> b\ntwo\n"
    )


def test_text_is_the_words_alone() -> None:
    assert to_text(CUES) == "Open <b>Tools & Co</b>\na --> b\ntwo\n"


def test_no_cues_make_a_valid_empty_file() -> None:
    assert (to_vtt([]), to_srt([]), to_text([])) == ("WEBVTT\n", "", "")


def test_clock_rounds_once_and_grows_beyond_a_day() -> None:
    assert [clock(each) for each in (59.9996, 0.0004, 360000, -1)] == [
        "00:01:00.000",
        "00:00:00.000",
        "100:00:00.000",
        "00:00:00.000",
    ]


def test_other_line_ends_cannot_break_a_cue() -> None:
    assert to_vtt([Cue(0, 1, "one\r\rtwo\u2028\u2029three")]).endswith("one\ntwo\nthree\n")
