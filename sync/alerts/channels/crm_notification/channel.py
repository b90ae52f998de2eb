"""Messages to the bell of a person in the CRM."""

from __future__ import annotations

from dataclasses import dataclass

from connectors import registry
from connectors.errors import AuthRevoked, ConnectorError, MissingScope, SchemaMismatch
from connectors.notifications import SendsNotifications
from sync import crms
from sync.alerts.channels.base import DeliveryError, Message
from sync.alerts.channels.crm_task import refused
from sync.models import Connection

from .text import spec


def can_ring(connection: Connection | None) -> bool:
    """Whether this CRM takes notifications from a program at all."""
    return connection is not None and connection.kind in registry.NOTIFY


@dataclass(frozen=True)
class CrmNotification:
    """`connection`: the CRM in which the person is a user."""

    connection: Connection
    name: str = "notification"

    def send(self, message: Message) -> str:
        """The CRM cannot recognise a retry: it rings again, and says that it may be the same."""
        try:
            crm = crms.open_crm(self.connection)
            if not isinstance(crm, SendsNotifications):
                raise DeliveryError(f"{self.connection} takes no notifications from a program.", permanent=True)
            crm.notify(spec(message))
        except ConnectorError as error:
            raise _refused(error) from error
        return message.key


def _refused(error: ConnectorError) -> DeliveryError:
    """What the org lacks for one notification it lacks for all."""
    found = refused(error)
    lacking = isinstance(error, MissingScope | SchemaMismatch) and not isinstance(error, AuthRevoked)
    return DeliveryError(str(found), permanent=found.permanent, broken=lacking, wait=found.wait)
