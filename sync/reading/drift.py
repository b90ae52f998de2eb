"""Whether the CRM still has the fields and values the model relies on: before each run, and by the clock."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from connectors.base import Crm
from connectors.errors import SchemaMismatch
from sync import outputs
from sync.alerts import notices
from sync.models import Connection, PublishedModel

#: Differences named in one message.
SHOWN = 3


def check(connection: Connection, crm: Crm, model: PublishedModel) -> list[str]:
    """Compare, remember the result, and tell the administrator about a difference that is new."""
    layout = outputs.layout(model, connection)
    _forget_deleted(connection, crm, layout)
    found = crm.drift(layout.specs())
    with transaction.atomic():
        if found and found != connection.drift:
            notices.drifted(connection, found)
        connection.drift, connection.drift_checked_at = found, timezone.now()
        connection.save(update_fields=["drift", "drift_checked_at"])
    return found


def _forget_deleted(connection: Connection, crm: Crm, layout: outputs.Layout) -> None:
    """Fields that the model has left and somebody has deleted in the CRM are not read, nor removed, any more."""
    left = {layout.names[key] for key in layout.left}
    gone = left - set(crm.describe("account")) if left else set()
    if gone:
        connection.installed = [part for part in connection.installed if part.rpartition(".")[2] not in gone]
        connection.save(update_fields=["installed"])


def require_none(connection: Connection, crm: Crm, model: PublishedModel) -> None:
    """Raises `SchemaMismatch` when the CRM is not as the model has it: a run would write what nobody can read."""
    found = check(connection, crm, model)
    if found:
        more = f" And {len(found) - SHOWN} more." if len(found) > SHOWN else ""
        raise SchemaMismatch(
            f"The fields of {connection} are not as the model has them. {' '.join(found[:SHOWN])}{more}",
            next_step=f"See and mend it: tierline schema plan {connection}, then tierline schema apply {connection}.",
            code="DRIFT",
        )
