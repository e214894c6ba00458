"""A bucket made fit for a library: it is there, it is private, pages may read ranges of it, unfinished uploads go.

Done again, it changes nothing. What a service does not know by this protocol is said, with what to set there instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from botocore.awsrequest import AWSRequest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    InvalidRegionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.httpsession import URLLib3Session

from videolib.lib.bucket import TROUBLE, BucketStorage, status_of

# Our rules among those of others.
RULE = "videolib"
READ = ("GET", "HEAD")
# What hls.js reads of an answer to a range.
EXPOSED = ("Content-Range", "Content-Length", "Accept-Ranges", "ETag")
# Longer than any upload takes, besides how long it may wait; what a killed worker left is paid for until then.
UNFINISHED_DAYS = 30


NO_NAME = "S3_BUCKET is no name for a bucket: 3 to 63 small letters, digits, hyphens and dots."
NO_SERVICE = "What answers there does not speak S3; check S3_ENDPOINT_URL."
REGION = "S3_REGION is not the region of the service, or of the bucket; set it to that."
# What hinders, by the code of the answer; where there is none, by its status.
BY_CODE = {
    "InvalidBucketName": NO_NAME,
    "BucketAlreadyExists": "The name in S3_BUCKET is taken by somebody else's bucket; choose another.",
    "AuthorizationHeaderMalformed": REGION,
    "IllegalLocationConstraintException": REGION,
    "InvalidLocationConstraint": REGION,
    "InvalidRegion": REGION,
}
BY_STATUS = {
    301: REGION,
    400: "The service of the bucket does not take the request; check S3_REGION and S3_ENDPOINT_URL.",
    403: f"{TROUBLE[403]} Or it is somebody else's bucket: then choose another name in S3_BUCKET.",
    404: NO_SERVICE,
    405: NO_SERVICE,
}
# What boto3 finds before it asks anybody.
UNASKED: dict[type[Exception], str] = {
    NoCredentialsError: "There is no key for the bucket; set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.",
    PartialCredentialsError: "Half of the key is missing; set both S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.",
    ParamValidationError: NO_NAME,
    InvalidRegionError: "S3_REGION is no name of a region.",
    ValueError: "S3_ENDPOINT_URL or S3_PUBLIC_ENDPOINT_URL is no address: a machine's name has letters, digits, "
    "hyphens and dots, and no underscore.",
}
AWAY = "The service of the bucket cannot be reached; check S3_ENDPOINT_URL and S3_PUBLIC_ENDPOINT_URL."


class SetupError(Exception):
    """What hinders a library from using the bucket, in a sentence that says what to do."""


def set_up(bucket: BucketStorage, site_url: str, *, waiting_hours: int) -> Iterator[str]:
    """Step by step, each a sentence about what was done. Raises SetupError.

    `waiting_hours`: for how long an upload may be left alone, some of whose bytes the bucket has.
    """
    try:
        yield _make(bucket)
        yield _see_that_it_is_private(bucket)
        yield _let_uploads_end(bucket, UNFINISHED_DAYS + waiting_hours // 24)
        yield _let_pages_read(bucket, site_url)
    except ClientError as error:
        by_status = BY_STATUS.get(status_of(error), TROUBLE[500])
        raise SetupError(BY_CODE.get(error.response["Error"]["Code"], by_status)) from error
    except (BotoCoreError, ValueError) as error:
        raise SetupError(UNASKED.get(type(error), AWAY)) from error


def _make(bucket: BucketStorage) -> str:
    there = f"The bucket {bucket.bucket_name} is there."
    try:
        bucket.client.head_bucket(Bucket=bucket.bucket_name)
    except ClientError as error:
        if status_of(error) != 404:
            raise
    else:
        return there
    # Amazon's first region is the one that may not be named.
    elsewhere = bucket.region_name != "us-east-1"
    where = {"CreateBucketConfiguration": {"LocationConstraint": bucket.region_name}} if elsewhere else {}
    try:
        bucket.client.create_bucket(Bucket=bucket.bucket_name, **where)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise
        return there  # since a moment: SeaweedFS makes it by itself, soon after it answers
    return f"Made the bucket {bucket.bucket_name}."


# --- Private --------------------------------------------------------------------------------------------------------


def _see_that_it_is_private(bucket: BucketStorage) -> str:
    """Tried, not asked: each service has settings of its own by which a bucket is opened to everybody."""
    with Probe(bucket) as probe:
        for deed, operation, options in (
            ("read", "get_object", {"Key": probe.key}),
            ("list", "list_objects_v2", {}),
        ):
            signed = probe.signed(operation, **options)
            if _ask("GET", signed.partition("?")[0]).status_code < 400:
                raise SetupError(
                    f"Anybody can {deed} the bucket {bucket.bucket_name}, without a key: take public access away from "
                    "it (its policy and its access list; at Amazon, Block Public Access), and run this again."
                )
    return "It is private: without a key nobody reads or lists it."


class Probe:
    """A little object in the bucket, for as long as it is looked at."""

    def __init__(self, bucket: BucketStorage) -> None:
        self._bucket = bucket
        # Browsers come by the public address, so by that it is looked at.
        self._client = bucket.public_client if bucket.public_endpoint_url else bucket.client
        self.key = f"setup/{uuid4()}"

    def __enter__(self) -> Probe:
        self._bucket.client.put_object(Bucket=self._bucket.bucket_name, Key=self.key, Body=b"probe")
        return self

    def __exit__(self, *_: object) -> None:
        self._bucket.client.delete_object(Bucket=self._bucket.bucket_name, Key=self.key)

    def signed(self, operation: str, **options: str) -> str:
        """An address that may do this with the bucket."""
        parameters = {"Bucket": self._bucket.bucket_name, **options}
        return str(self._client.generate_presigned_url(operation, Params=parameters, ExpiresIn=60))


def _ask(method: str, address: str, **headers: str) -> Any:
    """As somebody without a key, whatever the service answers."""
    return URLLib3Session(timeout=20).send(AWSRequest(method, address, headers=headers).prepare())


# --- Rules ----------------------------------------------------------------------------------------------------------


def _let_uploads_end(bucket: BucketStorage, days: int) -> str:
    ours = {
        "ID": RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
    }
    if _add_rule(bucket, "lifecycle_configuration", ("LifecycleConfiguration", "Rules"), ours):
        return f"Parts of uploads that were never finished go after {days} days."
    return (
        "The service takes no rule for uploads that were never finished; have it remove their parts after "
        f"{days} days by its own means."
    )


def _let_pages_read(bucket: BucketStorage, site_url: str) -> str:
    if not bucket.public_endpoint_url:
        return "Browsers do not reach it (S3_PUBLIC_ENDPOINT_URL is none), so no page needs to read it."
    ours = {
        "ID": RULE,
        "AllowedOrigins": [site_url],
        "AllowedMethods": list(READ),
        "AllowedHeaders": ["Range"],
        "ExposeHeaders": list(EXPOSED),
        "MaxAgeSeconds": 3600,
    }
    taken = _add_rule(bucket, "cors", ("CORSConfiguration", "CORSRules"), ours)
    if _pages_can_read(bucket, site_url):
        return f"Pages of {site_url} may read it." + ("" if taken else " The service is set so by its own means.")
    raise SetupError(
        f"Pages of {site_url} may not read the bucket, and nothing would play. "
        + ("The service took the rule but does not follow it. " if taken else "The service takes no rule for that. ")
        + f"Allow by its own means: origin {site_url}, methods {' and '.join(READ)}, the header Range, and show "
        f"{', '.join(EXPOSED)}. (Swift: cors_allow_origin, cors_expose_headers and cors_preflight_allow_origin in "
        "proxy-server.conf.) Or set S3_PUBLIC_ENDPOINT_URL to none."
    )


def _add_rule(bucket: BucketStorage, kind: str, names: tuple[str, str], ours: dict[str, Any]) -> bool:
    """Beside the rules of others. False where the service knows no such rules; a key that may set none is an error."""
    whole, rules = names
    try:
        standing = _standing_rules(bucket, kind, rules)
        new = [*(rule for rule in standing if rule.get("ID") != RULE), ours]
        getattr(bucket.client, f"put_bucket_{kind}")(Bucket=bucket.bucket_name, **{whole: {rules: new}})
    except ClientError as error:
        if status_of(error) == 403:
            raise
        return False
    return True


def _standing_rules(bucket: BucketStorage, kind: str, rules: str) -> list[Any]:
    try:
        return list(getattr(bucket.client, f"get_bucket_{kind}")(Bucket=bucket.bucket_name).get(rules, []))
    except ClientError as error:
        if status_of(error) == 404:  # none yet
            return []
        raise


def _pages_can_read(bucket: BucketStorage, site_url: str) -> bool:
    """Tried as a browser does: a preflight, then the range."""
    with Probe(bucket) as probe:
        address = probe.signed("get_object", Key=probe.key)
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
        answers = [_ask("OPTIONS", address, Origin=site_url, **asked)]
        answers += [_ask("GET", address, Origin=site_url, Range="bytes=0-1")]
    return all(
        answer.status_code < 300 and answer.headers.get("Access-Control-Allow-Origin") in ("*", site_url)
        for answer in answers
    )
