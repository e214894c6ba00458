"""Whether the library can do its work: each thing it needs is asked, all at once, and nobody waits long for any."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from threading import Lock, Thread

from django.conf import settings
from django.db import connections
from django.utils import timezone

from transcode import nudge
from transcode.models import Job
from videolib.lib.programs import WORKERS
from videolib.lib.storage import media_storage
from videolib.uploads.access import KEPT_FREE

log = logging.getLogger(__name__)

# A broker that is silent is given up after two seconds, and workers have one to answer; a bucket may take a minute.
PATIENCE_SECONDS = 4.0
OK = "ok"
NO_BROKER = "No broker answers; start it, or check BROKER_URL. Until then nothing that is uploaded is worked on."
NO_DATABASE = "The database does not answer; check DATABASE_URL, and that it runs and its tables are migrated."
NO_STORAGE = "The place media are kept in does not answer; check the S3 settings, or the disk under VIDEOLIB_DATA."
NOT_KNOWN = "Not known: the database does not answer."
NO_WORKERS = "Not known: no broker answers, and workers are asked over it."

# Written by the one thread that asks workers.
_seen: dict[str, list[str]] = {}

Answer = str | float | None


class Question:
    """One thing to ask, in a thread of its own. Whoever asks meanwhile gets the same answer, so that a thing that
    hangs holds one thread, however often it is asked for."""

    def __init__(self, ask: Callable[[], Answer], otherwise: str) -> None:
        """`otherwise` is the answer where asking fails, or takes too long: a sentence that says what to do."""
        self._ask, self._otherwise = ask, otherwise
        self._lock = Lock()
        self._future: Future[Answer] | None = None

    def begin(self) -> Future[Answer]:
        """Start to ask, unless somebody does already."""
        with self._lock:
            if self._future is None or self._future.done():
                self._future = Future()
                Thread(target=self._find_out, args=(self._future,), daemon=True).start()
            return self._future

    def answer(self, future: Future[Answer], seconds: float) -> Answer:
        """What came of it within so many seconds."""
        try:
            return future.result(timeout=max(0.0, seconds))
        except TimeoutError:
            return self._otherwise

    def _find_out(self, future: Future[Answer]) -> None:
        try:
            future.set_result(self._ask())
        except Exception as error:  # noqa: BLE001 (whatever is wrong with it: the sentence says what to look at)
            # What exactly, with addresses and names, is for the log alone.
            log.warning("asked whether the library is ready: %s (%s: %s)", self._otherwise, type(error).__name__, error)
            future.set_result(self._otherwise)
        finally:
            connections.close_all()


def ask() -> dict[str, Answer]:
    """By thing: "ok", or a sentence that says what to do; of the oldest waiting job the seconds, None without one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    begun = {name: question.begin() for name, question in QUESTIONS.items()}
    return {name: QUESTIONS[name].answer(future, deadline - time.monotonic()) for name, future in begun.items()}


def is_ready(answers: Mapping[str, Answer]) -> bool:
    """Whether everything is as it should be. A long queue is no fault: it is worked on."""
    return not troubles_in(answers)


def troubles_in(answers: Mapping[str, Answer]) -> list[tuple[str, str]]:
    """What is not well, with its sentence."""
    return [(name, said) for name, said in answers.items() if isinstance(said, str) and said != OK]


def _database() -> str:
    Job.objects.first()
    return OK


def _oldest_waiting() -> float | None:
    return Job.objects.longest_wait(timezone.now())


def _broker() -> str:
    nudge.reach_broker()
    return OK


def _storage() -> str:
    if trouble := media_storage().trouble():
        return trouble
    if shutil.disk_usage(settings.VIDEOLIB_DATA).free < KEPT_FREE:
        return f"Less than {KEPT_FREE // 1024**2} MB are free where VIDEOLIB_DATA lies; uploads are refused. Free some."
    return OK


def workers_seen() -> Mapping[str, list[str]]:
    """Who answered when workers were last asked, by name, with the queues each takes."""
    return dict(_seen)


def _workers() -> str:
    _seen.clear()
    _seen.update(nudge.workers())
    served = {queue for queues in _seen.values() for queue in queues}
    # Where nobody reads screens, nothing ever waits for that.
    needed = [name for name in WORKERS if name != "screen" or settings.SCREEN_ENGINE != "none"]
    missing = [name for name in needed if name not in served]
    starts = ", ".join(f"manage.py run {name}" for name in missing)
    return f"No worker answers for {', '.join(missing)}; see whether make run is up, or {starts}." if missing else OK


QUESTIONS = {
    "database": Question(_database, NO_DATABASE),
    "broker": Question(_broker, NO_BROKER),
    "storage": Question(_storage, NO_STORAGE),
    "workers": Question(_workers, NO_WORKERS),
    "oldest_waiting_seconds": Question(_oldest_waiting, NOT_KNOWN),
}
