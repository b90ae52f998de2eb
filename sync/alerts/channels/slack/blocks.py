"""A message in Slack's Block Kit: at most 50 blocks, 150 characters in a header and 3,000 in a section."""

from __future__ import annotations

from typing import Any

from sync.alerts.channels.base import Item, Listed, Message

#: Lists in one message, and records of each; the rest is behind the button.
LISTS, RECORDS = 8, 5
HEADER, SECTION = 150, 3000


def payload(message: Message) -> dict[str, Any]:
    """What is posted. `text` is what notifications show."""
    head = f"For *{_plain(message.person_name)}*, until {message.due_on:%-d %B %Y}"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": message.subject[:HEADER]}},
        _section("\n".join(line for line in (_plain(message.cost), head, _plain(message.closed)) if line)),
    ]
    for listed in message.lists[:LISTS]:
        blocks += [{"type": "divider"}, _section(_list(listed)), _context(f"Why: {_plain(listed.because)}")]
    button = {"type": "plain_text", "text": "See all of it"}
    blocks.append({"type": "actions", "elements": [{"type": "button", "text": button, "url": message.url}]})
    blocks.append(_context(f"Message {message.key}. A record that is right leaves the list by itself."))
    return {"text": _plain(f"{message.subject}, for {message.person_name}"), "blocks": blocks}


def _list(listed: Listed) -> str:
    fresh = f", {listed.fresh:,} new" if listed.fresh else ""
    lines = [
        f"*<{listed.url}|{_plain(listed.title).replace('|', '/')}>*{fresh}",
        *(_item(item) for item in listed.items[:RECORDS]),
    ]
    left = listed.total - min(len(listed.items), RECORDS)
    return "\n".join([*lines, f"… and <{listed.url}|{left:,} more>"] if left else lines)


def _item(item: Item) -> str:
    name = _plain(item.record_name).replace("|", "/")
    name = f"<{item.record_url}|{name}>" if item.record_url else name
    return f"• {name}: {_plain(item.message)} {_plain(item.fix)}"[: SECTION // (RECORDS + 1)]


def _plain(text: str) -> str:
    """As text: Slack reads &, < and > as the beginning of links and of mentions of everybody."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION]}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text[:SECTION]}]}
