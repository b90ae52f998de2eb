"""What a notification says: few words, of which the CRM shows the first."""

from __future__ import annotations

from connectors.notifications import NotificationSpec
from sync.alerts.channels.base import Listed, Message

#: Lists in one notification, and records named of each; the rest is behind the click.
LISTS, RECORDS = 4, 3


def spec(message: Message) -> NotificationSpec:
    """One record is opened by the click; of several, our list of them."""
    items = [item for listed in message.lists for item in listed.items]
    only = items[0].record_id if message.total == 1 and items else ""
    return NotificationSpec(
        user_id=message.person_record_id,
        title=message.subject,
        body="\n".join(_lines(message)),
        record_id=only,
        url="" if only else message.url,
    )


def _lines(message: Message) -> list[str]:
    # The CRM keeps no key of ours, so whoever hears the bell twice is told that it is the same.
    again = [] if message.first_attempt else [f"Perhaps you have had this before ({message.key})."]
    cost = [message.cost] if message.cost else []
    more = len(message.lists) - LISTS
    rest = [f"… and {more} more kinds of problems"] if more > 0 else []
    return [*again, *map(_list, message.lists[:LISTS]), *rest, *cost]


def _list(listed: Listed) -> str:
    names = ", ".join(item.record_name for item in listed.items[:RECORDS])
    more = " …" if listed.total > RECORDS else ""
    return f"{listed.title} (until {listed.due_on:%-d %B}): {names}{more}"
