"""Problems, the people they belong to, and the record of who decided what."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from sync.alerts import states

from .portfolio import Connection, Portfolio
from .run import Run


class Owner(models.Model):
    """A person problems are routed to: a CRM user, or the portfolio's administrator outside the CRM.

    Attributes:
        time_zone: as the CRM names it, "" where it tells none.
        manages: whether somebody active reports to this person.
    """

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="owners")
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="owners")
    record_id = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=160)
    email = models.EmailField(blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    manages = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["portfolio", "connection", "record_id"], name="one_owner_per_crm_user"),
        )

    def __str__(self) -> str:
        return self.name


class Absence(models.Model):
    """A person who is away, and who stands in: e-mail addresses of CRM users, in lower case."""

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="absences")
    email = models.EmailField()
    delegate = models.EmailField()
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        ordering = ("starts_on", "pk")
        constraints = (
            models.UniqueConstraint(fields=["portfolio", "email"], name="one_absence_per_person"),
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="absence_ends_after"),
        )

    def __str__(self) -> str:
        return f"{self.email}, {self.starts_on} to {self.ends_on}: {self.delegate}"


class Alert(models.Model):
    """Findings of one rule that belong to one person. At most one is not resolved per person and rule.

    It is open while something waits for the person, and rests while all that is left of it is snoozed, accepted as
    unknowable or right as it is. `severity` is that of the worst finding it has had. `told`: the messages about it are
    on their way.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        RESTING = "resting", "resting"
        RESOLVED = "resolved", "resolved"

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="alerts")
    owner = models.ForeignKey(Owner, models.PROTECT, related_name="alerts")
    rule = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, default="medium")
    routed_because = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    due_on = models.DateField()
    opened_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)
    told = models.BooleanField(default=False)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["portfolio", "owner", "rule"],
                condition=~models.Q(state="resolved"),
                name="one_unresolved_alert_per_owner_and_rule",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule} for {self.owner}"


class Finding(models.Model):
    """A rule broken by a record. The CRM edit itself resolves it; the same problem coming back reopens it.

    Attributes:
        value, against: what stands in the field, and what the rule holds it against. Answers hold until one changes.
        rests_until: last day of a rest; None for one that ends with a change only.
        waiting_since: when it began to wait for the person whose it is; `escalated` is how often it went further up
            since then.
        flapping: how it comes and goes, "" while it does not; `flapping_since` is when that was noticed.
        to_say_mended: it was told, has been mended since, and that has not been said yet.
    """

    State = states.State
    WAITING = states.WAITING
    RESTING = states.RESTING

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="findings")
    rule = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    record_id = models.CharField(max_length=40)
    record_name = models.CharField(max_length=255)
    account_id = models.CharField(max_length=40, blank=True)
    owner_record_id = models.CharField(max_length=40, blank=True)
    field = models.CharField(max_length=80, blank=True)
    value = models.CharField(max_length=255, blank=True)
    severity = models.CharField(max_length=10)
    message = models.CharField(max_length=500)
    fix = models.CharField(max_length=500)
    against = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=12, choices=states.CHOICES, default=states.State.OPEN.value)
    alert = models.ForeignKey(Alert, models.SET_NULL, null=True, related_name="findings")
    due_on = models.DateField()
    last_run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True)
    times_opened = models.PositiveSmallIntegerField(default=1)
    rests_until = models.DateField(null=True)
    waiting_since = models.DateTimeField(default=timezone.now)
    escalated = models.PositiveSmallIntegerField(default=0)
    flapping = models.CharField(max_length=300, blank=True)
    flapping_since = models.DateTimeField(null=True)
    to_say_mended = models.BooleanField(default=False)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["connection", "rule", "kind", "record_id", "field"], name="one_finding_per_problem"
            ),
        )
        indexes = (models.Index(fields=["connection", "state", "rule"], name="finding_by_state"),)

    def __str__(self) -> str:
        return f"{self.record_name}: {self.message}"


class FindingEvent(models.Model):
    """What happened to a finding, and when: its history.

    Attributes:
        by: the person; "" for the re-check and the clock.
        owner: whose the finding was then; the new person where it moved or went up.
        value: what stood in the field, where that is known.
        until: last day of a rest; the day it is due for one that was found.
        edited_by: who had edited the record last, where the CRM tells it.
        against: what it was held against when somebody said that it is right as it is.
    """

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="history")
    at = models.DateTimeField()
    event = models.CharField(max_length=12)
    by = models.CharField(max_length=150, blank=True)
    owner = models.ForeignKey(Owner, models.SET_NULL, null=True, related_name="+")
    value = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    until = models.DateField(null=True)
    against = models.CharField(max_length=255, blank=True)
    edited_by = models.CharField(max_length=160, blank=True)

    class Meta:
        ordering = ("at", "pk")
        indexes = (models.Index(fields=["event", "at"], name="finding_event_by_time"),)

    def __str__(self) -> str:
        return f"{self.finding_id} {self.event}"


class AuditEvent(models.Model):
    """Who did what, when: installs, publications, run requests, credentials."""

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="audit")
    at = models.DateTimeField(auto_now_add=True)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"
