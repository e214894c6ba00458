"""The rules of the tus 1.0 protocol (https://tus.io/protocols/resumable-upload): headers in, decisions out. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.http import http_date

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
CONTENT_TYPE = "application/offset+octet-stream"
# With the length in bytes of what each gives.
ALGORITHMS = {"sha1": 20, "sha256": 32, "md5": 16}
CHECKSUM_MISMATCH = 460
# Longer numbers of bytes fit into no column.
MOST_DIGITS = 18
LONGEST_METADATA = 8000


class UploadRefused(Exception):  # noqa: N818 (a decision, and its sentence is for the person who uploads)
    """An upload, or a step of it, that cannot be. `str()` is a sentence for people, `status` its HTTP status."""

    def __init__(self, status: int, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status, self.retry_after = status, retry_after


@dataclass(frozen=True)
class Creation:
    """What a client asks for: an upload of `size` bytes. `raw_metadata` is given back to it by HEAD."""

    size: int
    metadata: dict[str, str] = field(default_factory=dict)
    raw_metadata: str = ""


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must hash to."""

    algorithm: str
    digest: bytes


def capabilities(most_bytes: int) -> dict[str, str]:
    """The headers that answer OPTIONS."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(most_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def check_version(headers: Mapping[str, str]) -> None:
    """Refuse a client that speaks another version."""
    spoken = headers.get("Tus-Resumable", "")
    if spoken != VERSION:
        said = f"Tus-Resumable is {spoken!r}" if spoken else "The header Tus-Resumable is missing"
        raise UploadRefused(412, f"{said}; this server speaks tus {VERSION}.")


def read_creation(headers: Mapping[str, str]) -> Creation:
    """What the headers of a creation ask for."""
    if "Upload-Defer-Length" in headers:
        raise UploadRefused(400, "The size must be known from the start: send Upload-Length, not Upload-Defer-Length.")
    if "Upload-Concat" in headers:
        raise UploadRefused(400, "Uploads in parallel parts are not supported: send the file as one upload.")
    raw = headers.get("Upload-Metadata", "").strip()
    return Creation(_whole(headers, "Upload-Length"), read_metadata(raw), raw)


def read_metadata(raw: str) -> dict[str, str]:
    """`key base64,key base64,…` as text by key."""
    if len(raw) > LONGEST_METADATA:
        raise UploadRefused(400, f"Upload-Metadata is longer than {LONGEST_METADATA} characters.")
    metadata: dict[str, str] = {}
    for pair in raw.split(",") if raw else []:
        key, _, encoded = pair.strip().partition(" ")
        if not key or not key.isascii() or key in metadata:
            raise UploadRefused(400, "Upload-Metadata has an empty, odd or repeated key.")
        metadata[key] = _decoded(key, encoded.strip())
    return metadata


def read_offset(headers: Mapping[str, str]) -> int:
    """From which byte on the client sends."""
    return _whole(headers, "Upload-Offset")


def check_content_type(headers: Mapping[str, str]) -> None:
    """Refuse bytes that do not say that they belong to an upload."""
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise UploadRefused(415, f"Send the bytes with Content-Type: {CONTENT_TYPE}.")


def read_checksum(headers: Mapping[str, str]) -> Checksum | None:
    """What the bytes must hash to, where the client says so."""
    raw = headers.get("Upload-Checksum")
    if raw is None:
        return None
    algorithm, _, encoded = raw.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise UploadRefused(400, f"The checksum must be one of {', '.join(ALGORITHMS)}.")
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UploadRefused(400, "Upload-Checksum is not valid base64.") from error
    if len(digest) != ALGORITHMS[algorithm]:
        raise UploadRefused(400, f"Upload-Checksum has the wrong length for {algorithm}.")
    return Checksum(algorithm, digest)


def expires_header(at: datetime) -> dict[str, str]:
    """Until when the client may go on."""
    return {"Upload-Expires": http_date(at.timestamp())}


def _whole(headers: Mapping[str, str], name: str) -> int:
    raw = headers.get(name, "").strip()
    if not raw:
        raise UploadRefused(400, f"The header {name} is missing.")
    if not (raw.isascii() and raw.isdigit() and len(raw) <= MOST_DIGITS):
        raise UploadRefused(400, f"{name} must be a whole number of bytes.")
    return int(raw)


def _decoded(key: str, encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise UploadRefused(400, f"The value of {key} in Upload-Metadata is not text in base64.") from error
