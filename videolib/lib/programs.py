"""The processes a library consists of, as command lines; `make run` runs them all, a container runs one."""

from __future__ import annotations

import http.client
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from videolib.celery import READY_LINE
from videolib.lib import broker
from videolib.lib.supervisor import Program

# A thread holds one answer at a time, and a video answer lasts as long as a slow line takes: a few dozen, each 8 MB
# of address space and little memory.
WEB_THREADS = 32
# How long answers under way may take once the server is told to stop.
WEB_GRACE_SECONDS = 3
# Root in a container of its own is nobody special; and its threads wait for disks and lines, not for processors.
NO_ROOT_WARNING = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
# A line when a task is done is enough, and none for the sweep that finds nothing to do twice a minute.
WORKER_NOISE = ("celery.worker.strategy", " transcode.sweep_jobs[", "Connected to redis")
THREADS_WARNING = "Configuration allows spawning up to"
# Each queue has a worker of its own, to be had as often as there is work for it.
WORKERS = ("media", "speech", "screen", "light")
# On one machine two share one, which looks at them in this order: what is read off pictures waits for what is said.
ON_ONE_MACHINE = {"media": "media", "speech": "speech,screen", "light": "light"}
# A look at a large storage, once a week, takes one for minutes; what else is light goes through the other.
LIGHT_WORKERS = 2
NAMES = ("web", *WORKERS, "beat")


def all_programs() -> list[list[Program]]:
    """In the stages they start in. The embedded broker is among them unless BROKER_URL names another."""
    first = [embedded_broker()] if settings.EMBEDDED_BROKER else []
    return [first, [web(), *workers_of_one_machine()], [beat()]]


def named(name: str) -> Program:
    """The one of that name."""
    if name in WORKERS:
        return worker(name)
    return {"web": web, "beat": beat}[name]()


def embedded_broker() -> Program:
    """Valkey, with a fresh configuration."""
    return valkey(broker.write_config())


def valkey(config: Path) -> Program:
    """A broker of that configuration, its files beside it."""
    return Program(
        "valkey",
        (broker.program(), str(config)),
        probe=lambda: broker.answers(config),
        # It is right about the machine, and the few messages here are no reason to change the machine.
        noise=("overcommit", "signal-handler", "bye bye"),
        cwd=config.parent,
    )


def web() -> Program:
    """The pages, over WSGI: uploads are streamed to disk as their bytes arrive."""
    options = {
        "--interface": "wsgi",
        "--host": settings.BIND_HOST,
        "--port": settings.BIND_PORT,
        "--http": "1",
        "--workers": 1,
        "--blocking-threads": WEB_THREADS,
        "--workers-kill-timeout": WEB_GRACE_SECONDS,
        "--log-level": "warning",
    }
    flags = ("--no-ws", "--respawn-failed-workers")
    args = ("granian", *_flat(options), *flags, "videolib.wsgi:application")
    return _python("web", *args, probe=web_answers, noise=(THREADS_WARNING,))


def workers_of_one_machine() -> list[Program]:
    """As few as serve every queue."""
    return [worker(name, queues) for name, queues in ON_ONE_MACHINE.items()]


def worker(name: str, queues: str = "") -> Program:
    """A Celery worker with a process for each thing it works on at a time, for the queue of its name or for these."""
    processes = {
        "media": settings.MEDIA_WORKERS,
        "speech": settings.SPEECH_WORKERS,
        "screen": settings.SCREEN_WORKERS,
        "light": LIGHT_WORKERS,
    }
    options = {
        "--queues": queues or name,
        "--concurrency": processes[name],
        "--hostname": f"{name}@%h",
        "--loglevel": settings.LOG_LEVEL,
    }
    # Nobody reads what workers tell each other.
    flags = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return _celery(
        name, "worker", *_flat(options), *flags, ready_line=READY_LINE, env=NO_ROOT_WARNING, noise=WORKER_NOISE
    )


def beat() -> Program:
    """Sends what is due by the clock."""
    return _celery("beat", "beat", *_flat({"--schedule": settings.RUN_ROOT / "beat", "--pidfile": ""}))


def web_answers() -> bool:
    """Whether a page can be had."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.BIND_HOST, settings.BIND_HOST)
    site = urlsplit(settings.SITE_URL)
    connection = http.client.HTTPConnection(host, settings.BIND_PORT, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        # As a front proxy would ask, or an https library sends us elsewhere.
        connection.request("GET", "/", headers={"Host": site.netloc, "X-Forwarded-Proto": site.scheme})
        return connection.getresponse().status < 500
    return False


def _celery(name: str, *args: str, **options: Any) -> Program:
    # The checks were made by `run`; made here they would import every page.
    return _python(name, "celery", "--skip-checks", "--quiet", "--no-color", "--app", "videolib", *args, **options)


def _python(name: str, *args: str, **options: Any) -> Program:
    return Program(name, (sys.executable, "-m", *args), cwd=settings.BASE_DIR, **options)


def _flat(options: dict[str, object]) -> tuple[str, ...]:
    return tuple(f"{option}={value}" for option, value in options.items())
