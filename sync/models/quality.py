"""How good the data were, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from .portfolio import Connection
from .run import Run

if TYPE_CHECKING:
    from scoring.quality.accuracy import Accuracy


class QualityScore(models.Model):
    """Figures of the customers of one field, segment or owner of a connection, or of all; the last of a day.

    Attributes:
        by: "all", "field", "segment" or "owner"; `key` says which one, "" for all and for none.
        label: name of the owner at the time; segments and fields are called as the model calls them now.
        to_mend, revenue: customers with a finding here, and what they bought (1/10,000).
        completeness, validity, consistency, timeliness: shares from 0 to 1, as `scoring.quality.scores` has them.
        looked_at: values that a rule had filled and a person looked at since; `kept` of them were left as they were.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="quality_scores")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    day = models.DateField()
    by = models.CharField(max_length=10)
    key = models.CharField(max_length=80, blank=True)
    label = models.CharField(max_length=160, blank=True)
    customers = models.IntegerField()
    to_mend = models.IntegerField()
    revenue = models.BigIntegerField()
    completeness = models.FloatField(null=True)
    validity = models.FloatField(null=True)
    consistency = models.FloatField(null=True)
    timeliness = models.FloatField(null=True)
    looked_at = models.IntegerField(default=0)
    kept = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["connection", "day", "by", "key"], name="one_quality_score_per_day_and_group"
            ),
        )

    @property
    def accuracy(self) -> Accuracy:
        from scoring.quality.accuracy import Accuracy  # brings what only checks need, and models are everywhere

        return Accuracy(self.looked_at, self.kept)

    def __str__(self) -> str:
        return f"{self.by} {self.key} on {self.day}"
