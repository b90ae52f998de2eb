"""What is open for a person as one to-do in the CRM, where he works anyway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from connectors.base import ChangesTasks, Crm, TaskSpec
from connectors.errors import AuthRevoked, ConnectorError, Fatal, Retryable

from .base import DeliveryError, Listed, Message

#: Records named of each kind of problem; the rest is behind its link.
RECORDS = 5


@dataclass(frozen=True)
class CrmTask:
    crm: Crm

    def send(self, message: Message) -> str:
        """Create the task, or find the one that an earlier attempt created: the connector looks that up by key."""
        try:
            return self.crm.create_task(_task(message))
        except ConnectorError as error:
            raise refused(error) from error

    def change(self, reference: str, message: Message, *, done: bool) -> bool:
        """Bring the task up to date, and complete it when `done`; False when the person has completed or deleted it.

        In a CRM that cannot change tasks it stays as it is.
        """
        if not isinstance(self.crm, ChangesTasks):
            return True
        try:
            return self.crm.change_task(reference, _task(message), done=done)
        except ConnectorError as error:
            raise refused(error) from error


def refused(error: ConnectorError) -> DeliveryError:
    """What a CRM's refusal means for a message. One that has to be reconnected may take it afterwards."""
    wait = timedelta(seconds=(error.after or 0.0) if isinstance(error, Retryable) else 0.0)
    permanent = isinstance(error, Fatal) and not isinstance(error, AuthRevoked)
    return DeliveryError(f"{error.message} {error.next_step}", permanent=permanent, wait=wait)


def _task(message: Message) -> TaskSpec:
    heads = [message.cost] if message.cost else []
    return TaskSpec(
        key=message.key,
        owner_id=message.person_record_id,
        subject=message.subject,
        body="\n\n".join([*heads, *map(_list, message.lists), f"All of it: {message.url}"]),
        due_on=message.due_on,
        first_attempt=message.first_attempt,
    )


def _list(listed: Listed) -> str:
    shown = listed.items[:RECORDS]
    lines = [f"- {item.record_name}: {item.message} {item.record_url}".rstrip() for item in shown]
    if listed.total > len(shown):
        lines.append(f"  … and {listed.total - len(shown):,} more: {listed.url}")
    return "\n".join([f"{listed.title} (until {listed.due_on:%-d %B %Y})", *lines])
