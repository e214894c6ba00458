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
        constraints = [models.UniqueConstraint(fields=["words", "day"], name="words_once_a_day")]

    def __str__(self) -> str:
        return self.words
