"""Open connectors for connections, and the API calls they make counted for the run."""

from __future__ import annotations

import hashlib
import json
from weakref import WeakKeyDictionary

from connectors import registry
from connectors.base import Crm
from sync import throttle, vault
from sync.models import Connection, Run
from sync.throttle import Throttle

#: Per connection and purpose: digest of its settings, and the connector.
_open: dict[tuple[int | None, int], tuple[str, Crm]] = {}
_counted: WeakKeyDictionary[Crm, int] = WeakKeyDictionary()


def open_crm(connection: Connection, run: Run | None = None) -> Crm:
    """The connector of this connection, kept open so that a login is not repeated.

    A run gets a connector of its own per process: what the org's fields look like is read anew at every run.
    Raises `connectors.errors.ConnectorError` and `sync.vault.VaultLocked`.
    """
    settings = dict(connection.settings) | vault.unseal(connection.credentials)
    digest = hashlib.sha256(
        json.dumps([connection.kind, settings, connection.api_share, run.pk if run else 0], sort_keys=True).encode()
    ).hexdigest()
    key = (connection.pk, 1 if run else 0)
    if key not in _open or _open[key][0] != digest:
        _open[key] = (digest, registry.open_crm(connection.kind, settings, budget(connection)))
    return _open[key][1]


def budget(connection: Connection) -> Throttle:
    """The API budget of the org behind a connection; connections to the same org share it."""
    key = str(connection.identity.get("org_id") or connection.name)
    return Throttle(throttle.counts(f"{connection.kind}:{key}"), connection.api_share)


def calls_since_last(crm: Crm) -> int:
    """API calls this process made through the connector since this was last asked."""
    fresh = crm.api_calls - _counted.get(crm, 0)
    _counted[crm] = crm.api_calls
    return fresh
