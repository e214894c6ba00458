"""A disk that is full while ffmpeg writes: a real one, of some kilobytes. It is never the recording's fault."""

from __future__ import annotations

import ctypes
import errno
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transcode.media.encode import write_rest
from transcode.media.errors import MediaError
from transcode.media.facts import MediaFacts
from transcode.media.hls import write_first
from transcode.media.plan import make_plan
from transcode.media.probe import probe
from transcode.media.sound import SoundOnDisk

# From Linux's sched.h and mount.h.
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
KB = 1024
Act = Callable[[Path, MediaFacts, Path], Any]


def make_playable(source: Path, facts: MediaFacts, into: Path) -> None:
    write_first(source, facts, make_plan(facts), into)


def make_the_rest(source: Path, facts: MediaFacts, into: Path) -> None:
    write_rest(source, facts, make_plan(facts, screens=True), into)


def listen(source: Path, facts: MediaFacts, into: Path) -> None:
    SoundOnDisk(source, facts, into).length()


def what_comes_of(act: Act, source: Path, disk: Path, size: int, files: int) -> str:
    """In a process of its own, which alone sees the disk: the name of its error, "done", or "may not mount"."""
    told, tell = multiprocessing.Pipe(duplex=False)
    facts = probe(source)
    disk.mkdir()

    def there() -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
            tell.send("may not mount")
            return
        # One inode is the folder's own.
        assert libc.mount(b"tmpfs", bytes(disk), b"tmpfs", 0, f"size={size},nr_inodes={files + 1}".encode()) == 0
        try:
            act(source, facts, disk)
            tell.send("done")
        except (OSError, MediaError) as error:
            tell.send(errno.errorcode.get(getattr(error, "errno", 0), repr(error)))

    process = multiprocessing.get_context("fork").Process(target=there)
    process.start()
    tell.close()
    try:
        return str(told.recv())
    finally:
        process.join()


@pytest.mark.parametrize("act", [make_playable, make_the_rest, listen])
@pytest.mark.parametrize(
    ("size", "files"),
    [(4 * KB, 100), (32 * KB, 100), (64 * KB, 100), (64 * KB * KB, 1)],
    ids=["no room at all", "room for the beginning", "room for half of it", "room for one file"],
)
def test_what_meets_a_full_disk_says_so(screen: Path, tmp_path: Path, act: Act, size: int, files: int) -> None:
    said = what_comes_of(act, screen, tmp_path / "disk", size, files)
    if said == "may not mount":
        pytest.skip("this account may not mount a small disk")
    if act is listen and files == 1:
        assert said == "done", "it writes one file only"
    else:
        assert said == "ENOSPC"


def test_with_room_all_of_them_are_done(screen: Path, tmp_path: Path) -> None:
    for act in (make_playable, make_the_rest, listen):
        said = what_comes_of(act, screen, tmp_path / act.__name__, 64 * KB * KB, 1000)
        if said == "may not mount":
            pytest.skip("this account may not mount a small disk")
        assert said == "done"
