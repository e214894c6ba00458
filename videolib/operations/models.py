"""What was found when somebody looked whether the library is whole."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from videolib.operations.faults import Fault, Kind

# Of each kind so many are named; how many there are in all is counted. `manage.py check_library` names every one.
MOST_EXAMPLES = 20


class LibraryCheck(models.Model):
    """One look at the whole library."""

    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    files = models.PositiveBigIntegerField(default=0, help_text="in the storage")
    size_bytes = models.PositiveBigIntegerField(default=0, help_text="of all of them")
    originals_read = models.PositiveBigIntegerField(default=0, help_text="whose SHA-256 was compared")
    # The next check goes on there, so that all are read in time; 0 when they have been.
    read_until = models.BigIntegerField(default=0, help_text="number of the last recording whose original was read")
    counts = models.JSONField(default=dict, help_text="faults by kind")
    examples = models.JSONField(default=list, help_text="of each kind the first: kind, thing, what")

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d}: {self.number_of_faults} faults"

    @property
    def number_of_faults(self) -> int:
        """Of all kinds."""
        return sum(self.counts.values())

    @property
    def by_kind(self) -> list[tuple[Kind, int, list[dict[str, str]]]]:
        """Each kind that was found: how often, and the first."""
        kinds = [kind for kind in Kind if kind in self.counts]
        return [(kind, self.counts[kind], [one for one in self.examples if one["kind"] == kind]) for kind in kinds]

    def add(self, fault: Fault) -> None:
        """Count it, and keep it where it is among the first of its kind. Saves nothing."""
        self.counts[fault.kind.value] = number = self.counts.get(fault.kind.value, 0) + 1
        if number <= MOST_EXAMPLES:
            self.examples.append({"kind": fault.kind.value, "thing": fault.thing, "what": fault.what})
