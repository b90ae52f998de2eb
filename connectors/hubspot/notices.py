"""What HubSpot's webhooks tell: that a record changed, was made, deleted or merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors.errors import BadInput

_KINDS: Mapping[str, str] = {
    "company": "account", "0-2": "account", "deal": "opportunity", "0-3": "opportunity", "ticket": "ticket",
    "0-5": "ticket",
}  # fmt: skip
#: What the app has to be subscribed to besides the properties: object -> events.
SUBSCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "Company": ("created", "deleted", "merged", "restored"),
    "Deal": ("created", "deleted", "merged", "restored"),
    "Ticket": ("created", "deleted", "merged", "restored"),
}


@dataclass(frozen=True)
class Notice:
    """One event. `name` and `value` are those of the property that changed, "" for other events.

    Attributes:
        kind: of the record; "" for one that we do not know.
        key: the same when HubSpot sends the event again; its own event ids are not unique.
        at: when it happened, in milliseconds.
    """

    key: str
    hub: str
    kind: str
    record_ids: tuple[str, ...]
    name: str
    value: str
    at: int


class _Event(BaseModel):
    """An event as it is sent; what we do not use is let through."""

    model_config = ConfigDict(extra="ignore")

    subscriptionType: str
    portalId: int
    occurredAt: int
    eventId: int = 0
    subscriptionId: int = 0
    objectId: int = 0
    objectTypeId: str = ""
    propertyName: str | None = None
    propertyValue: str | None = None
    primaryObjectId: int = 0
    newObjectId: int = 0
    mergedObjectIds: tuple[int, ...] = ()


_EVENTS = TypeAdapter(list[_Event])


def read(body: bytes) -> list[Notice]:
    """The events of one request, in the order in which they happened. Raises `BadInput` for anything else."""
    try:
        events = _EVENTS.validate_json(body)
    except ValidationError:
        raise BadInput(
            "The request is no list of HubSpot's events.",
            next_step="Send this address nothing but webhooks of HubSpot.",
        ) from None
    return [_notice(event) for event in sorted(events, key=lambda event: event.occurredAt)]


def _notice(event: _Event) -> Notice:
    records = tuple(dict.fromkeys(_records(event)))
    what = (event.subscriptionType, event.eventId, event.subscriptionId, event.occurredAt, event.propertyName or "")
    return Notice(
        key="/".join(map(str, (*what, *records))),
        hub=str(event.portalId),
        kind=_KINDS.get(event.objectTypeId or event.subscriptionType.partition(".")[0], ""),
        record_ids=records,
        name=event.propertyName or "",
        value=event.propertyValue or "",
        at=event.occurredAt,
    )


def _records(event: _Event) -> Iterator[str]:
    for number in (event.objectId, event.primaryObjectId, event.newObjectId, *event.mergedObjectIds):
        if number:
            yield str(number)
