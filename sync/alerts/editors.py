"""Who edited a record last, as the CRM tells it with the record: a hint at who mends it and who breaks it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sync import mirror
from sync.models import Connection, Finding
from sync.rows import portions

COLUMN = "modified_by_id"
#: What our own writes are called.
OURS = "Tierline"


def of(connection: Connection, findings: Sequence[Finding]) -> Mapping[int, str]:
    """The name of who edited the account of each of these last, by finding; only where the CRM says it."""
    about = {each.pk: each.record_id for each in findings if each.kind == "account" and each.pk is not None}
    if not about or not mirror.snapshot_path(connection.portfolio_id).exists():
        return {}
    with mirror.reading(connection.portfolio_id, "account", "user") as tables:
        if {"account", "user"} - tables.keys() or COLUMN not in tables["account"].columns:
            return {}
        mine = {kind: table.filter(table.connection == connection.name) for kind, table in tables.items()}
        people = mine["user"].select("id", "name").to_pyarrow().to_pylist()
        names = {row["id"]: row["name"] or row["id"] for row in people}
        names[str(connection.identity.get("user_id", ""))] = OURS
        edited: dict[str, str] = {}
        for some in portions(sorted(set(about.values()))):
            rows = mirror.of(mine["account"], "id", some).select("id", COLUMN).to_pyarrow().to_pylist()
            edited |= {row["id"]: names.get(row[COLUMN] or "", "") for row in rows}
    return {pk: edited[record] for pk, record in about.items() if edited.get(record)}
