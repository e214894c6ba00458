"""`manage.py setup_bucket`: a bucket that is there, private and readable by pages, or what to do, in a sentence."""

from __future__ import annotations

import os
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from botocore.stub import Stubber
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from stack.swift import Swift
from tests.buckets import keep_media_in_bucket

SITE = "https://videos.example.com"


@pytest.fixture
def bucket(settings: Any) -> Any:
    """`bucket(endpoint)`: the library's own, of a new name, not made yet."""

    def choose(endpoint: str, **options: str) -> Any:
        settings.SITE_URL, settings.S3_BUCKET = SITE, f"media-{uuid4()}"
        where = {"endpoint_url": endpoint, "public_endpoint_url": endpoint}
        keys = {"access_key": "key", "secret_key": "secret"}
        keep_media_in_bucket(settings, settings.S3_BUCKET, **{**where, **keys, **options})
        return default_storage

    return choose


def set_up() -> list[str]:
    out = StringIO()
    call_command("setup_bucket", stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def anonymous_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a real service does, and moto does not."""
    from videolib.lib import bucket_setup

    ask = bucket_setup._ask

    def answer(method: str, address: str, **headers: str) -> Any:
        response = ask(method, address, **headers)
        if "?" not in address:
            response.status_code = 403
        return response

    monkeypatch.setattr(bucket_setup, "_ask", answer)


def test_it_is_made_with_its_rules_and_the_second_time_nothing_changes(
    bucket: Any, moto: str, settings: Any, anonymous_is_refused: None
) -> None:
    client = bucket(moto).client
    first = set_up()
    assert first == [
        f"Made the bucket {settings.S3_BUCKET}.",
        "It is private: without a key nobody reads or lists it.",
        "Parts of uploads that were never finished go after 32 days.",
        f"Pages of {SITE} may read it.",
    ]
    name = {"Bucket": settings.S3_BUCKET}
    rules = client.get_bucket_cors(**name)["CORSRules"], client.get_bucket_lifecycle_configuration(**name)["Rules"]
    (cors,), (lifecycle,) = rules
    assert (cors["AllowedOrigins"], cors["AllowedMethods"], cors["AllowedHeaders"]) == (
        [SITE],
        ["GET", "HEAD"],
        ["Range"],
    )
    assert set(cors["ExposeHeaders"]) == {"Content-Range", "Content-Length", "Accept-Ranges", "ETag"}
    assert lifecycle["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 32}

    assert set_up() == [f"The bucket {settings.S3_BUCKET} is there.", *first[1:]]
    assert rules == (
        client.get_bucket_cors(**name)["CORSRules"],
        client.get_bucket_lifecycle_configuration(**name)["Rules"],
    )
    assert "Contents" not in client.list_objects_v2(**name)


def test_rules_of_others_stay(bucket: Any, moto: str, settings: Any, anonymous_is_refused: None) -> None:
    client = bucket(moto).client
    client.create_bucket(Bucket=settings.S3_BUCKET)
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}
    client.put_bucket_lifecycle_configuration(Bucket=settings.S3_BUCKET, LifecycleConfiguration={"Rules": [theirs]})
    set_up()
    rules = client.get_bucket_lifecycle_configuration(Bucket=settings.S3_BUCKET)["Rules"]
    assert [rule["ID"] for rule in rules] == ["theirs", "videolib"]


def test_a_bucket_that_anybody_lists_is_not_taken(bucket: Any, moto: str) -> None:
    bucket(moto)
    with pytest.raises(CommandError, match=r"Anybody can list the bucket .* take public access away"):
        set_up()


def test_a_service_that_takes_no_rules_is_told_of_by_what_to_set_there(
    bucket: Any, swift: Swift, settings: Any
) -> None:
    bucket(swift.endpoint, access_key=swift.access_key, secret_key=swift.secret_key)
    said = set_up()
    assert said[:2] == [
        f"Made the bucket {settings.S3_BUCKET}.",
        "It is private: without a key nobody reads or lists it.",
    ]
    assert "The service takes no rule for uploads that were never finished" in said[2]
    assert said[3] == f"Pages of {SITE} may read it. The service is set so by its own means."


def test_a_service_whose_bucket_no_page_can_read_is_an_error(
    bucket: Any, swift: Swift, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videolib.lib import bucket_setup

    bucket(swift.endpoint, access_key=swift.access_key, secret_key=swift.secret_key)
    ask = bucket_setup._ask

    def without_cors(method: str, address: str, **headers: str) -> Any:
        return ask(method, address, **{name: value for name, value in headers.items() if name != "Origin"})

    monkeypatch.setattr(bucket_setup, "_ask", without_cors)
    with pytest.raises(CommandError, match=r"takes no rule for that\. Allow by its own means: origin https://videos"):
        set_up()


def test_a_bucket_that_browsers_do_not_reach_needs_no_page_to_read_it(bucket: Any, swift: Swift, settings: Any) -> None:
    bucket(swift.endpoint, access_key=swift.access_key, secret_key=swift.secret_key, public_endpoint_url="")
    assert set_up()[3].startswith("Browsers do not reach it")


def test_a_wrong_key_and_a_service_that_is_away_are_said(bucket: Any, swift: Swift) -> None:
    bucket(swift.endpoint, access_key=swift.access_key, secret_key="wrong")
    with pytest.raises(CommandError, match="refuses the key; check S3_ACCESS_KEY_ID"):
        set_up()
    bucket("http://127.0.0.1:9")
    with pytest.raises(CommandError, match="cannot be reached; check S3_ENDPOINT_URL"):
        set_up()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"access_key": None, "secret_key": None}, "no key for the bucket; set S3_ACCESS_KEY_ID"),
        ({"bucket_name": "our media"}, "S3_BUCKET is no name for a bucket"),
        ({"region_name": "eu west"}, "S3_REGION is no name of a region"),
        ({"region_name": "eu-west-1"}, "check S3_REGION"),
        ({"endpoint_url": "http://our_s3:8333"}, "S3_ENDPOINT_URL or S3_PUBLIC_ENDPOINT_URL is no address"),
        ({"public_endpoint_url": "http://our_s3:8333"}, "S3_ENDPOINT_URL or S3_PUBLIC_ENDPOINT_URL is no address"),
    ],
)
def test_a_wrong_setting_is_named(
    bucket: Any, swift: Swift, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], sentence: str
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CommandError, match=sentence):
        bucket(swift.endpoint, **{"access_key": swift.access_key, "secret_key": swift.secret_key, **options})
        set_up()


def test_what_is_no_s3_service_is_said(bucket: Any, live_server: Any) -> None:
    bucket(live_server.url)
    with pytest.raises(CommandError, match="does not speak S3; check S3_ENDPOINT_URL"):
        set_up()


@pytest.mark.parametrize(
    ("looked", "made", "sentence"),
    [
        (403, None, "Or it is somebody else's bucket: then choose another name in S3_BUCKET"),
        (404, ("BucketAlreadyExists", 409), "The name in S3_BUCKET is taken"),
        (404, ("InvalidBucketName", 400), "S3_BUCKET is no name for a bucket"),
        (404, ("IllegalLocationConstraintException", 400), "S3_REGION is not the region"),
        (301, None, "S3_REGION is not the region"),
        (503, None, "answers with an error; see its own log"),
    ],
)
def test_what_a_service_refuses_is_said_by_the_setting(
    bucket: Any, looked: int, made: tuple[str, int] | None, sentence: str
) -> None:
    """As Amazon answers, which is not ours to run."""
    with Stubber(bucket("http://127.0.0.1:9").client) as service, pytest.raises(CommandError, match=sentence):
        service.add_client_error("head_bucket", str(looked), http_status_code=looked)
        if made:
            service.add_client_error("create_bucket", made[0], http_status_code=made[1])
        set_up()


def test_without_a_bucket_there_is_none_to_set_up(settings: Any) -> None:
    settings.S3_BUCKET = ""
    with pytest.raises(CommandError, match="S3_BUCKET is empty"):
        set_up()
