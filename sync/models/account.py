"""What we know and published about each account, and what people changed of it."""

from __future__ import annotations

from django.db import models

from .portfolio import Calibration, Connection, PublishedModel
from .run import Change, Run


class AccountState(models.Model):
    """One account of one connection: its current published score and the values we last wrote.

    Attributes:
        current: our fields as the CRM holds them, by output name (segment, tier ...).
        written: value we last wrote, by output name. A CRM value that differs from it was edited by a person.
        refused: digest of a change the CRM rejected for good; it is not sent again until it differs. That of a record
            attached to the account stands in `written`, under "refused" and the record's kind and id.
        undone: values a person took back, by API name: [value, id of the model]. They are not written again until
            another value is computed or another model is published.
    """

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="accounts")
    record_id = models.CharField(max_length=40)
    name = models.CharField(max_length=255)
    owner_record_id = models.CharField(max_length=40, blank=True)
    in_scope = models.BooleanField(default=False)
    tier = models.CharField(max_length=40, blank=True)
    tier_since = models.DateField(null=True)
    segment = models.CharField(max_length=80, blank=True)
    value_score = models.FloatField(null=True)
    score = models.ForeignKey("Score", models.SET_NULL, null=True, related_name="+")
    current = models.JSONField(default=dict)
    written = models.JSONField(default=dict)
    refused = models.CharField(max_length=64, blank=True)
    undone = models.JSONField(default=dict)
    seen_in = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["connection", "record_id"], name="one_state_per_account"),)
        indexes = (
            models.Index(fields=["connection", "tier", "-value_score"], name="account_by_tier"),
            models.Index(fields=["connection", "name"], name="account_by_name"),
        )

    def __str__(self) -> str:
        return self.name

    def refuse(self, change: Change, digest: str) -> None:
        """Remember that the CRM refused a change of the account or of a record attached to it; "" for no longer."""
        if change.kind == "account":
            self.refused = digest
            return
        key = refused_key(change.kind, change.record_id)
        self.written = {name: value for name, value in self.written.items() if name != key}
        if digest:
            self.written[key] = digest


def refused_key(kind: str, record_id: str) -> str:
    """Where the digest of a refused change of an attached record stands in `AccountState.written`."""
    return f"refused {kind} {record_id}"


class Score(models.Model):
    """A published result with everything that explains it. A new row only when the result changes."""

    account = models.ForeignKey(AccountState, models.CASCADE, related_name="scores")
    run = models.ForeignKey(Run, models.PROTECT, related_name="scores")
    model = models.ForeignKey(PublishedModel, models.PROTECT)
    calibration = models.ForeignKey(Calibration, models.PROTECT)
    as_of = models.DateField()
    tier = models.CharField(max_length=40, blank=True)
    tier_since = models.DateField(null=True)
    value_score = models.FloatField(null=True)
    cost_to_serve = models.FloatField(null=True)
    digest = models.CharField(max_length=64)
    result = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.account}: {self.tier or 'no tier'} at {self.as_of}"


class Dirty(models.Model):
    """An account that somebody or something asked to look at soon: an event of the CRM, a dispute, a person."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="dirty")
    record_id = models.CharField(max_length=40)
    reason = models.CharField(max_length=120)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.record_id}: {self.reason}"


class Override(models.Model):
    """A person's edit of a field that Tierline computes: kept in the CRM, and put up for a decision."""

    class State(models.TextChoices):
        REQUESTED = "requested", "requested"
        WITHDRAWN = "withdrawn", "withdrawn"

    account = models.ForeignKey(AccountState, models.CASCADE, related_name="overrides")
    field = models.CharField(max_length=40)
    value = models.CharField(max_length=255, blank=True)
    computed = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    noticed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "field"],
                condition=models.Q(state="requested"),
                name="one_open_override_per_field",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.field} = {self.value}"
