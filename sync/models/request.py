"""What people ask for on the card, as runs read it from the record."""

from __future__ import annotations

from django.db import models

from .account import AccountState, Override
from .run import Run


class Request(models.Model):
    """Something a person asked for in the fields of an account. The newest of an account is answered in its record.

    Attributes:
        mark: names what was written there; equal requests share it.
        by: the person's name; `by_id`: the user of the CRM, by record id.
        told: what was asked, in words.
        state: "waiting" also where the override it led to, if any, has been decided: that is asked of the override.
        answer: why it was accepted or refused at once.
        override: what the people who decide have before them.
        field, value: of a confirmed value; `run` writes it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        ACCEPTED = "accepted", "accepted"
        REFUSED = "refused", "refused"
        WITHDRAWN = "withdrawn", "taken back"

    account = models.ForeignKey(AccountState, models.CASCADE, related_name="requests")
    mark = models.CharField(max_length=16)
    kind = models.CharField(max_length=40)
    by = models.CharField(max_length=160, blank=True)
    by_id = models.CharField(max_length=80, blank=True)
    email = models.EmailField(blank=True)
    told = models.CharField(max_length=600)
    state = models.CharField(max_length=9, choices=State.choices)
    answer = models.CharField(max_length=1000, blank=True)
    override = models.ForeignKey(Override, models.SET_NULL, null=True, related_name="requests")
    field = models.CharField(max_length=40, blank=True)
    value = models.CharField(max_length=255, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="requests")
    on = models.DateField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.account}: {self.told}"
