"""A library in a bucket is written down at another service than its own, and taken in again from there."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from django.core.management import CommandError, call_command

from tests.running import free_port
from tests.videolib import filled_library
from tests.videolib.backup.conftest import files, rows_let_go, run, without_waits

# The same name at both services, each with a key of its own.
PLACE = "s3://library/nightly"
pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


class Service:
    """An S3 protocol in a process of its own: within one, moto's servers share their buckets."""

    def __init__(self) -> None:
        self.endpoint = f"http://127.0.0.1:{(port := free_port())}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        self.s3 = boto3.resource("s3", endpoint_url=self.endpoint, **keys)

    def begin(self, *buckets: str) -> Service:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(requests.ConnectionError):
                requests.get(self.endpoint, timeout=5)
                break
            time.sleep(0.1)
        for bucket in buckets:
            self.s3.create_bucket(Bucket=bucket)
        return self

    def keys(self, bucket: str) -> set[str]:
        return {each.key for each in self.s3.Bucket(bucket).objects.all()}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def services() -> Iterator[list[Service]]:
    """The library's own, and the one for backups."""
    both = [Service(), Service()]
    try:
        yield [both[0].begin("library", "fresh"), both[1].begin("library")]
    finally:
        for service in both:
            service.end()


def keep_media_in(settings: Any, service: Service, bucket: str) -> None:
    settings.S3_BUCKET, settings.S3_ENDPOINT_URL = bucket, service.endpoint
    settings.S3_ACCESS_KEY_ID, settings.S3_SECRET_ACCESS_KEY = "key", "secret"
    options = {
        "bucket_name": bucket,
        "endpoint_url": service.endpoint,
        "region_name": "us-east-1",
        "access_key": "key",
        "secret_key": "secret",
        "addressing_style": "path",
        "default_acl": None,
    }
    default = {"BACKEND": "videolib.lib.bucket.BucketStorage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.mark.django_db(transaction=True)
def test_it_goes_to_the_other_service_and_comes_back_from_there(
    services: list[Service], settings: Any, data_folder: Path
) -> None:
    own, other = services
    keep_media_in(settings, own, "library")
    settings.BACKUP_S3_ENDPOINT_URL, settings.BACKUP_S3_REGION = own.endpoint, "us-east-1"
    settings.BACKUP_S3_ACCESS_KEY_ID, settings.BACKUP_S3_SECRET_ACCESS_KEY = "another", "hidden"
    filled_library.fill()
    with pytest.raises(CommandError, match="keeps its own media"):
        run("export_library", PLACE)
    settings.BACKUP_S3_ENDPOINT_URL = other.endpoint
    media, wanted, own_keys = files(), without_waits(rows_let_go()), own.keys("library")
    assert run("export_library", PLACE)[1] == 0
    assert {f"nightly/objects/{name}" for name in media} < other.keys("library")
    assert own.keys("library") == own_keys == set(media)

    call_command("flush", interactive=False, verbosity=0)
    keep_media_in(settings, own, "fresh")
    assert run("import_library", PLACE)[1] == 0
    assert files() == media
    assert without_waits(rows_let_go()) == wanted
