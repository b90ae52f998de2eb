"""Two records of two CRMs that are one company."""

from __future__ import annotations

from django.db import models

from .portfolio import Connection, Portfolio
from .run import Run


class Match(models.Model):
    """A record of the older connection of a portfolio and one of the newer, and whether they are one company.

    Attributes:
        how: what they were found by; why: a sentence; strength: 0-100.
        run: the run that found, matched or released it.
        common: per value that people choose, what both CRMs held when they last agreed.
        differences: per value on which they disagree and that a person has to decide: see `sync.matching.agreeing`.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "to be decided"
        CONFIRMED = "confirmed", "one company"
        REJECTED = "rejected", "two companies"
        RELEASED = "released", "no longer matched"

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="matches")
    first = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    first_record = models.CharField(max_length=40)
    first_name = models.CharField(max_length=255)
    second = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    second_record = models.CharField(max_length=40)
    second_name = models.CharField(max_length=255)
    how = models.CharField(max_length=20)
    why = models.CharField(max_length=700)
    strength = models.FloatField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField(auto_now_add=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    common = models.JSONField(default=dict)
    differences = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["first", "first_record", "second", "second_record"], name="one_match_per_pair"
            ),
            models.UniqueConstraint(
                fields=["first", "first_record"],
                condition=models.Q(state="confirmed"),
                name="one_match_per_record_of_the_first",
            ),
            models.UniqueConstraint(
                fields=["second", "second_record"],
                condition=models.Q(state="confirmed"),
                name="one_match_per_record_of_the_second",
            ),
        )

    def __str__(self) -> str:
        return f"{self.first_name} ({self.first}) and {self.second_name} ({self.second})"

    @property
    def records(self) -> tuple[tuple[Connection, str], tuple[Connection, str]]:
        return (self.first, self.first_record), (self.second, self.second_record)
