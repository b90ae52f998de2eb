"""Who saved a record last. Salesforce keeps who changed a field only where an administrator tracks that field."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from connectors.base import Crm
from connectors.edits import Edit

_BY, _AT = "LastModifiedById", "LastModifiedDate"


def last(crm: Crm, kind: str, asked: Mapping[str, Collection[str]]) -> dict[tuple[str, str], Edit]:
    """See `TellsEdits.last_edits`."""
    records = crm.fetch(kind, list(asked), [_BY, _AT])
    users = crm.fetch("user", sorted({str(row[_BY]) for row in records.values() if row[_BY]}), ["Name"])
    ours = crm.identity().user_id
    found: dict[tuple[str, str], Edit] = {}
    for record, fields in asked.items():
        row = records.get(record)
        if row is None:
            continue
        user, at = str(row[_BY] or ""), row[_AT]
        name = str(users.get(user, {}).get("Name") or "")
        moment = datetime.fromisoformat(str(at)) if at else None
        edit = Edit(name, moment, ours=user == ours, of_field=False, user=user)
        found |= {(record, field): edit for field in fields}
    return found
