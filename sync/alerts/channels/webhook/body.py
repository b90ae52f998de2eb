"""What a program receives: the message as JSON."""

from __future__ import annotations

import json
from typing import Any

from sync.alerts.channels.base import Listed, Message


def body(message: Message) -> bytes:
    """Keys are part of what customers build on: they may be added to, not renamed."""
    content = {
        "type": "alerts.message",
        "id": message.key,
        "person": {
            "name": message.person_name,
            "email": message.person_email,
            "record_id": message.person_record_id,
        },
        "subject": message.subject,
        "cost": message.cost,
        "closed": message.closed,
        "findings": message.total,
        "due_on": message.due_on.isoformat(),
        "url": message.url,
        "alerts": [_list(listed) for listed in message.lists],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _list(listed: Listed) -> dict[str, Any]:
    return {
        "rule": listed.rule,
        "title": listed.title,
        "why": listed.because,
        "severity": listed.severity,
        "findings": listed.total,
        "new": listed.fresh,
        "due_on": listed.due_on.isoformat(),
        "url": listed.url,
        "records": [
            {"name": item.record_name, "url": item.record_url, "problem": item.message, "fix": item.fix}
            for item in listed.items
        ],
    }
