"""Confines and limits itself, then becomes the program it was given. Started by child.py, never imported.

A script of its own instead of `preexec_fn`: workers have threads (torch, onnxruntime), and Python code that
runs between fork and exec in a process with threads can lock up. It stands before every program, so it imports
little: `json` and `signal` alone would cost two thirds more.
"""

import marshal
import os
import resource
import sys

sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120 (pathlib takes 3 ms)

from transcode.media.confine import LIBC, confine

PR_SET_PDEATHSIG = 1
SIGKILL = 9  # on every architecture
CPU_GRACE = 5  # seconds between SIGXCPU and SIGKILL, for a program that handles the first


def main() -> None:
    """argv: limits, paths and our parent's process id, marshalled, in hexadecimal; then the program and its arguments.

    Without a program it writes which protections hold, marshalled as well.
    """
    order, args = marshal.loads(bytes.fromhex(sys.argv[1])), sys.argv[2:]
    limits = order["limits"]
    for name, soft, hard in (
        ("RLIMIT_CPU", limits["cpu_seconds"], limits["cpu_seconds"] + CPU_GRACE),
        ("RLIMIT_AS", limits["memory_bytes"], limits["memory_bytes"]),
        ("RLIMIT_FSIZE", limits["output_bytes"], limits["output_bytes"]),
        ("RLIMIT_NOFILE", limits["open_files"], limits["open_files"]),
        ("RLIMIT_CORE", 0, 0),
    ):
        lower(getattr(resource, name), soft, hard)
    # Python ignores SIGXFSZ by itself, and what is ignored survives exec: a write past RLIMIT_FSIZE fails with EFBIG,
    # which programs report.
    os.nice(limits["niceness"])
    die_with_parent(order["parent"])
    held = confine(args[0] if args else sys.executable, order["reads"], order["writes"])
    if args:
        os.execv(args[0], args)
    sys.stdout.buffer.write(marshal.dumps(held))


def lower(kind: int, soft: int, hard: int) -> None:
    """Sets a limit, or the machine's own where that is lower already."""
    _, ceiling = resource.getrlimit(kind)
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def die_with_parent(parent: int) -> None:
    """A worker killed with SIGKILL cleans nothing up: the kernel ends its child then."""
    LIBC.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")


if __name__ == "__main__":
    main()
