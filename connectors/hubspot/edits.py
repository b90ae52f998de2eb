"""Who set a property last, from its history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from connectors.columns import instant
from connectors.edits import Edit
from connectors.hubspot import owners
from connectors.hubspot.client import Client, portions
from connectors.hubspot.errors import half_reply

#: Records in one read with history.
# unverified: a batch read with propertiesWithHistory takes 50 records, and not 100.
PORTION = 50
# unverified: what an app or a key did names one of these, perhaps with the user who installed it: that is not he.
_PROGRAMS = frozenset({"INTEGRATION", "API", "INTEGRATIONS_PLATFORM"})
#: Id as an owner, "" for somebody who is none or is no longer active; name.
Person = tuple[str, str]


def last(client: Client, name: str, app: str, asked: Mapping[str, Collection[str]]) -> dict[tuple[str, str], Edit]:
    """See `TellsEdits.last_edits`. `name`: of the object; `app`: our own app's id."""
    found: dict[tuple[str, str], Edit] = {}
    people: dict[str, Person] = {}
    for some in portions(list(asked), PORTION):
        fields = sorted({field for record in some for field in asked[record]})
        body = {"properties": [], "propertiesWithHistory": fields, "inputs": [{"id": record} for record in some]}
        reply = client.post(client.paths.objects(name, "/batch/read"), body)
        rows = {str(row["id"]): row for row in client.results(reply)}
        if set(some) - set(rows) and not reply.get("errors") and not set(rows) - set(some):
            raise half_reply(client.host)  # what did not come would look as if it were gone
        for record, row in rows.items():
            history = row.get("propertiesWithHistory") or {}
            for field in asked.get(record, ()):
                entries = history.get(field) or []
                if entries:
                    found[record, field] = _edit(client, max(entries, key=_at), app, people)
    return found


def _edit(client: Client, entry: Mapping[str, Any], app: str, people: dict[str, Person]) -> Edit:
    """The newest entry; `people` keeps whom a user's number means."""
    source, program = str(entry.get("sourceId") or ""), entry.get("sourceType") in _PROGRAMS
    user = "" if program else str(entry.get("updatedByUserId") or "")
    # unverified: what an app has set has the app's id as sourceId.
    ours = program and source == app
    if user and user not in people:
        owner = owners.of_user(client, user)
        people[user] = (str(owner["id"]), str(owner["name"])) if owner else ("", f"user {user}")
    owner_id, who = people.get(user, ("", f"app {source}" if program else ""))
    return Edit(who, _at(entry), ours=ours, of_field=True, user=owner_id)


def _at(entry: Mapping[str, Any]) -> datetime:
    return instant(str(entry["timestamp"]))
