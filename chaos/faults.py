"""Every kind of fault: what it does, and which running work it met. One at a time; the stack mends itself."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chaos.machine_room import SMALL_DISKS, MachineRoom, children_of, parent_of
from chaos.work import Claim, running, still_running

# How long a thing is away: longer than what retries at once bears, shorter than anybody's patience.
AWAY_SECONDS = (2.0, 6.0)
# A frozen worker is woken so long after its lease is over: another has its job by then.
AFTER_LEASE_SECONDS = 4.0
# A step is hit at any moment of so many seconds after it was seen, if it still runs then.
MOMENTS = {"inspect": 0.15, "make_playable": 0.4, "transcribe": 3.0, "make_renditions": 4.0}
WAIT_FOR_STEP = 5.0
AT_STEP = "kill child at "
LOOK_EVERY = 0.01


@dataclass(frozen=True)
class Met:
    """One fault, and the jobs that ran when it came."""

    kind: str
    at: float  # seconds since the run began
    jobs: tuple[int, ...]


@dataclass
class Injector:
    """What can be done to a machine room; each method returns the running work that it met."""

    room: MachineRoom
    lease: float
    dice: random.Random
    has_small_disks: bool
    began: float = field(default_factory=time.monotonic)
    met: list[Met] = field(default_factory=list)

    def kinds(self) -> dict[str, Callable[[], list[Claim]]]:
        """By name."""
        kills = {f"{AT_STEP}{step}": self._killer(step) for step in MOMENTS}
        others: dict[str, Callable[[], list[Claim]]] = {
            "kill worker": self.kill_worker,
            "end worker (SIGTERM)": self.end_worker,
            "freeze worker past its lease": self.freeze_worker,
            "restart broker": lambda: self._while_working(self._kill("valkey")),
            "wipe broker": lambda: self._while_working(self.wipe_broker),
            "restart PostgreSQL (fast)": lambda: self._while_working(self._kill("postgres", signal.SIGINT)),
            "restart PostgreSQL (immediate)": lambda: self._while_working(self._kill("postgres", signal.SIGQUIT)),
            "S3 away": lambda: self._while_working(self.keep_s3_away),
            "S3 silent": lambda: self._while_working(self.silence_s3),
            "kill web": lambda: self._while_working(self._kill("web")),
            "kill nginx": lambda: self._while_working(self._kill("nginx")),
            "kill beat": lambda: self._while_working(self._kill("beat")),
            "kill light": lambda: self._while_working(self._kill("light")),
            "kill everything at once": lambda: self._while_working(self.kill_everything),
        }
        if self.has_small_disks:
            others["fill the disks"] = lambda: self._while_working(self.fill_disks)
        return {**kills, **others}

    def may_meet(self, kind: str) -> bool:
        """Whether what it wants to meet runs now."""
        return bool(running(kind.removeprefix(AT_STEP) if kind.startswith(AT_STEP) else ""))

    def inject(self, kind: str) -> None:
        """Do it, and write down whom it met."""
        met = self.kinds()[kind]()
        self.write_down(kind, met)

    def write_down(self, kind: str, met: list[Claim]) -> None:
        """One fault more."""
        self.met.append(Met(kind, time.monotonic() - self.began, tuple(claim.job for claim in met)))

    # --- Workers ----------------------------------------------------------------------------------------------------

    def _killer(self, step: str) -> Callable[[], list[Claim]]:
        return lambda: self._strike(step, lambda claim: _signal(claim.pid, signal.SIGKILL))

    def kill_worker(self) -> list[Claim]:
        """All its processes at once, as a machine without memory does it."""
        return self._strike("", lambda claim: self._signal_worker(claim, signal.SIGKILL))

    def end_worker(self) -> list[Claim]:
        """As an upgrade does it: what it holds is handed back."""
        return self._strike("", lambda claim: self._signal_worker(claim, signal.SIGTERM))

    def freeze_worker(self) -> list[Claim]:
        """It wakes when another has its job, and may neither switch nor delete anything."""
        met = self._strike("", lambda claim: _signal(claim.pid, signal.SIGSTOP), waits=False)
        if met:
            time.sleep(self.lease + AFTER_LEASE_SECONDS)
            _signal(met[0].pid, signal.SIGCONT)
        return met

    def _signal_worker(self, claim: Claim, number: int) -> bool:
        worker = parent_of(claim.pid)
        # Whose worker died a moment ago has another parent by now: not ours to kill.
        return worker in children_of(self.room.process.pid) and _signal(worker, number)

    def _strike(self, step: str, strike: Callable[[Claim], bool], *, waits: bool = True) -> list[Claim]:
        """At a random moment of somebody's work; nobody is met where it ended just before."""
        for claim in _soon(step):
            time.sleep(self.dice.uniform(0, MOMENTS[claim.step]) if waits else 0)
            if claim in running(step) and strike(claim):
                return still_running([claim])
        return []

    # --- What they all need -----------------------------------------------------------------------------------------

    def _while_working(self, act: Callable[[], bool]) -> list[Claim]:
        for _ in _soon(""):
            met = running()
            if met:
                return met if act() else []
        return []

    def _kill(self, name: str, number: int = signal.SIGKILL) -> Callable[[], bool]:
        return lambda: _signal(self.room.pid_of(name), number)

    def kill_everything(self) -> bool:
        """All processes in one moment, as when the power goes; the supervisor switches it on again. What disks have
        not written yet survives this: that it is written in time, tests/videolib/lib/test_storage.py tries."""
        struck = [_signal(pid, signal.SIGKILL) for pid in self.room.processes()]
        return any(struck)

    def wipe_broker(self) -> bool:
        """Every message is gone, and so are the connections."""
        import valkey  # noqa: PLC0415 (Celery's own client)

        with suppress(valkey.ValkeyError):
            valkey.Valkey.from_url(self.room.settings()["BROKER_URL"]).flushall()
            return _signal(self.room.pid_of("valkey"), signal.SIGKILL)
        return False

    def keep_s3_away(self) -> bool:
        """Nobody listens there for a while."""
        deadline = time.monotonic() + self.dice.uniform(*AWAY_SECONDS)
        struck = False
        while time.monotonic() < deadline:
            struck |= _signal(self.room.pid_of("s3"), signal.SIGKILL)
            time.sleep(0.05)
        return struck

    def silence_s3(self) -> bool:
        """It takes calls and says nothing."""
        pid = self.room.pid_of("s3")
        with _frozen(pid):
            time.sleep(self.dice.uniform(*AWAY_SECONDS))
        return pid is not None

    def fill_disks(self) -> bool:
        """To the last byte, for a while: whoever writes meanwhile gets ENOSPC."""
        ballast = [self.room.data / name / "ballast" for name in SMALL_DISKS]
        deadline = time.monotonic() + self.dice.uniform(*AWAY_SECONDS)
        try:
            while time.monotonic() < deadline:
                for path in ballast:
                    _fill(path)
                time.sleep(0.05)
        finally:
            for path in ballast:
                path.unlink(missing_ok=True)
        return True


def _soon(step: str) -> Iterator[Claim]:
    """Work as it is seen to run, again and again for some seconds."""
    deadline = time.monotonic() + WAIT_FOR_STEP
    while time.monotonic() < deadline:
        yield from running(step)[:1]
        time.sleep(LOOK_EVERY)


def _signal(pid: int | None, number: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def _frozen(pid: int | None) -> Iterator[None]:
    _signal(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pid, signal.SIGCONT)


def _fill(path: Path) -> None:
    """All that is free now goes to this file."""
    disk = os.statvfs(path.parent)
    free = disk.f_bavail * disk.f_frsize
    with suppress(OSError), path.open("ab") as file:
        if free:
            os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), free)
