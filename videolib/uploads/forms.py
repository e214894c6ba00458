"""Forms of this room, and the way a form's file takes to the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload, TemporaryFileUploadHandler

from videolib.clips.actions import Details
from videolib.clips.models import Visibility
from videolib.uploads.digest import Digest
from videolib.uploads.part import DISK_IS_FULL, write_all
from videolib.uploads.tus import UploadRefused

NOTHING_KEPT = (
    "The server's disk is full, and nothing of this was kept. Tell an admin, and try again when there is room."
)


class UploadForm(forms.Form):
    """One recording, for whoever has no JavaScript."""

    file = forms.FileField(
        label="Recording",
        allow_empty_file=True,  # refused with the sentence of create_upload
        error_messages={"required": "Choose a recording first."},
    )


class FormFile(TemporaryUploadedFile):
    """A form's file in the uploads folder: on the disk where it will lie anyway, so that moving it copies no byte."""

    def __init__(self, name: str | None, content_type: str | None, charset: str | None) -> None:
        Path(settings.UPLOADS_ROOT).mkdir(parents=True, exist_ok=True)
        # Without a buffer, which a full disk would let down once more as it is closed.
        file = tempfile.NamedTemporaryFile(suffix=".form", dir=settings.UPLOADS_ROOT, buffering=0)  # noqa: SIM115 (closed by Django)
        UploadedFile.__init__(self, file, name, content_type, 0, charset)
        self.raw = cast(FileIO, file.file)
        self.digest = Digest()


class FormFileHandler(TemporaryFileUploadHandler):
    """Streams the file of UploadForm to the disk while it arrives. `refusal`: why that came to an end."""

    file: FormFile
    refusal: UploadRefused | None = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Django's hook: a file begins."""
        FileUploadHandler.new_file(self, *args, **kwargs)
        with self._until_full():
            self.file = FormFile(self.file_name, self.content_type, self.charset)

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        """Django's hook: bytes arrive."""
        with self._until_full():
            write_all(raw_data, self.file.raw)
        self.file.digest.update(raw_data)

    @contextmanager
    def _until_full(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in DISK_IS_FULL:
                raise
            self.refusal = UploadRefused(507, NOTHING_KEPT)
            # Django takes what the browser still sends, and closes the file, which removes it.
            raise StopUpload(connection_reset=False) from error


def details_of(metadata: dict[str, str]) -> Details:
    """What Upload-Metadata says of the clip: title, description, visibility, tags (parted by commas), all optional.

    UploadRefused for what no clip can have.
    """
    details = Details()
    if title := metadata.get("title", "").replace("\0", "").strip():
        details["title"] = title
    if description := metadata.get("description", "").replace("\0", "").strip():
        details["description"] = description[:10_000]
    if visibility := metadata.get("visibility", ""):
        if visibility not in Visibility.values:
            raise UploadRefused(400, f"visibility must be one of {', '.join(Visibility.values)}.")
        details["visibility"] = visibility
    if tags := [tag.strip() for tag in metadata.get("tags", "").split(",") if tag.strip()]:
        details["tags"] = tags
    return details
