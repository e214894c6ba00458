"""Puts limits on itself, then becomes the program it was given. Started by child.py, never imported.

A script of its own instead of `preexec_fn`: workers have threads (torch, onnxruntime), and Python code that
runs between fork and exec in a process with threads can lock up.
"""

import ctypes
import json
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
CPU_GRACE = 5  # seconds between SIGXCPU and SIGKILL, for a program that handles the first


def main() -> None:
    """argv: JSON of the limits, the parent's process id, then the program and its arguments."""
    limits = json.loads(sys.argv[1])
    die_with_parent(int(sys.argv[2]))
    for name, soft, hard in (
        ("RLIMIT_CPU", limits["cpu_seconds"], limits["cpu_seconds"] + CPU_GRACE),
        ("RLIMIT_AS", limits["memory_bytes"], limits["memory_bytes"]),
        ("RLIMIT_FSIZE", limits["output_bytes"], limits["output_bytes"]),
        ("RLIMIT_NOFILE", limits["open_files"], limits["open_files"]),
        ("RLIMIT_CORE", 0, 0),
    ):
        lower(getattr(resource, name), soft, hard)
    # Ignored survives exec: a write past RLIMIT_FSIZE then fails with EFBIG, which programs report.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    os.nice(limits["niceness"])
    os.execv(sys.argv[3], sys.argv[3:])


def lower(kind: int, soft: int, hard: int) -> None:
    """Sets a limit, or the machine's own where that is lower already."""
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def die_with_parent(parent: int) -> None:
    """A worker killed with SIGKILL cleans nothing up: the kernel ends its child then."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


if __name__ == "__main__":
    main()
