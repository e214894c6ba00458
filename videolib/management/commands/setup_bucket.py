"""`manage.py setup_bucket`: the bucket of S3_BUCKET, made fit for a library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError

if TYPE_CHECKING:
    from videolib.lib.bucket import BucketStorage


class Command(BaseCommand):
    """See `help`."""

    help = (
        "Make the bucket named in S3_BUCKET where it is missing, see that it is private, and let pages of SITE_URL "
        "read it. May be run again at any time, and should be when SITE_URL changes."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        """Exit status 1 and one sentence where the bucket cannot be used."""
        if not settings.S3_BUCKET:
            raise CommandError("S3_BUCKET is empty: media lie on the disk, and there is no bucket to set up.")
        from videolib.lib import bucket_setup  # noqa: PLC0415 (boto3, which a library on a disk needs nowhere)

        try:
            bucket, waiting = cast("BucketStorage", default_storage), settings.UPLOAD_EXPIRES_HOURS
            for sentence in bucket_setup.set_up(bucket, settings.SITE_URL, waiting_hours=waiting):
                self.stdout.write(sentence)
        except bucket_setup.SetupError as error:
            raise CommandError(str(error)) from error
