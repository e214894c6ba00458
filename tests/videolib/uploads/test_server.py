"""Uploads against the real web server: what it does with a connection that breaks, and how much memory it takes."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from videolib.uploads.part import LARGEST

ROOT = Path(__file__).resolve().parents[3]
SECRET = "a-secret-of-the-test"
MEGABYTE = 1024**2
WAIT = 20.0
MAKE_PERSON = f"""
from videolib.accounts.models import ApiToken, User, hash_secret
user = User.objects.create_user("c@example.com", "x", role="contributor")
ApiToken.objects.create(user=user, name="test", secret_hash=hash_secret("{SECRET}"))
"""
HEADERS = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {SECRET}"}

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@dataclass
class Server:
    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    open: list[socket.socket] = field(default_factory=list)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {**HEADERS, **headers})
        answer = connection.getresponse()
        answer.body = answer.read()  # type: ignore[attr-defined]
        connection.close()
        return answer

    def begin(self, size: int) -> str:
        answer = self.ask("POST", "/uploads/", **{"Upload-Length": str(size)})
        assert answer.status == 201, answer.body  # type: ignore[attr-defined]
        return answer.headers["Location"]

    def offset(self, path: str) -> int:
        answer = self.ask("HEAD", path)
        assert answer.status == 200
        return int(answer.headers["Upload-Offset"])

    def patch(self, path: str, data: bytes, offset: int) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        return self.ask("PATCH", path, data, **headers)

    def start_patch(self, path: str, announced: int, offset: int, *lines: str) -> socket.socket:
        """A PATCH whose bytes are still to be sent."""
        headers = {**HEADERS, "Host": "localhost", "Content-Type": "application/offset+octet-stream"}
        headers |= {"Upload-Offset": str(offset), "Content-Length": str(announced)}
        if lines:
            del headers["Content-Length"]
        text = "".join(f"{line}\r\n" for line in (*(f"{name}: {value}" for name, value in headers.items()), *lines))
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.open.append(connection)
        connection.sendall(f"PATCH {path} HTTP/1.1\r\n{text}\r\n".encode())
        return connection

    def stored(self, path: str) -> Path:
        return self.folder / "media" / "originals" / path.strip("/").split("/")[-1]

    def part(self, path: str) -> Path:
        return self.folder / "uploads" / f"{path.strip('/').split('/')[-1]}.part"

    def memory(self) -> int:
        """Resident bytes of the whole family of processes, at its peak."""
        family, found = [self.process.pid], []
        while family:
            pid = family.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                family += map(int, (task / "children").read_text().split())
        return sum(_peak(pid) for pid in found)


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def until(is_so, what: str, seconds: float = WAIT) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("library")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")}
    environment |= {"VIDEOLIB_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "videolib.settings"}
    for command in (["migrate", "--verbosity=0"], ["shell", "-c", MAKE_PERSON]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)
    options = ["--interface=wsgi", "--host=127.0.0.1", f"--port={port}", "--http=1", "--workers=1"]
    options += ["--blocking-threads=8", "--no-ws", "--log-level=warning", "videolib.wsgi:application"]
    process = subprocess.Popen([sys.executable, "-m", "granian", *options], cwd=ROOT, env=environment)
    server = Server(port, folder, process)
    try:
        until(lambda: _answers(server), "the start of the web server", seconds=90)
        yield server
    finally:
        for connection in server.open:
            connection.close()
        process.terminate()
        process.wait(timeout=20)


def _answers(server: Server) -> bool:
    try:
        return server.ask("OPTIONS", "/uploads/").status == 204
    except OSError:
        return False


@pytest.mark.parametrize("end", ["closed", "reset"])
def test_a_patch_cut_in_the_middle_keeps_what_arrived_and_goes_on_there(server, end):
    data = os.urandom(5 * MEGABYTE + 17)
    path = server.begin(len(data))
    connection = server.start_patch(path, len(data), 0)
    sent = 2 * MEGABYTE + 12_345
    connection.sendall(data[:sent])
    whole_pieces = sent - LARGEST
    until(lambda: server.part(path).stat().st_size >= whole_pieces, "the arrival of the bytes")
    if end == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    # A closed connection hands over its last bytes, a reset one may lose them: what HEAD says is what is there.
    until(lambda: server.offset(path) == (sent if end == "closed" else server.offset(path)), "the last bytes")
    offset = server.offset(path)
    assert whole_pieces <= offset <= sent
    assert server.part(path).read_bytes() == data[:offset]
    until(lambda: server.patch(path, b"", offset).status == 204, "the end of the broken connection's lock")
    assert server.patch(path, data[offset:], offset).status == 204
    assert hashlib.sha256(server.stored(path).read_bytes()).digest() == hashlib.sha256(data).digest()


def test_while_one_connection_sends_another_is_locked_out(server):
    path = server.begin(MEGABYTE)
    connection = server.start_patch(path, MEGABYTE, 0)
    connection.sendall(b"x" * 200_000)
    until(lambda: server.offset(path) > 0, "the arrival of the bytes")
    offset = server.offset(path)
    assert server.patch(path, b"y" * 10, offset).status == 423
    connection.sendall(b"x" * (MEGABYTE - 200_000))
    assert b" 204 " in connection.recv(1000)
    assert server.stored(path).read_bytes() == b"x" * MEGABYTE


def test_a_refusal_is_read_even_by_a_client_that_is_still_sending(server):
    path = server.begin(20 * MEGABYTE)
    answer = server.patch(path, b"x" * 8 * MEGABYTE, 5)
    assert answer.status == 409
    assert b"go on from there" in answer.body


def test_a_body_in_chunks_is_taken(server):
    path = server.begin(10)
    connection = server.start_patch(path, 0, 0, "Transfer-Encoding: chunked")
    connection.sendall(b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")
    assert b" 204 " in connection.recv(1000)
    assert server.stored(path).read_bytes() == b"helloworld"


def test_chunks_that_bring_too_much_are_refused(server):
    path = server.begin(8)
    connection = server.start_patch(path, 0, 0, "Transfer-Encoding: chunked")
    connection.sendall(b"5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n")
    assert b" 413 " in connection.recv(1000)
    assert server.offset(path) == 0


def test_a_large_upload_takes_no_memory(server):
    if not Path("/proc/self/status").is_file():
        pytest.skip("/proc is not there to read memory from")
    size, piece = 300 * MEGABYTE, os.urandom(MEGABYTE)
    server.patch(server.begin(10), b"helloworld", 0)
    before = server.memory()
    path = server.begin(size)
    hasher = hashlib.sha256()
    connection = server.start_patch(path, size, 0)
    for _ in range(size // MEGABYTE):
        connection.sendall(piece)
        hasher.update(piece)
    assert b" 204 " in connection.recv(1000)
    assert server.memory() - before < 40 * MEGABYTE
    with server.stored(path).open("rb") as file:
        assert hashlib.file_digest(file, "sha256").digest() == hasher.digest()
    server.stored(path).unlink()
