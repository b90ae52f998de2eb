"""Custom notifications: their types, which can be queried, and what rang at whose bell."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from connectors.sandbox.clock import Clock
from connectors.sandbox.org.permission_sets import system_object, text_field
from connectors.sandbox.org.records import Store
from connectors.sandbox.org.schema import FieldDef

if TYPE_CHECKING:
    from connectors.sandbox.org.components import Body
    from connectors.sandbox.org.org import Org

#: Kind of the component, and the object by which it is found.
TYPE = "CustomNotificationType"
#: The user permission without which nobody sends one over the API.
MAY_SEND = "SendCustomNotifications"


def _channel(name: str) -> FieldDef:
    return FieldDef(name=name, label=name, type="boolean", default=False)


NOTIFICATION_TYPE = system_object(
    TYPE, "0ML",
    replace(text_field("DeveloperName", 80, required=True, unique=True), name_field=True),
    text_field("MasterLabel", 80, required=True), text_field("CustomNotifTypeName", 80, required=True),
    text_field("Description", 255), text_field("NamespacePrefix", 15), _channel("Desktop"), _channel("Mobile"),
)  # fmt: skip


def store_type(org: Org, name: str, body: Body) -> None:
    """Creates the record of a type, or makes it follow."""
    row = {
        "MasterLabel": body["label"], "CustomNotifTypeName": body["label"], "Description": body["description"] or None,
        "Desktop": body["desktop"], "Mobile": body["mobile"],
    }  # fmt: skip
    known = org.find_ids(TYPE, "DeveloperName", name)
    if known:
        org.update(TYPE, [{"Id": known[0], **row}], all_or_none=True)
    else:
        org.insert(TYPE, [{"DeveloperName": name, **row}], all_or_none=True)


def delete_type(org: Org, name: str) -> None:
    org.delete(TYPE, org.find_ids(TYPE, "DeveloperName", name), all_or_none=True)


@dataclass(frozen=True)
class Notification:
    """One bell that rang. `target`: the id of a record, or a page reference as JSON."""

    user_id: str
    title: str
    body: str
    target: str
    sender_id: str
    type_id: str


class Notifications:
    """What was sent to the users of one org, oldest first. A real org shows it to each user, under the bell."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def ring(self, sent: Iterable[Notification]) -> None:
        rows = [(self._clock.stamp(), each.user_id, json.dumps(asdict(each))) for each in sent]
        with self._store.writing() as connection:
            connection.executemany("INSERT INTO notifications (at, user_id, body) VALUES (?, ?, ?)", rows)

    def of(self, user_id: str = "") -> list[Notification]:
        """Those of one user, or all."""
        rows = self._store.reader().execute(
            "SELECT body FROM notifications WHERE ? IN ('', user_id) ORDER BY number", (user_id,)
        )
        return [Notification(**json.loads(body)) for (body,) in rows]
