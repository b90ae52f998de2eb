"""Notifications inside the CRM: what rings at a user's bell there, and on his phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connectors.base import SchemaStep


@dataclass(frozen=True)
class NotificationSpec:
    """A short message to one user of the CRM; texts that are too long for it are cut.

    Attributes:
        record_id: the record that a click opens; "" for `url`.
        url: the page outside that a click opens.
    """

    user_id: str
    title: str
    body: str
    record_id: str = ""
    url: str = ""


@runtime_checkable
class SendsNotifications(Protocol):
    """Capability: the CRM tells its users something at once, wherever they are in it."""

    def notify(self, notification: NotificationSpec) -> None:
        """Tell the user. The CRM keeps no key of ours: sent twice, it is told twice.

        Raises `MissingScope` when we may not send any, and `SchemaMismatch` when the org is not prepared for it.
        """

    def plan_notifications(self) -> SchemaStep:
        """What the org lacks to send any; "=" where it is prepared."""

    def apply_notifications(self) -> None:
        """Bring what it lacks."""
