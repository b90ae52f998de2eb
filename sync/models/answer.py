"""What people answered to findings: values they chose for records, and the links they used for it."""

from __future__ import annotations

from django.db import models

from .account import AccountState
from .message import Delivery
from .run import Run


class Confirmation(models.Model):
    """A person vouches for a value of an account: chosen through us, written and read back.

    `by` is the person's name, `email` their address as a user of the CRM; `via` says where they answered.
    """

    account = models.ForeignKey(AccountState, models.CASCADE, related_name="confirmations")
    field = models.CharField(max_length=40)
    value = models.CharField(max_length=255, blank=True)
    by = models.CharField(max_length=160)
    email = models.EmailField(blank=True)
    via = models.CharField(max_length=20)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="confirmations")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=["run", "account", "field"], name="one_confirmation_per_run_and_field"),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.field} = {self.value}"


class UsedLink(models.Model):
    """A link of a message that was answered. The constraint is what makes a link good for one answer.

    `about` names what the message's link was for: "finding 12" or "alert 3". `run` is the answer; there is none where
    the person said something else than a value.
    """

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="used_links")
    about = models.CharField(max_length=40)
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="used_links")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["delivery", "about"], name="a_link_is_used_once"),)

    def __str__(self) -> str:
        return f"{self.about} of {self.delivery}"
