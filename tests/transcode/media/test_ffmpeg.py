"""How ffmpeg is called, and what its failures mean."""

import errno
from pathlib import Path

import pytest

from transcode.media.child import ChildFailed, Finished, Limits
from transcode.media.ffmpeg import Reporter, checked, each_alone, input_args, run_graph, tells_damage

LIMITS = Limits()


def test_a_source_is_opened_by_its_demuxer_and_may_open_nothing_else(tmp_path: Path) -> None:
    options = input_args(tmp_path / "-x.mp4", "mov", ss=3).node.kwargs
    assert options["filename"].startswith("file:/")
    assert (options["format"], options["format_whitelist"]) == ("mov", "mov")
    assert options["protocol_whitelist"] == "file"
    assert options["ss"] == 3


@pytest.mark.parametrize("demuxer", ["mov", "avi", "matroska", "ogg", "mpegts"])
def test_a_playlist_forced_through_a_demuxer_reads_no_other_file(tmp_path: Path, demuxer: str) -> None:
    """Sniffing refuses it first; this is the second wall."""
    canary = tmp_path / "canary.txt"
    canary.write_text("hush")
    evil = tmp_path / "evil.mp4"
    evil.write_text(f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://{canary}\n#EXT-X-ENDLIST\n")
    before = canary.stat().st_atime_ns
    with pytest.raises(ChildFailed) as caught:
        run_graph(input_args(evil, demuxer).output("x.mkv", c="copy"), limits=LIMITS, duration=1, cwd=tmp_path)
    assert caught.value.permanent
    assert canary.stat().st_atime_ns == before


@pytest.mark.parametrize(
    ("stderr", "permanent"),
    [
        ("av_interleaved_write_frame(): File too large", False),
        ("Cannot allocate memory", False),
        ("Unrecognized option 'x'", False),
        ("Invalid data found when processing input", True),
        ("Nothing was written into output file", True),
    ],
)
def test_failures_are_ours_or_the_recordings(stderr: str, permanent: bool) -> None:
    with pytest.raises(ChildFailed) as caught:
        checked(Finished(1, b"", stderr))
    assert caught.value.permanent is permanent
    assert caught.value.stderr_tail == stderr


@pytest.mark.parametrize("said", ["Error writing trailer: No space left on device", "x.jpg: Disk quota exceeded"])
def test_a_full_disk_is_what_it_would_be_if_we_had_met_it_ourselves(said: str) -> None:
    with pytest.raises(OSError, match=said) as caught:
        checked(Finished(228, b"", said))
    assert caught.value.errno == errno.ENOSPC


def test_a_crash_of_ffmpeg_is_worth_another_try() -> None:
    with pytest.raises(ChildFailed) as caught:
        checked(Finished(-11, b"", "Invalid data"))
    assert not caught.value.permanent


def test_progress_only_grows_and_ends_at_one() -> None:
    heard: list[float] = []
    reporter = Reporter(10, heard.append)
    for line in ("out_time_us=N/A", "out_time_us=-5", "out_time_us=5000000", "out_time_us=4000000",
                 "out_time_us=99000000", "progress=end"):  # fmt: skip
        reporter.line(line)
    assert heard == [0.5, 1.0]


@pytest.mark.parametrize(
    ("said", "damaged"),
    [
        ("[h264 @ 0x1] error while decoding MB 3 4, bytestream 5", True),
        ("[vist#0:0/h264 @ 0x1] [dec:h264 @ 0x2] Error submitting packet to decoder: Invalid data found", True),
        ("[aist#0:1/aac @ 0x1] [dec:aac @ 0x2] Error submitting packet to decoder: Invalid data found", False),
        ("", False),
    ],
)
def test_a_broken_packet_of_sound_says_nothing_against_the_picture(said: str, damaged: bool) -> None:
    assert tells_damage(f"something else\n{said}") is damaged


def test_filters_that_share_nothing_are_graphs_of_their_own() -> None:
    """Where the sound changes its form ffmpeg builds its graph anew, and the picture's must go on."""
    args = ["x", "-filter_complex", "[0:0]fps=1[s0];[0:1]volume=1[s1];[s0]split[s2][s3];[s1]apad[s4]", "-map", "[s2]"]
    apart = ["-filter_complex", "[0:0]fps=1[s0];[s0]split[s2][s3]", "-filter_complex", "[0:1]volume=1[s1];[s1]apad[s4]"]
    assert each_alone(args) == ["x", *apart, "-map", "[s2]"]
    assert each_alone(["x", "-c", "copy"]) == ["x", "-c", "copy"]
