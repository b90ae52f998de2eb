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
    """A person's value for a field that Tierline computes: noticed in the CRM or asked for, then decided.

    Attributes:
        kind: "lock" keeps the value whatever is computed; "floor" keeps the tier from falling below it.
        reason: code of the model's list of reasons; "" for an edit noticed in the CRM that nobody has explained yet.
        expires_on: last day it holds.
        replaced: of one that was rejected or has ended: the CRM no longer holds its value.
        was_right: the verdict when it ended, by whoever looked at it then.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", "requested"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        EXPIRED = "expired", "expired"
        WITHDRAWN = "withdrawn", "withdrawn"

    class Kind(models.TextChoices):
        LOCK = "lock", "keeps this value"
        FLOOR = "floor", "no lower than this"

    OPEN = (State.REQUESTED, State.APPROVED)

    account = models.ForeignKey(AccountState, models.CASCADE, related_name="overrides")
    field = models.CharField(max_length=40)
    value = models.CharField(max_length=255, blank=True)
    computed = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.LOCK)
    reason = models.CharField(max_length=40, blank=True)
    comment = models.CharField(max_length=1000, blank=True)
    requested_by = models.CharField(max_length=150, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=1000, blank=True)
    expires_on = models.DateField(null=True)
    reminded_at = models.DateTimeField(null=True)
    replaced = models.BooleanField(default=False)
    was_right = models.BooleanField(null=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    noticed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "field"],
                condition=models.Q(state="requested"),
                name="one_open_override_per_field",
            ),
            models.UniqueConstraint(
                fields=["account", "field"],
                condition=models.Q(state="approved"),
                name="one_approved_override_per_field",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.field} = {self.value}"


class TierMove(models.Model):
    """A move of the tier that waits for the review round, or was decided by it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "proposed"
        ACCEPTED = "accepted", "accepted"
        REJECTED = "rejected", "rejected"
        DEFERRED = "deferred", "put off"

    account = models.ForeignKey(AccountState, models.CASCADE, related_name="moves")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    as_of = models.DateField()
    before = models.CharField(max_length=40)
    after = models.CharField(max_length=40)
    why = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    comment = models.CharField(max_length=1000, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    proposed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "as_of"], name="one_move_per_account_and_date"),)

    def __str__(self) -> str:
        return f"{self.account}: {self.before} to {self.after}"
