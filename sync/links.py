"""Where a person sees a record in the CRM."""

from __future__ import annotations

from sync.models import Connection

_PATHS = {"salesforce": "{base}/{record_id}", "hubspot": "{base}/record/{object}/{record_id}"}
#: HubSpot's numbers of its objects.
_OBJECTS = {"opportunity": "0-3", "ticket": "0-5"}


def record_url(connection: Connection, kind: str, record_id: str) -> str:
    """Address of the record's page in the CRM; empty for a source that has none (files)."""
    base = str(connection.identity.get("instance_url", "")).rstrip("/")
    path = _PATHS.get(connection.kind)
    names = {"base": base, "object": _OBJECTS.get(kind, "0-2"), "record_id": record_id}
    return path.format(**names) if path and base else ""
