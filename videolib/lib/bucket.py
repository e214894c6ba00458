"""Media in an S3 bucket: Amazon's, or any that speaks its protocol at S3_ENDPOINT_URL.

Apart from lib/storage.py because boto3 takes half a second to import, and a library on a disk needs none of it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, cast

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection
from django.http import HttpResponse, HttpResponseRedirect
from storages.backends.s3 import S3Storage

from videolib.lib.storage import PIECE, Listed, Wanted, refuse_everything

# How long an address we signed opens an object: so long somebody whose right ends can still fetch by what they hold.
# A browser follows it at once; the rest is for clocks that disagree.
SIGNED_SECONDS = 60
# An address with a signature is never asked for twice, and what lay in a browser's cache would outlast the right.
NOT_KEPT = "private, no-store"

# Kept open for all threads together; more are opened when they are needed, and closed again.
CONNECTIONS = 32

# By the status of the answer; whatever else it is, the service is at fault.
TROUBLE = {
    403: "The bucket refuses the key; check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY (of a backup's own service, "
    "BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY), and what the key may do.",
    404: "There is no such bucket; make it, or correct its name (the library's own stands in S3_BUCKET).",
    500: "The service of the bucket answers with an error; see its own log.",
}
# Statuses by which a service says that it cannot just now: it, or what it asks in turn, or too much is asked of it.
UNWELL = frozenset({429, 500, 502, 503, 504})


class BucketStorage(S3Storage):
    """A MediaStorage and a MultipartStorage (lib/storage.py says what each method does)."""

    least_part = 8 * 1024**2  # the protocol's own is 5; boto3's parts are as large
    most_parts = 10_000  # the protocol's

    def __init__(self, *, addressing_style: str = "auto", public_endpoint_url: str = "", **options: Any) -> None:
        """`public_endpoint_url`: where browsers reach the bucket, empty where they do not. And django-storages' own."""
        self.public_endpoint_url = public_endpoint_url
        style: Any = {"addressing_style": addressing_style}
        config = Config(
            s3=style,
            # Else boto3 signs addresses in the way before, which many services do not know.
            signature_version="s3v4",
            connect_timeout=5,
            max_pool_connections=CONNECTIONS,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 4},
            # Checksums in trailers are Amazon's own, and refused by some that speak the rest of the protocol.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(client_config=config, **options)

    def read_range(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """A closed range of the object, as it arrives."""
        if length <= 0:  # no Range header says "nothing"
            self.size(name)
            return iter(())
        try:
            return Arriving(self._get(name, Range=f"bytes={start}-{start + length - 1}"))
        except ClientError as error:
            if status_of(error) == 416:  # begins behind the end
                return iter(())
            raise

    def hand_over(self, name: str, wanted: Wanted) -> HttpResponse | None:
        """To the bucket, by an address that is signed here: nothing is asked of it, so a missing object is its 404."""
        if not self.public_endpoint_url:
            return None
        overrides = {
            "ResponseContentType": wanted.content_type,
            "ResponseCacheControl": NOT_KEPT,
            **({"ResponseContentDisposition": wanted.disposition} if wanted.disposition else {}),
        }
        address = self.public_client.generate_presigned_url(
            "head_object" if wanted.method == "HEAD" else "get_object",  # the method is signed, too
            Params={"Bucket": self.bucket_name, "Key": self._key(name), **overrides},
            ExpiresIn=SIGNED_SECONDS,
        )
        return HttpResponseRedirect(address, headers={"Cache-Control": "no-store"})

    def adopt(self, file: Path, name: str) -> None:
        """A multipart upload in pieces; the local file goes once the bucket has it."""
        self.client.upload_file(str(file), self.bucket_name, self._key(name))
        file.unlink()

    def begin_multipart(self, name: str) -> str:
        """See MultipartStorage."""
        begun = self.client.create_multipart_upload(Bucket=self.bucket_name, Key=self._key(name))
        return str(begun["UploadId"])

    def put_part(self, name: str, multipart: str, number: int, file: Path) -> None:
        """Streamed from the disk."""
        with file.open("rb") as body, _missing_as_such(name):
            self.client.upload_part(**self._multipart(name, multipart), PartNumber=number, Body=body)

    def complete_multipart(self, name: str, multipart: str, size: int) -> None:
        """What the bucket says it has is what counts."""
        which = self._multipart(name, multipart)
        with _missing_as_such(name):
            pages = self.client.get_paginator("list_parts").paginate(**which)
            # A part that came twice, after a fault, is listed twice by SeaweedFS; of which the newer counts.
            told = sorted((part for page in pages for part in page.get("Parts", ())), key=itemgetter("LastModified"))
            parts = sorted({part["PartNumber"]: part for part in told}.values(), key=itemgetter("PartNumber"))
            if sum(part["Size"] for part in parts) != size:
                raise FileNotFoundError(name)
            whole = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
            self.client.complete_multipart_upload(**which, MultipartUpload={"Parts": whole})

    def abort_multiparts(self, folder: str, before: datetime, but_for: Container[str]) -> None:
        """A thousand a request, and one for each that goes."""
        root, prefix = self._root, self._folder(folder)
        pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket_name, Prefix=prefix)
        for each in [upload for page in pages for upload in page.get("Uploads", ())]:
            name = each["Key"][len(root) :]
            if each["Initiated"] < before and name not in but_for:
                with suppress(FileNotFoundError), _missing_as_such(name):  # completed meanwhile
                    self.client.abort_multipart_upload(**self._multipart(name, each["UploadId"]))

    def fetch(self, name: str, into: Path) -> Path:
        """A copy under `into`."""
        target = into / Path(name).name
        with closing(Arriving(self._get(name))) as pieces, target.open("wb") as file:
            file.writelines(pieces)
        return target

    def size(self, name: str) -> int:
        """Bytes, asked of the bucket."""
        with _missing_as_such(name):
            return int(self.client.head_object(Bucket=self.bucket_name, Key=self._key(name))["ContentLength"])

    def delete_folder(self, prefix: str) -> None:
        """One by one: for many at once a checksum is needed, and services do not agree on which."""
        for each in self.list_objects(refuse_everything(prefix)):
            self.delete(each.name)

    def list_objects(self, folder: str = "") -> Iterator[Listed]:
        """A thousand objects a request."""
        root, prefix = self._root, self._folder(folder)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
        for page in pages:
            for each in page.get("Contents", ()):
                yield Listed(each["Key"][len(root) :], each["Size"], each["LastModified"])

    def trouble(self) -> str:
        """One request; raises where the bucket's service cannot be reached."""
        try:
            self.client.head_bucket(Bucket=self.bucket_name)
        except ClientError as error:
            return TROUBLE.get(status_of(error), TROUBLE[500])
        return ""

    def is_away(self, error: BaseException) -> bool:
        """See MediaStorage."""
        said = isinstance(error, ClientError) and status_of(error) in UNWELL
        return said or isinstance(error, HTTPClientError | NoConnection | IncompleteReadError)

    @cached_property
    def client(self) -> Any:
        """One for all threads, as a client may be: each costs 6 MB, and the web process has dozens of threads."""
        names = {"region_name": self.region_name, "endpoint_url": self.endpoint_url}
        return self._create_session().client(
            "s3", config=self.client_config, use_ssl=self.use_ssl, verify=self.verify, **names
        )

    @cached_property
    def public_client(self) -> Any:
        """Signs, and connects to nothing. One for all threads: a client may be shared, a resource of boto3 not."""
        names = {"region_name": self.region_name, "endpoint_url": self.public_endpoint_url}
        return self._create_session().client("s3", config=self.client_config, **names)

    def _key(self, name: str) -> str:
        return str(self._normalize_name(name))

    def _folder(self, name: str) -> str:
        return f"{self._key(name).rstrip('/')}/".lstrip("/")

    @property
    def _root(self) -> str:
        return self._folder("")

    def _multipart(self, name: str, multipart: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._key(name), "UploadId": multipart}

    def _get(self, name: str, **options: str) -> Any:
        with _missing_as_such(name):
            return self.client.get_object(Bucket=self.bucket_name, Key=self._key(name), **options)["Body"]


class Arriving(Iterator[bytes]):
    """An answer of the bucket in pieces; whoever leaves half way closes it, as a player that seeks does."""

    def __init__(self, body: Any) -> None:
        self._body, self._pieces = body, body.iter_chunks(PIECE)

    def __next__(self) -> bytes:
        return cast(bytes, next(self._pieces))

    def close(self) -> None:
        """Give the connection back, even if nothing was ever read."""
        self._body.close()


@contextmanager
def _missing_as_such(name: str) -> Iterator[None]:
    """FileNotFoundError for a missing object; a missing bucket or a wrong key is never taken for an empty library."""
    try:
        yield
    except ClientError as error:
        if status_of(error) == 404 and error.response["Error"]["Code"] != "NoSuchBucket":
            raise FileNotFoundError(name) from error
        raise


def status_of(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
