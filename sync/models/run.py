"""A run of the main job, and the outbox of what it changes in the CRM."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .portfolio import Calibration, Connection, Portfolio, PublishedModel


class Run(models.Model):
    """One pass of the straight line. Any worker continues any run from its step and progress.

    `lease` names the process that works on it now; `leased_until` ends a lease whose holder vanished.

    Attributes:
        held: why the run waits for a person (or did): one {"code", "message", "next_step"} per reason.
        decided_by: who approved or dropped it.
        undoes: of an undo run, the run whose changes it takes back; `scope` narrows it to accounts and fields.
            Of an answer, `scope` holds what a person chose, and who that is: see `sync.fixing.answering`.
    """

    class Kind(models.TextChoices):
        FULL = "full", "full"
        INCREMENTAL = "incremental", "incremental"
        UNDO = "undo", "undo"
        ANSWER = "answer", "answer"

    class State(models.TextChoices):
        ACTIVE = "active", "running"
        HELD = "held", "waits for approval"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        DROPPED = "dropped", "dropped"

    class Step(models.TextChoices):
        PULL = "pull", "read"
        SCORE = "score", "score"
        PLAN = "plan", "plan"
        GUARD = "guard", "guard"
        CANARY = "canary", "canary"
        SEND = "send", "send"
        VERIFY = "verify", "verify"
        FINDINGS = "findings", "check"
        ALERTS = "alerts", "alerts"

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.FULL)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.PULL)
    today = models.DateField()
    as_of = models.DateField(null=True)
    model = models.ForeignKey(PublishedModel, models.PROTECT, related_name="runs")
    calibration = models.ForeignKey(Calibration, models.PROTECT, null=True, related_name="runs")
    progress = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)
    api_calls = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    notice = models.CharField(max_length=500, blank=True)
    error = models.CharField(max_length=1000, blank=True)
    next_step = models.CharField(max_length=1000, blank=True)
    held = models.JSONField(default=list)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    undoes = models.ForeignKey("self", models.PROTECT, null=True, related_name="undone_by")
    scope = models.JSONField(default=dict)
    lease = models.CharField(max_length=120, blank=True)
    leased_until = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(default=timezone.now)
    requested_by = models.CharField(max_length=150)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["portfolio"],
                condition=models.Q(state="active", kind__in=("full", "undo")),
                name="one_active_run_per_portfolio",
            ),
            models.UniqueConstraint(
                fields=["portfolio"],
                condition=models.Q(state="active", kind="incremental"),
                name="one_active_micro_batch_per_portfolio",
            ),
        )

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def steps(self) -> tuple[Run.Step, ...]:
        """The steps of this kind of run, in order."""
        step = Run.Step
        if self.kind == Run.Kind.UNDO:
            return (step.PLAN, step.CANARY, step.SEND, step.VERIFY)
        if self.kind == Run.Kind.ANSWER:
            return (step.PLAN, step.SEND, step.VERIFY, step.FINDINGS)
        return tuple(step)


class Load(models.Model):
    """A bulk job of the CRM that carries changes of a run.

    Its id is stored before anything is uploaded, so that whoever comes next can go on with it, or give it up while
    it is still open.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="loads")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="loads")
    job = models.CharField(max_length=40)
    done = models.BooleanField(default=False)
    polls = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Load {self.job}"


class Change(models.Model):
    """The outbox: new values for one CRM record, written down before they are sent.

    `before` and `after` hold the same fields by API name. `kind` is "account", "detail" (the account's detail record,
    which goes by the account's id) or "opportunity"; the latter two have their account as parent, which for a detail
    record that a merge left over is another than its own. Every row ends in
    one of OUTCOMES. Rows are sent in the order of `parent_id`: two batches that touch children of one parent wait for
    each other's locks in the CRM.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "planned"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        VERIFIED = "verified", "verified"
        DRIFTED = "drifted", "changed again after we wrote"
        REJECTED = "rejected", "refused by the CRM"
        SUPERSEDED = "superseded", "edited by a person meanwhile"
        UNPROCESSED = "unprocessed", "not sent"
        LEFT_OUT = "left_out", "left out on approval"

    OPEN = (State.PLANNED, State.SENDING, State.SENT)
    OUTCOMES = (State.VERIFIED, State.DRIFTED, State.REJECTED, State.SUPERSEDED, State.UNPROCESSED, State.LEFT_OUT)

    run = models.ForeignKey(Run, models.CASCADE, related_name="changes")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="changes")
    load = models.ForeignKey(Load, models.SET_NULL, null=True, related_name="changes")
    kind = models.CharField(max_length=20)
    record_id = models.CharField(max_length=40)
    record_name = models.CharField(max_length=255)
    parent_id = models.CharField(max_length=40, blank=True)
    before = models.JSONField()
    after = models.JSONField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    code = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=1000, blank=True)
    next_step = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=["run", "kind", "record_id"], name="one_change_per_record_and_run"),
            models.UniqueConstraint(
                fields=["connection", "kind", "record_id"],
                condition=models.Q(state__in=("planned", "sending", "sent")),
                name="one_open_change_per_record",
            ),
        )
        indexes = (models.Index(fields=["run", "state", "id"], name="change_by_state"),)

    def __str__(self) -> str:
        return f"{self.record_name}: {', '.join(self.after)}"

    @property
    def account_id(self) -> str:
        """Record id of the account it is about."""
        return self.record_id if self.kind == "account" else self.parent_id

    @property
    def is_own(self) -> bool:
        """Whether it is about the account itself or its own detail record."""
        return self.record_id == self.account_id
