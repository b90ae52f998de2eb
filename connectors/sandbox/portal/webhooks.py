"""What apps are told about changes: subscriptions, and events that wait to be sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from connectors.sandbox.portal.history import Source
from connectors.sandbox.portal.outcomes import NOT_FOUND, VALIDATION, refused
from connectors.sandbox.portal.records import Records, shown
from connectors.sandbox.portal.schema import ObjectType, Property
from connectors.sandbox.portal.standard import object_type
from connectors.sandbox.portal.writes import Written

_SETTING = "webhooks"
CHANGES = ("creation", "deletion", "merge", "privacyDeletion", "propertyChange")
#: Seconds until an event is sent again after each failure; after the last one it is given up.
# unverified: the ten retries, spread over a day, come after these pauses.
RETRIES = (60, 300, 900, 1800, 3600, 7200, 10_800, 14_400, 18_000, 21_600)


@dataclass(frozen=True)
class Subscription:
    """An app wants to hear of one sort of change.

    Attributes:
        event: `company.propertyChange`, or `object.propertyChange` with a type id ("0-27").
        property_name: of property changes only.
        created, updated: milliseconds since 1970.
    """

    id: int
    event: str
    type_id: str
    property_name: str = ""
    active: bool = True
    created: int = 0
    updated: int = 0

    @property
    def change(self) -> str:
        return self.event.partition(".")[2]


@dataclass(frozen=True)
class Target:
    """Where events go. `concurrent` is told, and one request at a time is sent."""

    url: str = ""
    concurrent: int = 10
    created: int = 0
    updated: int = 0


@dataclass(frozen=True)
class Waiting:
    """An event to send. `attempt` counts from 0."""

    id: int
    attempt: int
    body: dict[str, Any]


class Webhooks:
    """Subscriptions and events of a portal's OAuth app. `wake` is set when there is something to send."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now
        self.wake = threading.Event()

    # --- subscriptions -------------------------------------------------------------------------

    def subscriptions(self) -> list[Subscription]:
        return [Subscription(**each) for each in self._kept().get("subscriptions", [])]

    def target(self) -> Target | None:
        kept = self._kept().get("target")
        return Target(**kept) if kept else None

    def set_target(self, url: str, concurrent: int = 10) -> Target:
        old, now = self.target(), self._now()
        target = Target(url, concurrent, old.created if old else now, now)
        self._keep(target=asdict(target))
        return target

    def remove_target(self) -> None:
        self._keep(target=None)

    def subscribe(self, event: str, property_name: str = "", type_id: str = "", *, active: bool = True) -> Subscription:
        """Raises Refused for an event that there is not."""
        subject, _, change = event.partition(".")
        kind = object_type(type_id if subject == "object" else subject)
        if kind is None or change not in CHANGES or (subject != "object" and not kind.subscribed):
            raise refused(VALIDATION, f"Invalid eventType '{event}'.", eventType=event)
        if (change == "propertyChange") != bool(property_name):
            raise refused(VALIDATION, "propertyName is needed for property changes, and for nothing else.")
        with self._records.writing():
            number, now = self._records.take_numbers("subscription"), self._now()
            made = Subscription(number, event, kind.type_id, property_name, active, now, now)
            self._save([*self.subscriptions(), made])
        return made

    def activate(self, subscription_id: int, *, active: bool) -> Subscription:
        """Raises Refused for a subscription that there is not."""
        with self._records.writing():
            changed = replace(self.subscription(subscription_id), active=active, updated=self._now())
            self._save([changed if each.id == subscription_id else each for each in self.subscriptions()])
        return changed

    def subscription(self, subscription_id: int) -> Subscription:
        found = next((each for each in self.subscriptions() if each.id == subscription_id), None)
        if found is None:
            raise refused(NOT_FOUND, f"Subscription {subscription_id} does not exist", id=str(subscription_id))
        return found

    def unsubscribe(self, subscription_id: int) -> None:
        with self._records.writing():
            self._save([each for each in self.subscriptions() if each.id != subscription_id])

    def _save(self, subscriptions: Sequence[Subscription]) -> None:
        self._keep(subscriptions=[asdict(each) for each in subscriptions])

    def _keep(self, **changes: Any) -> None:
        with self._records.writing():
            self._records.set_setting(_SETTING, {**self._kept(), **changes})

    def _kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = self._records.setting(_SETTING) or {}
        return kept

    # --- events --------------------------------------------------------------------------------

    def tell(
        self,
        kind: ObjectType,
        change: str,
        written: Sequence[Written],
        at: int,
        source: Source,
        properties: Mapping[str, Property],
    ) -> None:
        """Puts down the events that follow from what was written, within the transaction that writes it."""
        wanted = [each for each in self.subscriptions() if each.active and each.type_id == kind.type_id]
        if not wanted or self.target() is None:
            return
        events = [
            (each.id, body)
            for record in written
            for each in wanted
            for body in _events(each, change, record, properties)
        ]
        if not events:
            return
        number = self._records.take_numbers("event", len(events))
        rows = [
            (
                number + place, subscription, 0, 0.0,
                json.dumps({"occurredAt": at, "changeSource": source.kind, "sourceId": source.id, **body}),
            )
            for place, (subscription, body) in enumerate(events)
        ]  # fmt: skip
        with self._records.writing() as connection:
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
        self.wake.set()

    def due(self, now: float, most: int) -> list[Waiting]:
        """Events that can be sent, the oldest first."""
        rows = self._records.reader().execute(
            "SELECT id, subscription, attempt, body FROM events WHERE due <= ? ORDER BY id LIMIT ?", (now, most)
        )
        known = {each.id: each for each in self.subscriptions()}
        return [
            Waiting(
                number, attempt,
                {
                    "eventId": number, "subscriptionId": subscription, "attemptNumber": attempt,
                    "subscriptionType": known[subscription].event if subscription in known else "",
                    **json.loads(body),
                },
            )
            for number, subscription, attempt, body in rows
        ]  # fmt: skip

    def sent(self, events: Sequence[Waiting]) -> None:
        with self._records.writing() as connection:
            connection.executemany("DELETE FROM events WHERE id = ?", [(each.id,) for each in events])

    def failed(self, events: Sequence[Waiting], now: float, pauses: Sequence[float]) -> None:
        """Has events sent again later, or gives them up after the last try."""
        again = [(now + pauses[each.attempt], each.id) for each in events if each.attempt < len(pauses)]
        with self._records.writing() as connection:
            connection.executemany("UPDATE events SET due = ?, attempt = attempt + 1 WHERE id = ?", again)
            self.sent([each for each in events if each.attempt >= len(pauses)])


def _events(
    subscription: Subscription, change: str, written: Written, properties: Mapping[str, Property]
) -> Iterator[dict[str, Any]]:
    """What a subscription wants to hear of a record that was written."""
    about: dict[str, Any] = {"objectId": written.id}
    if subscription.event.startswith("object."):
        about["objectTypeId"] = subscription.type_id
    name = subscription.property_name
    if subscription.change == "propertyChange":
        # unverified: the values of a new record are told as property changes too.
        if change in ("creation", "propertyChange") and name in written.values:
            value = shown(properties.get(name), written.values[name])
            yield {**about, "propertyName": name, "propertyValue": value or ""}
    elif subscription.change == change == "merge":
        primary, *others = written.values["merged"]
        yield {
            **about, "primaryObjectId": primary, "mergedObjectIds": others, "newObjectId": written.id,
            "numberOfPropertiesMoved": 0,
        }  # fmt: skip
    elif subscription.change == change:
        flags = {"creation": "CREATED", "deletion": "DELETED"}
        yield {**about, **({"changeFlag": flags[change]} if change in flags else {})}
