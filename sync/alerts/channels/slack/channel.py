"""Messages to a Slack channel."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sync.alerts.channels import outbound
from sync.alerts.channels.base import Message

from .blocks import payload


def check(url: str) -> None:
    """Raises ValueError when this is no address of a webhook."""
    outbound.check_form(url)


@dataclass(frozen=True)
class Slack:
    url: str
    name: str = "slack"

    def send(self, message: Message) -> str:
        """Slack has no way to recognise a retry: the key stands in the message for people."""
        outbound.post(self.url, json.dumps(payload(message)).encode(), {"Content-Type": "application/json"})
        return message.key
