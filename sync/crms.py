"""Open connectors for connections, and the API calls they make counted on the run."""

from __future__ import annotations

import hashlib
import json

from connectors import registry
from connectors.base import Crm

from sync import vault
from sync.models import Connection

_open: dict[str, Crm] = {}
_counted: dict[int, int] = {}


def open_crm(connection: Connection) -> Crm:
    """The connector of this connection; kept open for the life of the process, so that a login is not repeated.

    Raises `connectors.errors.ConnectorError` and `sync.vault.VaultLocked`.
    """
    settings = dict(connection.settings) | vault.unseal(connection.credentials)
    key = hashlib.sha256(json.dumps([connection.kind, settings], sort_keys=True).encode()).hexdigest()
    if key not in _open:
        _open[key] = registry.open_crm(connection.kind, settings)
    return _open[key]


def calls_since_last(connection: Connection) -> int:
    """API calls this process made for the connection since this was last asked."""
    crm = open_crm(connection)
    fresh = crm.api_calls - _counted.get(id(crm), 0)
    _counted[id(crm)] = crm.api_calls
    return fresh
