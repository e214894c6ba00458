"""A tus client over Django's test client, and the bytes it sends."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from videolib.uploads.models import Upload

CONTENT_TYPE = "application/offset+octet-stream"


class TusClient:
    """Speaks tus with or without a session; every answer is Django's own response."""

    def __init__(self, client: Client, **headers: str) -> None:
        self.client = client
        self.headers = {"Tus-Resumable": "1.0.0", **headers}

    def send(self, method: str, path: str, data: bytes | None = None, **headers: Any) -> Any:
        # By hand: for an empty body the client leaves the type out.
        environ = {} if data is None else {"CONTENT_TYPE": CONTENT_TYPE}
        return self.client.generic(method, path, data or b"", headers=self._merged(headers), **environ)

    def create(
        self, size: int | str = 10, data: bytes | None = None, metadata: dict[str, str] | None = None, **headers
    ):
        if metadata:
            pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
            headers["Upload-Metadata"] = ",".join(pairs)
        return self.send("POST", "/uploads/", data, **{"Upload-Length": str(size), **headers})

    def begin(self, size: int = 10, **options: Any) -> Upload:
        answer = self.create(size, **options)
        assert answer.status_code == 201, answer.content
        return Upload.objects.get(code=answer["Location"].strip("/").split("/")[-1])

    def head(self, upload: Upload) -> Any:
        return self.send("HEAD", path_of(upload))

    def patch(self, upload: Upload, data: bytes, offset: int = 0, **headers: Any) -> Any:
        return self.send("PATCH", path_of(upload), data, **{"Upload-Offset": str(offset), **headers})

    def delete(self, upload: Upload) -> Any:
        return self.send("DELETE", path_of(upload))

    def _merged(self, headers: dict[str, Any]) -> dict[str, str]:
        return {key: str(value) for key, value in {**self.headers, **headers}.items() if value is not None}


def path_of(upload: Upload) -> str:
    return f"/uploads/{upload.code}/"


def sentence_of(answer: Any) -> str:
    """The sentence a refusal carries; never a page, never a traceback."""
    assert answer["Content-Type"].startswith("text/plain")
    text = answer.content.decode().strip()
    assert text.endswith(".") and "\n" not in text and len(text) < 300
    return text


@pytest.fixture
def tus_of(client_of: Callable[..., Client], data_folder: Any) -> Callable[..., TusClient]:
    """`tus_of(user)`: a tus client signed in as `user`."""
    return lambda user=None: TusClient(client_of(user))


@pytest.fixture
def uploader(make_user: Callable[..., Any]) -> Any:
    """A contributor."""
    return make_user("contributor")


@pytest.fixture
def tus(tus_of: Callable[..., TusClient], uploader: Any) -> TusClient:
    """The contributor's tus client."""
    return tus_of(uploader)
