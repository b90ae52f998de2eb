"""Links to answer by, put into a message to one person."""

from __future__ import annotations

from dataclasses import replace

from sync.alerts.channels.base import Item, Listed, Message
from sync.fixing import links
from sync.fixing.questions import can_be_asked, model_of
from sync.models import Delivery, Finding


def linked(message: Message, delivery: Delivery) -> Message:
    """The message with its links, if it goes to nobody but a user of the CRM: others would answer in their name."""
    if delivery.channel != "email" or not delivery.owner.record_id:
        return message
    model = model_of(delivery.owner.portfolio)
    told = [item.finding for listed in message.lists for item in listed.items]
    found = Finding.objects.select_related("connection").in_bulk(told)
    asked = {pk for pk, finding in found.items() if can_be_asked(model, finding)}
    return replace(message, lists=[_linked(listed, delivery, asked) for listed in message.lists])


def _linked(listed: Listed, delivery: Delivery, asked: set[int]) -> Listed:
    items = [_item(item, delivery) if item.finding in asked else item for item in listed.items]
    several = sum(item.finding in asked for item in items) > 1
    return replace(listed, items=items, answer_url=links.make(delivery, "alert", listed.alert) if several else "")


def _item(item: Item, delivery: Delivery) -> Item:
    return replace(item, answer_url=links.make(delivery, "finding", item.finding))
