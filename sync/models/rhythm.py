"""What people chose for themselves about the messages they get."""

from __future__ import annotations

from django.db import models

from .portfolio import Portfolio


class OwnRhythm(models.Model):
    """One person's choice, within what the model allows; what is empty is as the model has it.

    Attributes:
        email: in lower case.
        high, medium, low: how soon, by severity: "immediate", "hourly", "daily" or "weekly".
        at, weekday: of daily and weekly messages.
    """

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="rhythms")
    email = models.EmailField()
    high = models.CharField(max_length=9, blank=True)
    medium = models.CharField(max_length=9, blank=True)
    low = models.CharField(max_length=9, blank=True)
    at = models.TimeField(null=True)
    weekday = models.CharField(max_length=9, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["portfolio", "email"], name="one_rhythm_per_person"),
            models.CheckConstraint(
                condition=models.Q(quiet_from=None, quiet_until=None)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_both_ends",
            ),
        )

    def __str__(self) -> str:
        return self.email
