"""`make chaos`: recordings go through the real stack while it is broken in every way we know; then it is judged."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.library import enter
from chaos.faults import AT_STEP, Injector
from chaos.machine_room import MachineRoom, mount_small_disks, unmount_small_disks
from chaos.material import Sent, endless, sources
from chaos.people import Accepted, Person, Post
from chaos.verdict import is_heard_and_found, is_watched_and_found, outcome_of, spoken_word_of, what_is_wrong
from chaos.work import number_left, number_open, number_untold, running
from stack.ports import free_ports

# So that a run of a hundred faults ends in twenty minutes. A kill counts as an attempt, and these runs kill a lot.
LEASE = 5
SETTINGS = {
    "LEASE_SECONDS": str(LEASE),
    "SWEEP_SECONDS": "2",
    "RETRY_SECONDS": "1",
    "JOB_ATTEMPTS": "20",
    "UPLOADS_PER_HOUR": "0",
    "SPEECH_ENGINE": "faster_whisper",
    "WHISPER_MODEL": "base",
}
OF_EACH_KIND = 5
SENDERS, PEOPLE = 2, 4
# So many jobs wait or run before no more is sent: there is always work to meet, and an end to it.
AHEAD = 12
BETWEEN_FAULTS = (0.5, 2.0)
CUT = "cut upload"
QUIET_WITHIN = 600.0  # seconds after the last fault


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 where anything was lost, doubled, left behind or wrong, or too little was tried."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=100, help="that must meet running work (%(default)s)")
    parser.add_argument("--of-each", type=int, default=OF_EACH_KIND, help="of every kind (%(default)s)")
    parser.add_argument("--recordings", type=int, default=30, help="to be sent at least (%(default)s)")
    parser.add_argument("--minutes", type=float, default=15, help="of faults at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of every choice (random)")
    parser.add_argument("--json", type=Path, help="write the outcome there, too")
    parser.add_argument("--keep", action="store_true", help="leave the folder for whoever looks into it")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", flush=True)
    with a_machine_room() as (room, has_small_disks):
        room.start(SETTINGS)
        try:
            return Run(options, room, has_small_disks=has_small_disks).result()
        finally:
            room.stop()
            if options.keep:
                shutil.copytree(room.folder, f"{room.folder}-kept", symlinks=True, ignore=shutil.ignore_patterns("s3"))


class Run:
    """One run, from the first recording to the verdict."""

    def __init__(self, options: argparse.Namespace, room: MachineRoom, *, has_small_disks: bool) -> None:
        self.options, self.room = options, room
        enter(room.folder, {**SETTINGS, **room.settings()})
        self.people = make_people()
        self.injector = Injector(room, LEASE, random.Random(options.seed), has_small_disks)
        self.post = Post(room.port, lambda: self.injector.write_down(CUT, running()))
        self.material = endless(sources(room.folder / "material"), options.seed)
        self.is_over = threading.Event()
        self.wrong: list[str] = []
        self.asked_for_speech = 0

    def result(self) -> int:
        """The exit status."""
        senders = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        try:
            self._break_things()
        finally:
            self.is_over.set()
            for sender in senders:
                sender.join()
        self._wait_until_quiet()
        outcomes = self._judge()
        self._tell(outcomes)
        return int(bool(self.wrong))

    # --- Breaking ---------------------------------------------------------------------------------------------------

    def _break_things(self) -> None:
        dice, deadline = self.injector.dice, time.monotonic() + self.options.minutes * 60
        while time.monotonic() < deadline and not self._is_enough():
            self.injector.inject(self._next_kind())
            last = self.injector.met[-1]
            print(f"{last.at:7.1f} s  {last.kind:<32} met {len(last.jobs)}", flush=True)
            time.sleep(dice.uniform(*BETWEEN_FAULTS))
        self.wrong += self._too_few()

    def _next_kind(self) -> str:
        """One of those that met least so far, of those whose work runs now."""
        met = self._met()
        possible = [kind for kind in self.injector.kinds() if self.injector.may_meet(kind)]
        # What runs briefly is struck when it runs, as long as it was not struck often.
        brief = [kind for kind in possible if kind.startswith(AT_STEP) and met[kind] < self.options.of_each]
        kinds = brief or possible or list(self.injector.kinds())
        least = min(met[kind] for kind in kinds)
        return self.injector.dice.choice([kind for kind in kinds if met[kind] == least])

    def _met(self) -> Counter[str]:
        return Counter(each.kind for each in self.injector.met if each.jobs)

    def _is_enough(self) -> bool:
        return not self._too_few()

    def _too_few(self) -> list[str]:
        """A sentence about each kind that met less than is wanted, and one about all of them."""
        met, wanted = self._met(), self.options.of_each
        kinds = [kind for kind in (*self.injector.kinds(), CUT) if met[kind] < wanted]
        few = [f"{kind} met running work {met[kind]} times, not {wanted}" for kind in kinds]
        if (number := sum(met.values())) < self.options.faults:
            few.append(f"{number} faults met running work, not {self.options.faults}")
        return few

    def _send(self, number: int) -> None:
        """What one pair of hands sends, as long as things are broken."""
        dice = random.Random(self.options.seed * SENDERS + number)
        while not self.is_over.is_set() or len(self.post.accepted) < self.options.recordings:
            waiting = number_open()
            if waiting is None or waiting > AHEAD:
                time.sleep(0.2)
            else:
                self.post.send(self._next(), dice.choice(list(self.people.values())), dice)

    def _next(self) -> Sent:
        with self.post.lock:
            return next(self.material)

    def _wait_until_quiet(self) -> None:
        deadline = time.monotonic() + QUIET_WITHIN
        while (number_open(), number_untold(), number_left()) != (0, 0, 0) and time.monotonic() < deadline:
            time.sleep(0.5)

    # --- The verdict ------------------------------------------------------------------------------------------------

    def _judge(self) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        for accepted in self.post.accepted:
            outcome = outcome_of(accepted)
            if outcome == "ready":
                outcome = is_watched_and_found(accepted, self.room.port) or self._heard(accepted) or "ready"
            if outcome not in ("ready", "refused"):
                self.wrong.append(outcome)
            outcomes[outcome if outcome in ("ready", "refused") else "WRONG"] += 1
        if outcomes["ready"] and not self.asked_for_speech:
            self.wrong.append("no word was heard in any recording, though some are spoken")
        self.wrong += what_is_wrong(self.post, self.room, self.people)
        self.room.stop()
        self.wrong += [f"still alive: {line}" for line in self.room.left_behind()]
        return outcomes

    def _heard(self, accepted: Accepted) -> str:
        """A sentence about what is wrong with its words; counts those that have some."""
        word = spoken_word_of(accepted)
        self.asked_for_speech += bool(word)
        return is_heard_and_found(accepted, word, self.room.port) if word else ""

    def _tell(self, outcomes: Counter[str]) -> None:
        rows = table(self.injector)
        print(f"\n{'fault':<34}{'injected':>9}{'met work':>9}{'jobs met':>9}")
        for kind, injected, met, jobs in rows:
            print(f"{kind:<34}{injected:>9}{met:>9}{jobs:>9}")
        sums = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
        print(f"{'':<34}{sums[0]:>9}{sums[1]:>9}{sums[2]:>9}\n")
        print(f"seed {self.options.seed}; {len(self.post.accepted)} recordings accepted: {dict(outcomes)}")
        print(f"Found by a word that is spoken: asked for {self.asked_for_speech} of them.")
        print("\n".join(self.wrong) or "Nothing is lost, doubled, left behind or wrong.")
        if self.options.json:
            data = {"seed": self.options.seed, "faults": rows, "outcomes": outcomes, "wrong": self.wrong}
            self.options.json.write_text(json.dumps(data, indent=2))


def table(injector: Injector) -> list[tuple[str, int, int, int]]:
    """A row a kind: how often it was injected, how often it met running work, and how many jobs."""
    kinds = (*injector.kinds(), CUT)
    of_kind = {kind: [each for each in injector.met if each.kind == kind] for kind in kinds}
    return [
        (kind, len(found), sum(bool(each.jobs) for each in found), sum(len(each.jobs) for each in found))
        for kind, found in of_kind.items()
    ]


@contextmanager
def a_machine_room() -> Iterator[tuple[MachineRoom, bool]]:
    """A folder of its own, with small disks in it where we may mount."""
    folder = Path(tempfile.mkdtemp(prefix="videolib-chaos-"))
    room = MachineRoom(folder, free_ports("front")["front"])
    has_small_disks = mount_small_disks(room.data)
    if not has_small_disks:
        print("No disk is filled: only root may mount the small ones.", flush=True)
    try:
        yield room, has_small_disks
    finally:
        if has_small_disks:
            unmount_small_disks(room.data)
        shutil.rmtree(folder, ignore_errors=True)


def make_people() -> dict[str, Person]:
    """Contributors, made without a page."""
    from django.test import Client as Browser  # noqa: PLC0415 (Django is set up only now)

    from videolib.accounts.actions import create_token  # noqa: PLC0415
    from videolib.accounts.models import User  # noqa: PLC0415

    people = {}
    for number in range(PEOPLE):
        email = f"person{number}@example.com"
        person = User.objects.create_user(email, role="contributor")
        browser = Browser()
        browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = next(iter(browser.cookies.values()))
        people[email] = Person(email, create_token(person, "chaos"), f"{session.key}={session.value}")
    return people


if __name__ == "__main__":
    sys.exit(main())
