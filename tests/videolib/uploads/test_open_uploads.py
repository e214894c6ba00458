"""What is asked of uploads again and again costs as much with a million finished ones as with none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from videolib.clips.models import Clip
from videolib.uploads.models import Upload, UploadQuerySet

pytestmark = pytest.mark.django_db

FINISHED = 2000


@pytest.fixture
def uploads(uploader: Any) -> None:
    """Very many that are finished, five that are open."""
    now, clip = timezone.now(), Clip.objects.create(owner=uploader, title="A clip")
    columns = {"clip": clip, "size_bytes": 5, "expires_at": now}
    Upload.objects.bulk_create(Upload(**columns, finished_at=now) for _ in range(FINISHED))
    Upload.objects.bulk_create(Upload(**columns) for _ in range(5))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.parametrize(
    "reads",
    [
        lambda: Upload.objects.open(),
        lambda: Upload.objects.open().filter(clip__trashed_at=None),
        lambda: Upload.objects.left_alone(),
        lambda: Upload.objects.open().values("finished_at").annotate(total=Sum("size_bytes")),
    ],
)
def test_finished_uploads_are_not_read(uploads: None, reads: Callable[[], UploadQuerySet]) -> None:
    """Asked of the database itself, with parameters as Django sends them."""
    plan = reads().explain()
    assert "open_uploads" in plan, plan
    assert "Seq Scan on videolib_upload" not in plan, plan
