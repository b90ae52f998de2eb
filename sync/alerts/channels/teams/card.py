"""A message as an Adaptive Card 1.4: Teams takes 28 KB, so little of each list is shown."""

from __future__ import annotations

import re
from typing import Any

from sync.alerts.channels.base import Item, Listed, Message

#: Lists in one message, records of each, characters of one line.
LISTS, RECORDS, LINE = 6, 4, 280


def payload(message: Message) -> dict[str, Any]:
    """What is posted to the workflow."""
    body = [
        _text(message.subject, size="Large", weight="Bolder"),
        *([_text(_plain(message.cost), spacing="None")] if message.cost else []),
        _text(f"For {_plain(message.person_name)}, until {message.due_on:%-d %B %Y}", spacing="None"),
        *([_text(_plain(message.closed), spacing="Small")] if message.closed else []),
    ]
    for listed in message.lists[:LISTS]:
        body += _list(listed)
    footer = f"Message {message.key}. A record that is right leaves the list by itself."
    body.append(_text(footer, isSubtle=True, size="Small", separator=True))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "See all of it", "url": message.url}],
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _list(listed: Listed) -> list[dict[str, Any]]:
    fresh = f", {listed.fresh:,} new" if listed.fresh else ""
    blocks = [_text(f"[{_plain(listed.title)}]({listed.url}){fresh}", weight="Bolder", separator=True)]
    blocks += [_text(_item(item), spacing="Small") for item in listed.items[:RECORDS]]
    left = listed.total - min(len(listed.items), RECORDS)
    if left:
        blocks.append(_text(f"… and [{left:,} more]({listed.url})", spacing="Small"))
    return [*blocks, _text(f"Why: {_plain(listed.because)[:LINE]}", isSubtle=True, size="Small")]


def _item(item: Item) -> str:
    name = _plain(item.record_name)
    name = f"[{name}]({item.record_url})" if item.record_url else name
    return f"{name}: {_plain(f'{item.message} {item.fix}')[:LINE]}"


def _plain(text: str) -> str:
    r"""As text: Teams reads a part of Markdown, so what begins a link, a list or an emphasis gets a backslash."""
    return re.sub(r"([\\`*_\[\]()#>~|])", r"\\\1", " ".join(text.split()))


def _text(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **look}
