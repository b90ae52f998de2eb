"""Change events of a CRM, taken up as marks on accounts.

An event says that something changed, not what: a micro-batch reads that from the CRM, by time stamp, together with
everything else that changed. So events may come twice, late, without details or not at all; what is lost costs time,
never a change. The position moves in the transaction that writes the marks.
"""

from __future__ import annotations

from django.db import transaction

from connectors.base import EventSource
from sync.models import Connection
from sync.reading import dirty

#: Stands for "look what has changed": an event on a record that is no account.
ANY = ""


def take(connection: Connection, source: EventSource) -> int:
    """Mark what the events after our position are about; returns how many events that were."""
    found = source.events(connection.event_position)
    accounts = {record for event in found.events if event.kind == "account" for record in event.record_ids}
    others = any(event.kind != "account" for event in found.events)
    with transaction.atomic():
        dirty.mark(connection, accounts, "a change event of the CRM")
        if others or found.lost:
            reason = "change events were lost" if found.lost else "a change event of a record beside an account"
            dirty.mark(connection, {ANY}, reason)
        Connection.objects.filter(pk=connection.pk).update(event_position=found.position)
    connection.event_position = found.position
    return len(found.events)
