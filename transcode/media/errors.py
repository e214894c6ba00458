"""The one error of the media layer, and the one of the machine that it passes on."""

import errno
import os

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


def no_room(met_by: str) -> OSError:
    """What our own process is told by a full disk, where it was a program of ours that met one."""
    return OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)}: {met_by}")
