"""A tus client that costs next to nothing: bytes go from the file to the line in the kernel."""

from __future__ import annotations

import base64
import http.client
from contextlib import suppress
from pathlib import Path

PATIENCE = 600.0  # seconds; the last byte of gigabytes is answered when they are stored


class RefusedError(Exception):
    """The library said no, in its own words."""


class Sender:
    """One person's line to a library, kept open."""

    def __init__(self, port: int, token: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {token}"}

    def begin(self, name: str, size: int) -> str:
        """Where the bytes go. RefusedError, or OSError."""
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        more = {"Upload-Length": str(size), "Upload-Metadata": metadata, "Content-Length": "0"}
        self._line.request("POST", "/uploads/", headers={**self._headers, **more})
        return self._answer(201).headers["Location"]

    def send(self, address: str, file: Path, start: int, count: int) -> None:
        """`count` bytes of the file in one PATCH. RefusedError, or OSError."""
        self._line.putrequest("PATCH", address)
        more = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(start),
            "Content-Length": str(count),
        }
        for name, value in {**self._headers, **more}.items():
            self._line.putheader(name, value)
        self._line.endheaders()
        with file.open("rb") as source, suppress(ConnectionError):  # whoever hangs up has answered why
            self._line.sock.sendfile(source, start, count)
        offset = self._answer(204).headers["Upload-Offset"]
        if int(offset) != start + count:
            raise RefusedError(f"After {start + count} bytes it has {offset}.")

    def cancel(self, address: str) -> None:
        """Nothing of it is left."""
        self._line.request("DELETE", address, headers=self._headers)
        self._answer(204)

    def _answer(self, expected: int) -> http.client.HTTPResponse:
        answer = self._line.getresponse()
        said = answer.read().decode(errors="replace").strip()
        if answer.status != expected:
            raise RefusedError(f"{answer.status} {said[:500]}")
        return answer
