"""What Prometheus reads: rows counted when it asks, and what lib/measures.py counted since the web server started.

Three queries, however many jobs there are: over open jobs, over failed ones, and over the last that were done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from statistics import quantiles

from django.db.models import Count
from django.utils import timezone
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from transcode.models import Job, State
from videolib.lib.measures import REGISTRY
from videolib.operations.queues import Queue, queues_at

# Plain text in the form that every Prometheus reads.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Steps are measured over so many jobs that were done last.
LAST_DONE = 500
# Every reason is a series of its own in whatever reads this; beyond so many they are "other".
MOST_REASONS = 20
OTHER = "other"


def metrics_text() -> bytes:
    """The answer of /metrics."""
    return generate_latest(REGISTRY)


class Jobs(Collector):
    """The jobs as their rows have them."""

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: collecting asks the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Asked for each answer."""
        yield from _queues(queues_at(timezone.now()))
        yield _failures()
        yield from _durations()


def _queues(queues: Iterable[Queue]) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("videolib_jobs", "Jobs that are not at an end.", labels=["queue", "state"])
    oldest = GaugeMetricFamily(
        "videolib_oldest_waiting_seconds",
        "How long the job that waits longest could have been taken; 0 when none waits.",
        labels=["queue"],
    )
    for queue in queues:
        jobs.add_metric([queue.name, "waiting"], queue.waiting)
        jobs.add_metric([queue.name, "running"], queue.running)
        jobs.add_metric([queue.name, "silent"], queue.silent)
        oldest.add_metric([queue.name], queue.oldest)
    yield from (jobs, oldest)


def _failures() -> Metric:
    """By step and sentence, until somebody tries again or deletes the clip."""
    failed = Job.objects.filter(state=State.FAILED).values_list("step", "error").annotate(number=Count("pk"))
    rows = list(failed.order_by("-number", "step", "error"))
    family = GaugeMetricFamily(
        "videolib_jobs_failed", "Jobs that failed and were not tried again.", labels=["step", "reason"]
    )
    for step, reason, number in rows[:MOST_REASONS]:
        family.add_metric([step, reason], number)
    others: dict[str, int] = defaultdict(int)
    for step, _, number in rows[MOST_REASONS:]:
        others[step] += number
    for step, number in others.items():
        family.add_metric([step, OTHER], number)
    return family


def _durations() -> Iterator[Metric]:
    done = Job.objects.filter(state=State.DONE).order_by("-ended_at")
    seconds: dict[str, list[float]] = defaultdict(list)
    for step, started, ended in done.values_list("step", "started_at", "ended_at")[:LAST_DONE]:
        if started and ended:
            seconds[step].append(max(0.0, (ended - started).total_seconds()))
    family = GaugeMetricFamily(
        "videolib_step_seconds",
        f"How long a step takes, of the last {LAST_DONE} jobs that were done.",
        labels=["step", "quantile"],
    )
    counted = GaugeMetricFamily("videolib_step_measured", "How many jobs that is of each step.", labels=["step"])
    for step, measured in sorted(seconds.items()):
        hundredths = quantiles(measured, n=100, method="inclusive") if len(measured) > 1 else measured * 99
        for quantile in (50, 90, 99):
            family.add_metric([step, str(quantile / 100)], hundredths[quantile - 1])
        counted.add_metric([step], len(measured))
    yield from (family, counted)


REGISTRY.register(Jobs())
