"""Where a person sees a record in the CRM."""

from __future__ import annotations

from sync.models import Connection

_PATHS = {"salesforce": "{base}/{record_id}"}


def record_url(connection: Connection, kind: str, record_id: str) -> str:
    """Address of the record's page in the CRM; empty for a source that has none (files)."""
    base = str(connection.identity.get("instance_url", "")).rstrip("/")
    path = _PATHS.get(connection.kind)
    return path.format(base=base, kind=kind, record_id=record_id) if path and base else ""
