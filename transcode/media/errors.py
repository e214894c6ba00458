"""The one error of the media layer."""

MESSAGE_LIMIT = 300  # what a clip's row and the import command's `error` field hold


class MediaError(Exception):
    """A recording could not be worked on.

    `permanent` means that trying again cannot help, and that `message` is one sentence written for the
    contributor. Otherwise the cause is ours (disk, memory, time) and the step is worth a retry.
    """

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.message = message[:MESSAGE_LIMIT]
        self.permanent = permanent
