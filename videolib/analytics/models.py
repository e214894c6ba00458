"""What people look for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Max, Sum

MOST_CHARACTERS = 100


class SoughtQuerySet(models.QuerySet["Sought"]):
    """Reads over what was looked for."""

    def in_vain_since(self, day: date) -> models.QuerySet[Sought, Any]:
        """Words that found nothing and are not done with: `words`, how often (`times`), and the `last` day."""
        counted = self.filter(day__gte=day, in_vain__gt=F("done")).values("words")
        summed = counted.annotate(times=Sum(F("in_vain") - F("done")), last=Max("day"))
        return summed.order_by("-times", "-last", "words")

    def often_found(self, beginning: str, *, since: date, often: int) -> models.QuerySet[Sought, str]:
        """Words that begin so and were found at least so often, the most often first."""
        begun = self.filter(words__startswith=beginning, day__gte=since, found__gt=0)
        counted = begun.values("words").annotate(times=Sum("found")).filter(times__gte=often)
        return counted.order_by("-times", "words").values_list("words", flat=True)


class Sought(models.Model):
    """How often some words were looked for on a day. Nothing here tells who asked, or at which hour."""

    words = models.CharField(max_length=MOST_CHARACTERS, help_text="folded: case and spaces do not matter")
    day = models.DateField(db_index=True)
    found = models.PositiveIntegerField(default=0, help_text="so often something was found")
    in_vain = models.PositiveIntegerField(default=0, help_text="so often nothing was")
    done = models.PositiveIntegerField(default=0, help_text="of those in vain, so many a curator is done with")

    objects = SoughtQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "sought"
        # For those that begin with what is typed.
        indexes = [models.Index(fields=["words"], name="words_begin", opclasses=["varchar_pattern_ops"])]
        constraints = [models.UniqueConstraint(fields=["words", "day"], name="words_once_a_day")]

    def __str__(self) -> str:
        return self.words
