"""What is counted while it happens and stands in no row.

Each process counts for itself, and the web server, where all of it happens, is one process. Restarted, it begins at
zero, as Prometheus expects.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

SEARCH_SECONDS = Histogram(
    "videolib_search_seconds",
    "How long a search took, from the text to the clips; of pages, the API and the box that is typed into.",
    ["kind"],  # "typing" or "whole"
    # Typing feels instant up to a tenth of a second, and whoever waits longer than two has given up.
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
    registry=REGISTRY,
)
UPLOAD_BYTES = Counter(
    "videolib_upload_bytes",
    "Bytes of recordings that arrived, also those of uploads that were never finished.",
    registry=REGISTRY,
)
