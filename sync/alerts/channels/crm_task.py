"""Alerts as a to-do in the CRM, where the person works anyway: one for each alert."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.base import Crm, TaskSpec
from connectors.errors import Fatal, Retryable

from .base import DeliveryError, Listed, Message

#: Records named in a task; the rest is behind its link.
RECORDS = 10


@dataclass(frozen=True)
class CrmTask:
    crm: Crm
    name: str = "crm_task"

    def send(self, message: Message) -> str:
        """Create the task, or find the one that an earlier attempt created: the connector looks that up by key."""
        task = TaskSpec(
            key=message.key,
            owner_id=message.person_record_id,
            subject=message.subject,
            body="\n\n".join([*map(_list, message.lists), f"All of them: {message.url}"]),
            due_on=message.due_on,
            first_attempt=message.first_attempt,
        )
        try:
            return self.crm.create_task(task)
        except Fatal as error:
            raise DeliveryError(f"{error.message} {error.next_step}", permanent=True) from error
        except Retryable as error:
            raise DeliveryError(error.message, permanent=False) from error


def _list(listed: Listed) -> str:
    shown = listed.items[:RECORDS]
    lines = [f"{item.record_name}: {item.message} {item.fix} {item.record_url}" for item in shown]
    if listed.total > len(shown):
        lines.append(f"… and {listed.total - len(shown)} more")
    return "\n".join([listed.because, "", *lines])
