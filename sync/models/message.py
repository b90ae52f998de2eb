"""What is sent to people, where to, and what became of it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from .alert import Alert, Owner
from .portfolio import Portfolio


class Outgoing(models.Model):
    """A message with its attempts. `key` is the same at every attempt, so that a second arrival is recognised."""

    class State(models.TextChoices):
        PENDING = "pending", "to be sent"
        SENT = "sent", "sent"
        FAILED = "failed", "not delivered"
        NEEDLESS = "needless", "not needed any more"

    key = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Destination(models.Model):
    """A place outside that messages go to as well: a Slack or Teams channel, a program behind a webhook.

    Attributes:
        sealed: its address and key, encrypted by `sync.vault`.
        shown: the part of the address that is no secret.
        only_for: e-mail address of the one person whose alerts go there; "" means everybody's.
        only_high: whether only severe problems go there.
        problem: why it was disabled by itself, "" otherwise.
    """

    class State(models.TextChoices):
        ENABLED = "enabled", "enabled"
        DISABLED = "disabled", "disabled"

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="destinations")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    sealed = models.BinaryField()
    shown = models.CharField(max_length=200)
    only_for = models.EmailField(blank=True)
    only_high = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ENABLED)
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["portfolio", "name"], name="one_destination_per_name"),)

    def __str__(self) -> str:
        return self.name


class Delivery(Outgoing):
    """One message to one person through one channel, about one or more alerts.

    Attributes:
        channel: "email" or the kind of `destination`.
        alerts: what it tells about. They are settled before the first attempt, and stay the same for this `key`.
        reference: what the receiving side calls the message.
    """

    owner = models.ForeignKey(Owner, models.CASCADE, related_name="deliveries")
    destination = models.ForeignKey(Destination, models.SET_NULL, null=True, related_name="deliveries")
    channel = models.CharField(max_length=20)
    alerts = models.ManyToManyField(Alert, related_name="deliveries")
    reference = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=["state", "not_before"], name="delivery_by_state"),)

    def __str__(self) -> str:
        return f"{self.destination or self.channel} to {self.owner}"


class Todo(Outgoing):
    """The one open task of a person in the CRM, about everything that is open for him.

    Attributes:
        state: pending while the CRM has to be brought to what the task ought to say.
        reference: what the CRM calls the task; "" while it is not known.
        tried: somebody has tried to create it, so that it is looked up first.
        wanted, content: fingerprints of what it ought to say, and of what it was last brought to.
        ended: by whom it was completed; "" while it is open.
    """

    class Ended(models.TextChoices):
        DONE = "done", "nothing is left to mend"
        BY_PERSON = "person", "completed or deleted by the person"

    owner = models.ForeignKey(Owner, models.CASCADE, related_name="todos")
    reference = models.CharField(max_length=40, blank=True)
    tried = models.BooleanField(default=False)
    wanted = models.CharField(max_length=64, blank=True)
    content = models.CharField(max_length=64, blank=True)
    ended = models.CharField(max_length=6, choices=Ended.choices, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["owner"], condition=models.Q(ended=""), name="one_open_todo_per_person"),
        )

    def __str__(self) -> str:
        return f"Task of {self.owner}"


class Notice(Outgoing):
    """A mail about the product itself, to the administrator unless it says `to` whom.

    `key` names its occasion, and is its Message-ID.
    """

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="notices")
    to = models.EmailField(blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()

    def __str__(self) -> str:
        return self.subject
