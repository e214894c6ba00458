"""What a downloaded original is called: one header, one plain file name, whatever the clip is called."""

from __future__ import annotations

from email.message import Message
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from tests.videolib.stocked_library import Library
from videolib.clips.models import Clip

TITLES = [
    *(
        "a\r\nSet-Cookie: sessionid=x",
        "a\nContent-Type: text/html\n\n<script>",
        "a\rb",
        "a%0d%0aX: y",
        "a\u2028b\u0085c",
    ),
    *(
        'a"; filename="evil.exe',
        "a'; filename*=UTF-8''evil.exe",
        "a\\",
        'a\\"',
        "a;b=c",
        "=?utf-8?B?ZXZpbA==?=",
        "a\tb",
    ),
    *(
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/passwd",
        "C:\\x",
        "~/.bashrc",
        ".htaccess",
        "..",
        ".",
        "-rf",
        "con",
    ),
    *(
        "Größe",
        "日本語の録画",
        "😀" * 50,
        "\u202egpj.exe",
        "a\u0301",
        "x" * 200,
        " ",
        "\x00",
        "a\x00b",
        "\ud7ff",
        "CRLF\r\n\r\n",
    ),
]


@pytest.mark.parametrize("title", TITLES, ids=range(len(TITLES)))
def test_the_name_stays_in_its_place(library: Library, title: str) -> None:
    if "\x00" in title and connection.vendor == "postgresql":
        pytest.skip("PostgreSQL keeps no NUL, so no title has one there")
    clip = library.clips["for download"]
    Clip.objects.filter(pk=clip.pk).update(title=title)
    response: Any = library.client("learner").get(reverse("clip_original", kwargs={"code": clip.code}))
    response.close()
    assert response.status_code == 200
    assert response["Content-Type"] == "application/octet-stream"
    assert "Set-Cookie" not in response.headers and "X" not in response.headers
    header = response["Content-Disposition"]
    assert header.isascii() and header.isprintable()
    assert header.startswith("attachment; filename")
    parsed = Message()
    parsed["Content-Disposition"] = header
    name = parsed.get_filename() or ""
    assert name.endswith(".mkv") and len(name) <= 130
    assert not set(name) & set('/\\:;"\r\n\0<>|?*\t\u202e') and not name.startswith((".", "~", "-"))


@pytest.mark.parametrize("kind", ["vtt", "srt", "txt"])
def test_captions_are_named_by_their_address_alone(library: Library, kind: str) -> None:
    clip = library.clips["team"]
    Clip.objects.filter(pk=clip.pk).update(title='a"\r\nX: y')
    address = reverse("clip_captions", kwargs={"code": clip.code, "kind": kind})
    assert library.client("learner").get(f"{address}?download")["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    "name", ["a\r\nX-Evil: 1.mp4", 'a".mp4', "../../x.mp4", "日本語.mp4", "x" * 300 + ".mp4", "\u202egpj.mp4"]
)
def test_the_name_of_an_uploaded_file_reaches_no_header_and_no_path(library: Library, name: str) -> None:
    from base64 import b64encode

    from videolib.uploads.models import Upload

    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    headers["Upload-Metadata"] = f"filename {b64encode(name.encode()).decode()}"
    sent: Any = {"content_type": "application/offset+octet-stream", "headers": headers}
    answer = library.client("owner").post("/uploads/", b"", **sent)
    assert answer.status_code == 201
    upload = Upload.objects.latest("pk")
    assert answer["Location"] == f"/uploads/{upload.code}/"
    asked = library.client("owner").head(answer["Location"], headers={"Tus-Resumable": "1.0.0"})
    assert asked["Upload-Metadata"] == headers["Upload-Metadata"]
    assert "X-Evil" not in asked.headers
    assert upload.path.name == f"{upload.code}.part" and upload.path.is_file()
