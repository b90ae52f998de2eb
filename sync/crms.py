"""Open connectors for connections, and the API calls they make counted for the run."""

from __future__ import annotations

import hashlib
import json
from weakref import WeakKeyDictionary

from connectors import registry
from connectors.base import Crm
from sync import outputs, throttle, tokens, vault
from sync.models import Connection, Run
from sync.throttle import Throttle

#: Per connection and purpose: digest of what it was opened with, and the connector.
_open: dict[tuple[int, int], tuple[str, Crm]] = {}
_counted: WeakKeyDictionary[Crm, int] = WeakKeyDictionary()


def open_crm(connection: Connection, run: Run | None = None) -> Crm:
    """The connector of this stored connection, kept open; all workers share one login, which its vault keeps.

    A run gets a connector of its own per process: what the org's fields look like is read anew at every run.
    Raises `connectors.errors.ConnectorError` and `sync.vault.VaultLocked`.
    """
    credentials = tokens.given(vault.unseal(connection.credentials))
    login = tokens.login_of(connection.kind, connection.settings, credentials)
    digest = hashlib.sha256(json.dumps([login, connection.api_share, run.pk if run else 0]).encode()).hexdigest()
    key = (connection.pk, 1 if run else 0)
    if key not in _open or _open[key][0] != digest:
        kept = tokens.SealedTokens(connection.pk, login)
        options = dict(connection.settings) | credentials
        _open[key] = (digest, registry.open_crm(connection.kind, options, budget(connection), kept))
    crm = _open[key][1]
    if run:
        crm.use_objects(outputs.layout(run.model, connection).objects)
    return crm


def forget(connection: Connection) -> None:
    """Open this connection anew next time: what the org said before does not count any more."""
    _open.pop((connection.pk, 0), None)


def budget(connection: Connection) -> Throttle:
    """The API budget of the org behind a connection; connections to the same org share it."""
    key = str(connection.identity.get("org_id") or connection.name)
    return Throttle(throttle.counts(f"{connection.kind}:{key}"), connection.api_share)


def calls_since_last(crm: Crm) -> int:
    """API calls this process made through the connector since this was last asked."""
    fresh = crm.api_calls - _counted.get(crm, 0)
    _counted[crm] = crm.api_calls
    return fresh
