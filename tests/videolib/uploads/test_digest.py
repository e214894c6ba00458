"""What one process remembers of the hashes of uploads under way."""

from __future__ import annotations

import hashlib
import threading
from uuid import uuid4

import pytest

from videolib.uploads.digest import Digest, Digests, hashing


def digest_of(data: bytes) -> Digest:
    digest = Digest()
    digest.update(data)
    return digest


def test_every_upload_begins_with_a_digest_of_nothing():
    digest = Digests().take(uuid4(), 0)
    assert digest and (digest.size, digest.hexdigest()) == (0, hashlib.sha256().hexdigest())


def test_what_was_kept_goes_on_where_it_was():
    digests, code = Digests(), uuid4()
    digests.keep(code, digest_of(b"hello"), 5)
    digest = digests.take(code, 5)
    digest.update(b"world")
    digests.keep(code, digest, 10)
    assert digests.of(code, 10) == hashlib.sha256(b"helloworld").hexdigest()


def test_only_one_takes_it():
    digests, code = Digests(), uuid4()
    digests.keep(code, digest_of(b"hello"), 5)
    assert digests.take(code, 5)
    assert digests.take(code, 5) is None
    assert digests.of(code, 5) == ""


def test_one_of_another_length_is_forgotten():
    digests, code = Digests(), uuid4()
    digests.keep(code, digest_of(b"hello"), 5)
    assert digests.of(code, 6) == ""
    assert digests.take(code, 4) is None
    assert digests.take(code, 5) is None


def test_one_that_is_not_of_what_was_kept_is_not_remembered():
    digests, code = Digests(), uuid4()
    digests.keep(code, digest_of(b"hello"), 4)
    assert digests.of(code, 5) == ""


def test_the_one_left_alone_longest_is_forgotten_first():
    digests, codes = Digests(most=2), [uuid4() for _ in range(3)]
    for code in codes:
        digests.keep(code, digest_of(b"hello"), 5)
    assert [bool(digests.of(code, 5)) for code in codes] == [False, True, True]


def test_pieces_are_hashed_in_their_order_beside_the_one_who_brings_them():
    digest, pieces = Digest(), [bytes([number]) * 5000 for number in range(20)]
    with hashing(digest) as take:
        for piece in pieces:
            take(piece)
    assert digest.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()
    assert digest.size == 100_000


def test_a_line_that_is_cut_leaves_all_that_was_taken_hashed_and_no_thread():
    digest = Digest()
    with pytest.raises(ConnectionResetError), hashing(digest) as take:
        take(b"hello")
        raise ConnectionResetError
    assert digest.hexdigest() == hashlib.sha256(b"hello").hexdigest()
    assert "hashing" not in [thread.name for thread in threading.enumerate()]


def test_without_a_digest_nothing_is_hashed():
    with hashing(None) as take:
        take(b"hello")
        assert "hashing" not in [thread.name for thread in threading.enumerate()]
