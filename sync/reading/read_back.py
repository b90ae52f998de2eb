"""What a run reads back of its own writes, put into the mirror where the CRM's searches learn of them late.

A search of HubSpot finds a record some seconds after it was written, or as it was before. A run that follows at once
would take our values for cleared by people, and plan them again. What was read back is what the CRM holds, so the
mirror may hold it too; and where a search has brought the mirror something else since, the record itself is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import pyarrow as pa
from django.db.models import Q
from django.utils import timezone

from connectors.base import TEXT
from connectors.columns import to_column
from connectors.registry import SEARCHES_LAG
from sync import absent, crms, mirror, outputs, values
from sync.models import Change, Connection, Run
from sync.rows import portions
from sync.values import Stored

#: Our fields by API name, by record id.
Held = Mapping[str, Mapping[str, Stored]]


def keep(run: Run, connection: str, layout: outputs.Layout, kind: str, found: Held) -> None:
    """`found`: our fields as the CRM holds them now, of records of this kind."""
    table, names = layout.mirrored(kind)
    read = {name for held in found.values() for name in held}
    columns = [name for name in names if name in read]
    if layout.kind not in SEARCHES_LAG or not columns:
        return
    arrays = [_texts([held.get(name) for held in found.values()], name) for name in columns]
    rows = pa.table([pa.array(list(found), TEXT), *arrays], ["id", *(names[name] for name in columns)])
    with mirror.writing(run.portfolio_id) as copy:
        copy.overwrite(connection, table, rows)


def settle(run: Run) -> int:
    """Ask the CRM for those records, written within the look-back of a read, of which a search has brought something
    else into the mirror: an old value, or what a person has made of ours. Returns the API calls made."""
    calls = 0
    for connection in absent.crms(run):
        if connection.kind in SEARCHES_LAG:
            with absent.asking(connection):
                calls += _settle(run, connection)
    return calls


def _settle(run: Run, connection: Connection) -> int:
    layout, crm = outputs.layout(run.model, connection), crms.open_crm(connection, run)
    for kind, ids in _doubtful(run, connection, layout):
        fields = list(layout.mirrored(kind)[1])
        for some in portions(ids, crm.fetch_size):
            found = {key: values.stored_all(held) for key, held in crm.fetch(kind, some, fields).items()}
            keep(run, connection.name, layout, kind, found)
    return crms.calls_since_last(crm)


def _doubtful(run: Run, connection: Connection, layout: outputs.Layout) -> Iterator[tuple[str, list[str]]]:
    """Records, by kind, that were written lately and that the mirror holds otherwise."""
    lately = Q(run__finished_at__gte=timezone.now() - mirror.LOOK_BACK) | Q(run__finished_at=None)
    changes = Change.objects.filter(lately, connection=connection, state=Change.State.VERIFIED).exclude(run=run)
    written: dict[str, dict[str, dict[str, Stored]]] = {}
    for kind, record, after in changes.order_by("pk").values_list("kind", "record_id", "after").iterator(2000):
        written.setdefault(kind, {}).setdefault(record, {}).update(after)
    for kind, records in written.items():
        table, names = layout.mirrored(kind)
        with mirror.writing(run.portfolio_id) as copy:
            held = copy.texts(connection.name, table, list(names.values()), list(records))
        yield kind, [each for each in held if _differs(records[each], dict(zip(names, held[each], strict=True)))]


def _differs(after: Mapping[str, Stored], held: Mapping[str, str | None]) -> bool:
    names = [name for name in after if name in held]
    ours: list[str | None] = _texts([after[name] for name in names], "").to_pylist()
    return ours != [held[name] or None for name in names]


def _texts(column: Sequence[Stored], where: str) -> pa.Array:
    """Values as a connector reads them into a column of texts."""
    return to_column([_told(value) for value in column], TEXT, where)


def _told(value: Stored) -> object:
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value
