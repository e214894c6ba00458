"""A library of a test whose media lie in a bucket."""

from __future__ import annotations

from typing import Any


def keep_media_in_bucket(settings: Any, name: str, **options: str) -> None:
    """From now on, as the settings would have it with S3_BUCKET; `options` are those of BucketStorage."""
    given = {"bucket_name": name, "region_name": "us-east-1", "addressing_style": "path", **options}
    storage = {"BACKEND": "videolib.lib.bucket.BucketStorage", "OPTIONS": given}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
