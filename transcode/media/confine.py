"""Takes from a process, for good, what reading a recording does not need: network, files, processes, privileges.

Used by launch.py in the child itself, before it becomes the program. The kernel keeps these promises whatever
the program's bugs let a stranger's bytes do. Each protection stands alone, and a machine that lacks one still
works: `confine` says which hold, and docs/operations.md where. Numbers are from the kernel's headers.
"""

import ctypes
import os
import stat
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, CLONE_NEWUSER, CLONE_THREAD = 0x4000_0000, 0x1000_0000, 0x0001_0000
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP, PR_SET_SECCOMP = 38, 24, 22
CAP_DAC_OVERRIDE, CAPABILITIES = 1, 64  # root reads and writes files of the account that owns the library

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture
EXECUTE, WRITE, READ, LIST, REMOVE, MAKE, TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8, 1 << 14
OF_A_FILE = EXECUTE | WRITE | READ | TRUNCATE  # the others make sense for a folder only
# How many rights over files each version of Landlock knows; since 4 TCP ports, since 6 signals and abstract sockets.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
ALL_FILE_RIGHTS = 16
# What every program reads: its libraries (the loader is executed), and how many processors there are.
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
SYSTEM_FILES = ("/etc/ld.so.cache", "/sys/devices/system", "/proc/cpuinfo", "/dev/null", "/dev/urandom")

# System calls by number on x86-64 and on ARM: sockets, processes, other programs' memory, and what the others
# could be reached by. Threads stay.
ARCHITECTURES = {"x86_64": (0xC000_003E, 0), "aarch64": (0xC000_00B7, 1)}
DENIED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "fork": (57, None),
    "vfork": (58, None),
    "unshare": (272, 97),
    "setns": (308, 268),
    "kill": (62, 129),
    "tkill": (200, 130),
    "pidfd_send_signal": (424, 424),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "io_uring_setup": (425, 425),  # opens sockets and files past this filter
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
}
CLONE, CLONE3 = (56, 220), (435, 435)
FOREIGN_CALLS = 0x4000_0000  # x32: the same calls by other numbers
LOAD, EQUAL, GREATER_EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
EPERM, ENOSYS = 1, 38
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data


def confine(program: str, reads: list[str], writes: list[str]) -> dict[str, bool]:
    """Confines this process and returns which protections hold, by name.

    What stays readable: `reads` (files, or folders with all in them), the program and the machine's libraries;
    writable: the folders `writes`.
    """
    return {
        "network": leave_network(),
        "privileges": drop_privileges(),
        "files": restrict_files(program, reads, writes),
        "system calls": filter_system_calls(),
    }


def leave_network() -> bool:
    """An empty network, without even a loopback address. Others than root need a user namespace for it."""
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    return not LIBC.unshare(flags)


def drop_privileges() -> bool:
    """No program it becomes can gain privileges, and root's powers go: its limits then bind root too."""
    if os.geteuid() == 0:
        for capability in set(range(CAPABILITIES)) - {CAP_DAC_OVERRIDE}:
            LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails beyond the last one there is
    return not LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def restrict_files(program: str, reads: list[str], writes: list[str]) -> bool:
    """Landlock (Linux 5.13): every path not named here cannot be opened, whoever asks."""
    version = LIBC.syscall(LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return False
    handled = (1 << FILE_RIGHTS.get(version, ALL_FILE_RIGHTS)) - 1
    rules = struct.pack("QQQ", handled, 0b11, 0b11)[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = LIBC.syscall(LANDLOCK_CREATE, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False
    for paths, rights in (
        ((program, *LIBRARIES), READ | EXECUTE),
        ((*SYSTEM_FILES, *reads), READ | LIST),
        (writes, READ | LIST | WRITE | REMOVE | MAKE | TRUNCATE),
    ):
        for path in paths:
            allow(ruleset, path, rights & handled)
    return not LIBC.syscall(LANDLOCK_RESTRICT, ruleset, 0)


def allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no rule
        return
    if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
        rights &= OF_A_FILE
    LIBC.syscall(LANDLOCK_ADD, ruleset, 1, struct.pack("=Qi", rights, descriptor), 0)
    os.close(descriptor)


def filter_system_calls() -> bool:
    """No sockets, no further processes: this binds root too, which RLIMIT_NPROC does not."""
    if os.uname().machine not in ARCHITECTURES or sys.maxsize < 2**32:
        return False
    steps = b"".join(filter_steps(*ARCHITECTURES[os.uname().machine]))
    code = ctypes.create_string_buffer(steps)
    program = struct.pack("HxxxxxxQ", len(steps) // 8, ctypes.addressof(code))
    return not LIBC.prctl(PR_SET_SECCOMP, 2, program, 0, 0)


def filter_steps(architecture: int, column: int) -> list[bytes]:
    """The filter as classic BPF: each refusal stands beside its question."""
    denied = [numbers[column] for numbers in DENIED.values()]
    return [
        step(LOAD, ARCHITECTURE_AT),
        *unless(EQUAL, architecture, KILL),
        step(LOAD, NUMBER_AT),
        *when(GREATER_EQUAL, FOREIGN_CALLS, REFUSE | EPERM),
        *(each for number in denied if number is not None for each in when(EQUAL, number, REFUSE | EPERM)),
        # Its flags lie in memory, where a filter cannot look; told that it is not there, libc takes clone.
        *when(EQUAL, CLONE3[column], REFUSE | ENOSYS),
        step(EQUAL, CLONE[column], 1, 0),
        step(RETURN, ALLOW),
        step(LOAD, FIRST_ARGUMENT_AT),
        *unless(ANY_BIT, CLONE_THREAD, REFUSE | EPERM),
        step(RETURN, ALLOW),
    ]


def when(question: int, value: int, answer: int) -> tuple[bytes, bytes]:
    return step(question, value, 0, 1), step(RETURN, answer)


def unless(question: int, value: int, answer: int) -> tuple[bytes, bytes]:
    return step(question, value, 1, 0), step(RETURN, answer)


def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
