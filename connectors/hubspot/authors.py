"""Who gave a property its value: HubSpot keeps the history of each, with the person who edited it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.columns import instant
from connectors.hubspot import owners
from connectors.hubspot.client import Client, Json, portions
from connectors.hubspot.errors import half_reply

#: Records in one read with history.
# unverified: a batch read with propertiesWithHistory takes 50 records, and not 100.
PORTION = 50
# unverified: what an app or a key did names one of these, perhaps with the user who installed it: that is not he.
PROGRAMS = frozenset({"INTEGRATION", "API", "INTEGRATIONS_PLATFORM"})


class Authors:
    """The authors of values in one account. Users are looked up once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._owners: dict[str, str | None] = {}

    def of(self, name: str, field: str, ids: Sequence[str]) -> Mapping[str, str]:
        """See `TellsAuthors.authors`; `name` is the object."""
        found = {}
        for some in portions(ids, PORTION):
            body = {
                "properties": [],
                "propertiesWithHistory": [field],
                "inputs": [{"id": record_id} for record_id in some],
            }
            reply = self._client.post(self._client.paths.objects(name, "/batch/read"), body)
            rows = {str(row["id"]): row for row in self._client.results(reply)}
            if set(some) - set(rows) and not reply.get("errors") and not set(rows) - set(some):
                raise half_reply(self._client.host)  # nobody would be told to be the author of what did not come
            for record_id, row in rows.items():
                owner = self._owner(_user(row, field))
                if owner is not None:
                    found[record_id] = owner
        return found

    def _owner(self, user_id: str) -> str | None:
        """The people of HubSpot go by their number as owners; None for somebody who is none, or is no longer active."""
        if user_id and user_id not in self._owners:
            owner = owners.of_user(self._client, user_id)
            self._owners[user_id] = str(owner["id"]) if owner else None
        return self._owners.get(user_id)


def _user(row: Json, field: str) -> str:
    """The user who made the newest entry, "" if none did."""
    entries: Sequence[Mapping[str, Any]] = (row.get("propertiesWithHistory") or {}).get(field) or ()
    if not entries:
        return ""
    newest = max(entries, key=lambda entry: instant(str(entry["timestamp"])))
    return "" if newest.get("sourceType") in PROGRAMS else str(newest.get("updatedByUserId") or "")
