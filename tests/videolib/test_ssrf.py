"""The library fetches no address that somebody writes. (What ffmpeg may open: tests/transcode/media.)"""

from __future__ import annotations

import ast
import socket
from pathlib import Path
from typing import Any

import pytest

from videolib.clips.models import License

ROOT = Path(__file__).resolve().parents[2]
FETCHING = {"urllib.request", "http.client", "requests", "httpx", "httpx2", "aiohttp", "urllib3", "ftplib", "pycurl"}
# The supervisor asks its own web server, at the address it gave it, whether it answers.
ASKS_ITSELF = {"videolib/lib/programs.py"}
INSIDE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:6379/",
    "http://[::1]/",
    "http://localhost/",
    "ftp://10.0.0.1/",
]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_nothing_that_fetches_is_imported() -> None:
    sources = [path for folder in ("videolib", "transcode") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = {path.relative_to(ROOT).as_posix() for path in sources if imported(path) & FETCHING}
    assert found <= ASKS_ITSELF


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The addresses that anything tried to reach: none of them is."""
    tried: list[Any] = []

    def connect(_self: socket.socket, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError(address)

    def look_up(*asked: Any, **_more: Any) -> list[Any]:
        tried.append(asked)
        return []

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return tried


@pytest.mark.parametrize("address", INSIDE)
def test_the_address_of_a_licence_and_those_in_words_are_only_shown(
    address: str, make_clip: Any, make_user: Any, client_of: Any, no_network: list[Any]
) -> None:
    admin = client_of(make_user("admin"))
    admin.post("/settings/licences/", {"name": "Inside", "url": address})
    license = License.objects.filter(name="Inside").first()
    clip = make_clip(make_user("contributor"), title=address, description=f"see {address}", license=license)
    for page in (f"/clips/{clip.code}/", "/settings/", f"/search/?q={address}", f"/api/v1/clips/{clip.code}"):
        assert admin.get(page).status_code == 200
    assert no_network == []


@pytest.mark.parametrize("name", ["url", "source", "file", "path", "import"])
@pytest.mark.parametrize("address", INSIDE)
def test_an_upload_takes_bytes_and_no_address(
    address: str, name: str, make_user: Any, client_of: Any, data_folder: Path, no_network: list[Any]
) -> None:
    client = client_of(make_user("contributor"))
    assert client.post("/upload/", {name: address}).status_code == 422
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Concat": f"final;{address}"}
    kind = "application/offset+octet-stream"
    assert client.post("/uploads/", b"", content_type=kind, headers=headers).status_code == 400
    assert no_network == []


def test_an_address_of_a_bucket_or_a_host_header_is_followed_nowhere(
    make_user: Any, client_of: Any, no_network: list[Any]
) -> None:
    client = client_of(make_user("learner"))
    for headers in ({"host": "169.254.169.254"}, {"x-forwarded-host": "169.254.169.254"}, {"referer": INSIDE[0]}):
        assert client.get("/", headers=headers).status_code in (200, 400)
    assert no_network == []
