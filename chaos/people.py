"""Who sends: over tus through nginx, as clients do it, with lines that are cut; whatever is refused is tried again."""

from __future__ import annotations

import base64
import http.client
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from chaos.material import Sent

PIECE = 32 * 1024
PAUSE = 0.02  # seconds between two pieces: a line that is not the loopback's
CUT_ONE_OF = 3
AGAIN_AFTER = 0.5
PATIENCE = 600.0
TIMEOUT = 30.0


@dataclass(frozen=True)
class Person:
    """A contributor: a token to send with, a session to watch with."""

    email: str
    token: str
    cookie: str


@dataclass
class Accepted:
    """A recording whose upload the library called complete."""

    sent: Sent
    person: Person
    address: str


@dataclass
class Post:
    """What came through, and what did not: sentences of a library that gave up on an upload."""

    port: int
    on_cut: Callable[[], None]
    accepted: list[Accepted] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, sent: Sent, person: Person, dice: random.Random) -> None:
        """One recording, until the library has it all or says that it never will."""
        deadline = time.monotonic() + PATIENCE
        address = self._begin(sent, person, deadline)
        while address and time.monotonic() < deadline:
            status, headers, said = self._ask("HEAD", address, person)
            if status in (404, 410):
                break
            if status != 200:
                time.sleep(AGAIN_AFTER)
                continue
            offset = int(headers["Upload-Offset"])
            if offset == len(sent.data):
                with self.lock:
                    self.accepted.append(Accepted(sent, person, address))
                return
            self._push(sent.data[offset:], offset, address, person, dice)
        with self.lock:
            self.refused.append(f"{sent.word}: {said if address else 'no upload could be begun'}")

    def cancel(self, address: str, person: Person) -> int:
        """As "Cancel" on the page does it; the status."""
        return self._ask("DELETE", address, person)[0]

    def _begin(self, sent: Sent, person: Person, deadline: float) -> str:
        metadata = ",".join(f"{name} {_encoded(value)}" for name, value in _words_of(sent).items())
        more = {"Upload-Length": str(len(sent.data)), "Upload-Metadata": metadata}
        while time.monotonic() < deadline:
            status, headers, _ = self._ask("POST", "/uploads/", person, more)
            if status == 201:
                with self.lock:
                    self.known.add(headers["Location"])
                return str(headers["Location"])
            time.sleep(AGAIN_AFTER)
        return ""

    def _push(self, data: bytes, offset: int, address: str, person: Person, dice: random.Random) -> None:
        """A PATCH, by hand: at times the line is cut in its middle."""
        is_cut = dice.randrange(CUT_ONE_OF) == 0
        end = dice.randrange(len(data)) if is_cut else len(data)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        with closing(connection):
            try:
                connection.putrequest("PATCH", address)
                headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
                for name, value in {**_common(person), **headers, "Content-Length": str(len(data))}.items():
                    connection.putheader(name, value)
                connection.endheaders()
                for start in range(0, end, PIECE):
                    connection.send(data[start : min(start + PIECE, end)])
                    time.sleep(PAUSE)
                if not is_cut:
                    connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                return
            if is_cut and connection.sock:
                connection.sock.shutdown(socket.SHUT_RDWR)
                self.on_cut()

    def _ask(
        self, method: str, address: str, person: Person, more: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        with closing(connection):
            try:
                length = {"Content-Length": "0"} if method == "POST" else {}
                connection.request(method, address, headers={**_common(person), **length, **(more or {})})
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read().decode(errors="replace").strip()
            except (OSError, http.client.HTTPException) as error:
                return 0, http.client.HTTPMessage(), str(error)


def _common(person: Person) -> dict[str, str]:
    return {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {person.token}"}


def _words_of(sent: Sent) -> dict[str, str]:
    return {"filename": f"{sent.word}.mp4", "title": f"About {sent.word}"}


def _encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()
