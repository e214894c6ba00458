"""Outlives a supervisor that was killed, by a moment: ends whatever that one had started.

Started by supervisor.py, never imported. Standard input brings one line a process group, `+123` when it starts and
`-123` when it is gone; its end means that the supervisor is dead. Each program also asks the kernel to die with the
supervisor; this is for what the programs start themselves.
"""

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    """Listen until the end, then kill."""
    # Whatever is done to the whole family at once, this one stays until the pipe is closed.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
