"""What people think of clips. What curators put first is a column of the clip itself (`pinned_at`)."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from videolib.clips.models import Clip


class Rating(models.Model):
    """1 to 5 stars by one person for one clip; they may change their mind."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="ratings")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ratings")
    stars = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clip", "by"], name="one_rating_a_person"),
            models.CheckConstraint(condition=models.Q(stars__gte=1, stars__lte=5), name="one_to_five_stars"),
        ]

    def __str__(self) -> str:
        return f"{self.stars} stars"
