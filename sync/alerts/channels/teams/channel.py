"""Messages to a Teams channel."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sync.alerts.channels import outbound
from sync.alerts.channels.base import Message

from .card import payload


def check(url: str) -> None:
    """Raises ValueError when this is no address of a workflow."""
    host = outbound.check_form(url).hostname or ""
    if host == "outlook.office.com" or host.endswith("webhook.office.com"):
        raise ValueError(
            "This is the address of an Office 365 connector, which Microsoft has retired. In Teams choose the "
            'workflow "Post to a channel when a webhook request is received" and take its address.'
        )


@dataclass(frozen=True)
class Teams:
    url: str
    name: str = "teams"

    def send(self, message: Message) -> str:
        """A workflow does not recognise a retry: the key stands in the card for people."""
        outbound.post(self.url, json.dumps(payload(message)).encode(), {"Content-Type": "application/json"})
        return message.key
