"""What a run reads back of its own writes, put into the mirror where the CRM's searches learn of them late.

A search of HubSpot finds a record some seconds after it was written. A run that follows at once would take our values
for cleared by people, and plan them again. What was read back is what the CRM holds, so the mirror may hold it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pyarrow as pa

from connectors.columns import TEXT, to_column
from connectors.registry import SEARCHES_LAG
from sync import outputs
from sync.models import Run
from sync.reading import refresh
from sync.values import Stored


def keep(
    run: Run, connection: str, layout: outputs.Layout, kind: str, found: Mapping[str, Mapping[str, Stored]]
) -> None:
    """`found`: our fields by API name as the CRM holds them now, by record id of this kind."""
    table, names = layout.mirrored(kind)
    read = {name for values in found.values() for name in values}
    columns = [name for name in names if name in read]
    if layout.kind not in SEARCHES_LAG or not columns:
        return
    arrays = [to_column([_told(values.get(name)) for values in found.values()], TEXT, name) for name in columns]
    rows = pa.table([pa.array(list(found), TEXT), *arrays], ["id", *(names[name] for name in columns)])
    with refresh.opened(run) as copy:
        copy.overwrite(connection, table, rows)


def _told(value: Stored) -> object:
    """A number as a connector reads it into a column of texts."""
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value
